/* remarks.h - what is to be said about lines of the source: kept until it is known where it belongs, then printed, and
 * written into what was made of these lines. */
#ifndef IMPORT_REMARKS_H
#define IMPORT_REMARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct place {
  char const *file; /* lives as long as the program */
  size_t line;      /* counted from 1; 0: the file as a whole */
};

enum remark_kind {
  REMARK_NOTE, /* nothing is lost */
  REMARK_LOST  /* something of the source has no counterpart in the result */
};

struct remark {
  struct place place;
  enum remark_kind kind;
  char *words; /* printable ASCII */
};

struct remarks {
  struct remark *list;
  size_t count;
};

/* Control characters in the words are replaced, and the words cut if they are long. */
void remark(struct remarks *r, struct place place, enum remark_kind kind, char const *format, ...)
    __attribute__((format(printf, 4, 5)));
size_t remarks_lost(struct remarks const *r);
/* From now on all of them are notes. */
void remarks_soften(struct remarks *r);

/* "FILE:LINE: words" without a newline, all of it printable. */
void remark_print(struct text *out, struct remark const *one);
void remarks_free(struct remarks *r);

#endif
