/* crlf.c - the three filters of line ends against the plainest code that says what they do, in pieces cut anywhere. */
#include "../../src/filters/crlf.h"

#include <stdlib.h>

#include "tap.h"

enum { STREAM_MAX = 300, ROUNDS = 20000 };

/* --- What is expected, one octet at a time over the whole stream ------------------------------------------- */

static size_t plain_add(char *to, char const *from, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    if (from[i] == '\n')
      to[n++] = '\r';
    to[n++] = from[i];
  }
  return n;
}

static size_t plain_fix(char *to, char const *from, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    if (from[i] == '\n' && (i == 0 || from[i - 1] != '\r'))
      to[n++] = '\r';
    to[n++] = from[i];
  }
  return n;
}

static size_t plain_remove(char *to, char const *from, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i++)
    if (from[i] != '\r' || i + 1 == len || from[i + 1] != '\n')
      to[n++] = from[i];
  return n;
}

static struct filter {
  char const *name;
  crlf_function *function;
  size_t (*plain)(char *to, char const *from, size_t len);
} const filter[] = {
    {"addcr", crlf_add, plain_add}, {"fixcrio", crlf_fix, plain_fix}, {"delcr", crlf_remove, plain_remove}};
enum { FILTERS = sizeof filter / sizeof *filter };

/* --- The stream in pieces ---------------------------------------------------------------------------------- */

/* Each piece and its result in memory of just that size, so that a sanitized build sees a step beyond it. piece_max 0:
 * in one. */
static size_t in_pieces(crlf_function *function, char *to, char const *from, size_t len, size_t piece_max)
{
  struct crlf state = CRLF_ZERO;
  size_t written = 0;
  for (size_t at = 0, piece; at < len; at += piece) {
    char *in, *out;
    size_t n;
    piece = piece_max ? 1 + (size_t)rand() % piece_max : len;
    if (piece > len - at)
      piece = len - at;
    in = malloc(piece);
    out = malloc(CRLF_ROOM(piece));
    if (!in || !out)
      abort();
    memcpy(in, from + at, piece);
    n = function(&state, out, in, piece);
    memcpy(to + written, out, n);
    written += n;
    free(in);
    free(out);
  }
  return written + crlf_end(&state, to + written, function);
}

/* Mostly CR and LF if dense is 1, few of them if it is large. */
static size_t random_stream(char *stream, unsigned int dense)
{
  static char const common[] = {'\r', '\n', '\r', '\n', '\0', '\x0c', '\x0b', '\x8d', '\x8a', '\t'};
  size_t len = (size_t)rand() % STREAM_MAX;
  for (size_t i = 0; i < len; i++)
    stream[i] =
        (char)((unsigned int)rand() % dense == 0 ? common[(size_t)rand() % sizeof common] : rand() % 256);
  return len;
}

static bool agrees(struct filter const *f, unsigned int dense, size_t piece_max)
{
  char stream[STREAM_MAX], got[2 * STREAM_MAX + 1], expected[2 * STREAM_MAX];
  size_t len = random_stream(stream, dense);
  size_t n = in_pieces(f->function, got, stream, len, piece_max);
  return n == f->plain(expected, stream, len) && memcmp(got, expected, n) == 0;
}

static void test_random(void)
{
  static unsigned int const density[] = {1, 2, 10, 100};
  static size_t const piece_max[] = {0, 1, 3, 40};
  for (size_t i = 0; i < FILTERS; i++)
    for (size_t p = 0; p < sizeof piece_max / sizeof *piece_max; p++) {
      size_t wrong = 0;
      for (size_t round = 0; round < ROUNDS; round++)
        wrong += !agrees(&filter[i], density[round % 4], piece_max[p]);
      ok(wrong == 0,
         "%s does with random streams what plain code does, in pieces of %zu octets at most (0: whole)",
         filter[i].name, piece_max[p]);
    }
}

/* --- Examples ---------------------------------------------------------------------------------------------- */

static void check(crlf_function *function, char const *from, size_t len, char const *expected,
                  size_t expected_len, char const *name)
{
  char got[64];
  for (size_t piece_max = 0; piece_max <= 1; piece_max++) {
    size_t n = in_pieces(function, got, from, len, piece_max);
    ok(n == expected_len && memcmp(got, expected, n) == 0, "%s%s", name, piece_max ? ", octet by octet" : "");
  }
}
#define CHECK(function, from, to, name) check(function, from, sizeof(from) - 1, to, sizeof(to) - 1, name)

int main(void)
{
  srand(1);
  CHECK(crlf_add, "a\nb\r\n\nc", "a\r\nb\r\r\n\r\nc",
        "addcr puts a CR before each LF, whatever stands there");
  CHECK(crlf_add, "a\r", "a\r", "addcr leaves a last CR alone");
  CHECK(crlf_fix, "a\nb\r\n\nc\r", "a\r\nb\r\n\r\nc\r", "fixcrio puts one where there is none");
  CHECK(crlf_fix, "\n\r\r\n\n", "\r\n\r\r\n\r\n", "fixcrio counts the CR right before an LF only");
  CHECK(crlf_remove, "a\nb\r\nc\r\r\n\r\rx\r", "a\nb\nc\r\n\r\rx\r", "delcr takes one CR right before an LF");
  CHECK(crlf_remove, "\r\n\r\n\r", "\n\n\r", "delcr keeps a CR at the end of all");
  CHECK(crlf_remove, "\0\r\0\n\r\n\0", "\0\r\0\n\n\0", "NUL is an octet like any other");
  CHECK(crlf_remove, "", "", "nothing stays nothing");
  test_random();
  return tap_done();
}
