/* text.c - see text.h. */
#include "text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <skalibs/strerr.h>

void *memory_more(void *old, size_t count, size_t size)
{
  void *more = reallocarray(old, count ? count : 1, size);
  if (!more)
    strerr_diefusys(111, "get memory");
  return more;
}

void *memory(size_t size)
{
  return memory_more(NULL, 1, size);
}

char *memory_copy(char const *bytes, size_t len)
{
  char *copy = memory(len + 1);
  memcpy(copy, bytes, len);
  copy[len] = '\0';
  return copy;
}

void text_add_bytes(struct text *t, char const *bytes, size_t len)
{
  if (len >= t->room - t->len || !t->at) {
    size_t room = t->len + len + 1;
    if (room < len)
      strerr_dief(111, "unable to get memory: too much of it");
    t->room = room > SIZE_MAX / 2 ? room : 2 * room;
    t->at = memory_more(t->at, t->room, 1);
  }
  memcpy(t->at + t->len, bytes, len);
  t->len += len;
  t->at[t->len] = '\0';
}

void text_add(struct text *t, char const *string)
{
  text_add_bytes(t, string, strlen(string));
}

void text_addv(struct text *t, char const *format, va_list arguments)
{
  char *formatted;
  int len = vasprintf(&formatted, format, arguments);
  if (len < 0)
    strerr_diefusys(111, "get memory");
  text_add_bytes(t, formatted, (size_t)len);
  free(formatted);
}

void text_addf(struct text *t, char const *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  text_addv(t, format, arguments);
  va_end(arguments);
}

/* No shell gives any of these a meaning, wherever in a word they stand. */
static char const plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,-";

void text_add_word(struct text *t, char const *string)
{
  text_add(t, " ");
  if (*string && string[strspn(string, plain)] == '\0') {
    text_add(t, string);
    return;
  }
  text_add(t, "'");
  for (size_t len; *string; string += len) {
    len = strcspn(string, "'");
    if (len == 0) {
      text_add(t, "'\\''");
      len = 1;
    } else
      text_add_bytes(t, string, len);
  }
  text_add(t, "'");
}

void text_add_clean(struct text *t, char const *string, size_t max)
{
  for (size_t i = 0; string[i]; i++) {
    if (i == max) {
      text_add(t, "...");
      return;
    }
    text_add_bytes(t, string[i] >= ' ' && string[i] <= '~' ? string + i : "?", 1);
  }
}

char const *text_string(struct text const *t)
{
  return t->at ? t->at : "";
}

void text_free(struct text *t)
{
  free(t->at);
  *t = (struct text)TEXT_ZERO;
}
