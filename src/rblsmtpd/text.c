/* text.c - see text.h. */
#include "text.h"

#include <string.h>

enum { PRINTABLE_FIRST = 32, PRINTABLE_LAST = 126 };

void text_add(struct text *t, char const *octets, size_t len)
{
  for (size_t i = 0; i < len && t->len < TEXT_MAX; i++) {
    unsigned char octet = (unsigned char)octets[i];
    t->octet[t->len++] = (char)(octet >= PRINTABLE_FIRST && octet <= PRINTABLE_LAST ? octet : '?');
  }
  t->octet[t->len] = '\0';
}

void text_add_string(struct text *t, char const *string)
{
  text_add(t, string, strlen(string));
}

void text_add_pattern(struct text *t, char const *pattern, char const *ip)
{
  static char const hole[] = "%IP%";
  for (char const *found; (found = strstr(pattern, hole)); pattern = found + sizeof hole - 1) {
    text_add(t, pattern, (size_t)(found - pattern));
    text_add_string(t, ip);
  }
  text_add_string(t, pattern);
}
