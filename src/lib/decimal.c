/* decimal.c - see decimal.h. */
#include "decimal.h"

#include <skalibs/types.h>

size_t decimal_print(char *out, uint64_t value)
{
  char reversed[DECIMAL_SIZE];
  size_t n = 0, len;
  do
    reversed[n++] = (char)('0' + value % 10);
  while (value /= 10);
  len = n;
  while (n > 0)
    *out++ = reversed[--n];
  *out = '\0';
  return len;
}

bool decimal_parse(unsigned int *value, char const *text, unsigned int min, unsigned int max)
{
  unsigned int parsed;
  if (!uint0_scan(text, &parsed) || parsed < min || parsed > max)
    return false;
  *value = parsed;
  return true;
}
