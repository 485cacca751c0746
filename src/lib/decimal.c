/* decimal.c - see decimal.h. */
#include "decimal.h"

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
  uint64_t parsed = 0;
  if (!*text)
    return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9')
      return false;
    parsed = parsed * 10 + (unsigned int)(*text - '0');
    if (parsed > max)
      return false;
  }
  if (parsed < min)
    return false;
  *value = (unsigned int)parsed;
  return true;
}
