/* decimal.c - see decimal.h. */
#include "decimal.h"

static size_t digits(uint64_t value)
{
  size_t n = 1;
  /* Without a division for what is printed most: the octets of addresses. */
  if (value < 1000)
    return value < 10 ? 1 : value < 100 ? 2 : 3;
  while (value /= 10)
    n++;
  return n;
}

size_t decimal_print(char *out, uint64_t value)
{
  size_t len = digits(value);
  out[len] = '\0';
  for (size_t i = len; i-- > 0; value /= 10)
    out[i] = (char)('0' + value % 10);
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
