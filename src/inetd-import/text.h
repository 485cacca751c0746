/* text.h - strings that grow, and what makes strings of others harmless where they are put: in a shell's program, in a
 * comment, in a message. Memory that can't be had ends the program. */
#ifndef IMPORT_TEXT_H
#define IMPORT_TEXT_H

#include <stdarg.h>
#include <stddef.h>

struct text {
  char *at; /* NUL-terminated; null while nothing was added */
  size_t len, room;
};
#define TEXT_ZERO                                                                                            \
  {                                                                                                          \
    .at = NULL                                                                                               \
  }

void text_add_bytes(struct text *t, char const *bytes, size_t len);
void text_add(struct text *t, char const *string);
void text_addf(struct text *t, char const *format, ...) __attribute__((format(printf, 2, 3)));
void text_addv(struct text *t, char const *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Adds a blank and the string as one word of a POSIX shell, whatever it holds: what is not plain gets apostrophes. */
void text_add_word(struct text *t, char const *string);

/* Adds at most `max` octets, what is not printable ASCII as '?': for comments and messages. */
void text_add_clean(struct text *t, char const *string, size_t max);

/* Never null. */
char const *text_string(struct text const *t);
void text_free(struct text *t);

/* malloc, realloc and strndup that succeed. */
void *memory(size_t size);
void *memory_more(void *old, size_t count, size_t size);
char *memory_copy(char const *bytes, size_t len);

#endif
