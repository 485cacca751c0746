/* remarks.c - see remarks.h. */
#include "remarks.h"

#include <stdarg.h>
#include <stdlib.h>

/* Longer than any of ours, but for what they quote. */
#define WORDS_MAX 300

void remark(struct remarks *r, struct place place, enum remark_kind kind, char const *format, ...)
{
  struct text words = TEXT_ZERO, clean = TEXT_ZERO;
  va_list arguments;
  va_start(arguments, format);
  text_addv(&words, format, arguments);
  va_end(arguments);
  text_add_clean(&clean, text_string(&words), WORDS_MAX);
  text_free(&words);
  r->list = memory_more(r->list, r->count + 1, sizeof *r->list);
  r->list[r->count++] = (struct remark){place, kind, memory_copy(text_string(&clean), clean.len)};
  text_free(&clean);
}

size_t remarks_lost(struct remarks const *r)
{
  size_t lost = 0;
  for (size_t i = 0; i < r->count; i++)
    lost += r->list[i].kind == REMARK_LOST;
  return lost;
}

void remarks_soften(struct remarks *r)
{
  for (size_t i = 0; i < r->count; i++)
    r->list[i].kind = REMARK_NOTE;
}

void remark_print(struct text *out, struct remark const *one)
{
  text_add_clean(out, one->place.file, WORDS_MAX);
  if (one->place.line > 0)
    text_addf(out, ":%zu", one->place.line);
  text_addf(out, ": %s", one->words);
}

void remarks_free(struct remarks *r)
{
  for (size_t i = 0; i < r->count; i++)
    free(r->list[i].words);
  free(r->list);
  *r = (struct remarks){.list = NULL};
}
