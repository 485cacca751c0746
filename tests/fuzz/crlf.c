/* crlf.c - the filters of line ends do, in pieces cut anywhere, what the plainest code does with the whole. The first
 * octet: which filter; the second: the size of the pieces; the rest: the stream. */
/* A target is linked with the library alone. NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "../../src/filters/crlf.c"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

static void *room(size_t size)
{
  void *memory = malloc(size ? size : 1);
  must(memory != NULL);
  return memory;
}

/* Whether the octet goes away, and whether a CR comes before it. */
static size_t plain(crlf_function *function, char *to, char const *from, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    int after_cr = i > 0 && from[i - 1] == '\r', before_lf = i + 1 < len && from[i + 1] == '\n';
    if (function == crlf_remove && from[i] == '\r' && before_lf)
      continue;
    if (from[i] == '\n' && (function == crlf_add || (function == crlf_fix && !after_cr)))
      to[n++] = '\r';
    to[n++] = from[i];
  }
  return n;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static crlf_function *const function[] = {crlf_add, crlf_fix, crlf_remove};
  struct crlf state = CRLF_ZERO;
  crlf_function *f;
  char *got, *expected;
  char const *stream;
  size_t piece_max, len, n = 0;
  if (size < 2)
    return 0;
  f = function[data[0] % 3];
  piece_max = data[1] ? data[1] : size;
  stream = (char const *)data + 2;
  len = size - 2;
  got = room(2 * len + 1);
  expected = room(2 * len);
  for (size_t at = 0; at < len; at += piece_max) {
    size_t piece = len - at < piece_max ? len - at : piece_max, out_len;
    char *in = room(piece), *out = room(CRLF_ROOM(piece));
    memcpy(in, stream + at, piece);
    out_len = f(&state, out, in, piece);
    must(out_len <= CRLF_ROOM(piece));
    memcpy(got + n, out, out_len);
    n += out_len;
    free(in);
    free(out);
  }
  n += crlf_end(&state, got + n, f);
  must(n == plain(f, expected, stream, len) && memcmp(got, expected, n) == 0);
  free(got);
  free(expected);
  return 0;
}
