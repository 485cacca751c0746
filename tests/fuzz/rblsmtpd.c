/* rblsmtpd.c - whatever a list says, what is made of it is one line of printable ASCII; whatever a client sends, it is
 * taken for the commands that a plain reading of whole lines finds; whatever $TCPREMOTEIP holds, only an address is
 * asked about. */
/* A target is linked with the library alone. NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../src/rblsmtpd/client.c"
#include "../../src/rblsmtpd/command.c"
#include "../../src/rblsmtpd/text.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

static void must_be_clean(struct text const *t)
{
  must(t->len <= TEXT_MAX && strlen(t->octet) == t->len);
  for (size_t i = 0; i < t->len; i++)
    must(t->octet[i] >= ' ' && t->octet[i] <= '~');
}

/* In two pieces, as the strings of a record come. */
static void clean(char const *octets, size_t len)
{
  struct text t = {.len = 0};
  size_t piece = len / 3;
  text_add(&t, octets, piece);
  text_add(&t, octets + piece, len - piece);
  must_be_clean(&t);
  must(t.len == (len < TEXT_MAX ? len : TEXT_MAX));
  for (size_t i = 0; i < t.len; i++)
    must(t.octet[i] == octets[i] || t.octet[i] == '?');
}

static void fill_pattern(char const *string)
{
  struct text t = {.len = 0}, plain = {.len = 0};
  text_add_pattern(&t, string, "192.0.2.7");
  must_be_clean(&t);
  text_add_pattern(&plain, string, "%IP%");
  must_be_clean(&plain);
  t.len = 0;
  text_add_string(&t, string);
  must(t.len == plain.len && memcmp(t.octet, plain.octet, t.len) == 0);
}

static void address(char const *string)
{
  struct client c;
  size_t dots = 0;
  client_from_text(&c, string);
  must_be_clean(&c.text);
  must(c.is_known || c.labels[0] == '\0');
  for (char const *p = c.labels; *p; p++)
    if (*p == '.')
      dots++;
    else
      must(strchr("0123456789abcdef", *p) != NULL);
  must(!c.is_known || dots == 4 || dots == 32);
}

/* A line without its LF. */
static enum command reference(char const *line, size_t len)
{
  static char const *const harmless[] = {"helo", "ehlo", "mail", "rset", "noop"};
  char const *space;
  char word[5];
  if (len > 0 && line[len - 1] == '\r')
    len--;
  space = len ? memchr(line, ' ', len) : NULL;
  if (space)
    len = (size_t)(space - line);
  if (len != 4)
    return COMMAND_OTHER;
  for (size_t i = 0; i < len; i++)
    word[i] = (char)(line[i] >= 'A' && line[i] <= 'Z' ? line[i] + 32 : line[i]);
  word[4] = '\0';
  for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
    if (memcmp(word, harmless[i], 4) == 0)
      return COMMAND_HARMLESS;
  return memcmp(word, "quit", 4) == 0 ? COMMAND_QUIT : COMMAND_OTHER;
}

static void read_commands(char const *octets, size_t len)
{
  struct command_reader r = COMMAND_READER_ZERO;
  size_t start = 0;
  for (size_t i = 0; i < len; i++) {
    enum command command = COMMAND_OTHER;
    must(command_read(&r, octets[i], &command) == (octets[i] == '\n'));
    must(r.len <= COMMAND_WORD_MAX);
    if (octets[i] != '\n')
      continue;
    must(command == reference(octets + start, i - start));
    start = i + 1;
  }
}

/* Of a copy of exactly this size, so that the sanitizer sees a read past its end. */
int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  char *octets = malloc(size ? size : 1), *string = calloc(size + 1, 1);
  must(octets && string);
  if (size)
    memcpy(octets, data, size);
  for (size_t i = 0; i < size; i++)
    string[i] = (char)(data[i] ? data[i] : 'N');
  clean(octets, size);
  read_commands(octets, size);
  fill_pattern(string);
  address(string);
  free(octets);
  free(string);
  return 0;
}
