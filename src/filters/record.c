/* record.c - see record.h. */
#include "record.h"

#include <string.h>

static size_t print_number(char *out, unsigned int value)
{
  size_t digits = 1;
  for (unsigned int rest = value; rest >= 10; rest /= 10)
    digits++;
  for (size_t i = digits; i > 0; value /= 10)
    out[--i] = (char)('0' + value % 10);
  return digits;
}

void record_init(struct record *r, unsigned int pid, char mark)
{
  char *end = r->prefix + print_number(r->prefix, pid);
  *end++ = ' ';
  *end++ = mark;
  *end++ = ' ';
  r->prefix_len = (size_t)(end - r->prefix);
}

size_t record_line(struct record const *r, char line[RECORD_LINE_MAX], char const *packet, size_t len,
                   size_t *at)
{
  size_t left_of_block = RECORD_BLOCK_SIZE - *at % RECORD_BLOCK_SIZE;
  size_t shown = len - *at < left_of_block ? len - *at : left_of_block;
  char const *newline = memchr(packet + *at, '\n', shown);
  char *end = line + r->prefix_len;
  if (newline)
    shown = (size_t)(newline - (packet + *at));
  memcpy(line, r->prefix, r->prefix_len);
  memcpy(end, packet + *at, shown);
  end += shown;
  *at += shown + (newline != NULL);
  *end++ = newline ? ' ' : '+';
  *end++ = '\n';
  return (size_t)(end - line);
}

size_t record_end(struct record const *r, char line[RECORD_LINE_MAX])
{
  static char const end[] = "[EOF]\n";
  memcpy(line, r->prefix, r->prefix_len);
  memcpy(line + r->prefix_len, end, sizeof end - 1);
  return r->prefix_len + sizeof end - 1;
}
