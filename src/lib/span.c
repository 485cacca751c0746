/* span.c - see span.h. */
#include "span.h"

#include <string.h>

bool span_is_blank(char octet)
{
  return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

struct span span_take_line(char const **at, char const *end)
{
  char const *newline = memchr(*at, '\n', (size_t)(end - *at));
  struct span line = {*at, (size_t)((newline ? newline : end) - *at)};
  *at = newline ? newline + 1 : end;
  return line;
}

struct span span_take_word(char const **at, char const *end)
{
  struct span word;
  while (*at < end && span_is_blank(**at))
    (*at)++;
  word.at = *at;
  while (*at < end && !span_is_blank(**at))
    (*at)++;
  word.len = (size_t)(*at - word.at);
  return word;
}

bool span_copy(char *out, size_t size, struct span s)
{
  if (s.len >= size || memchr(s.at, '\0', s.len))
    return false;
  memcpy(out, s.at, s.len);
  out[s.len] = '\0';
  return true;
}
