/* span.h - parts of a text that goes on behind them: the lines of a file and the words of a line, in the text's own
 * memory. Octets of any value; a NUL is one like others. */
#ifndef UCSPI_SPAN_H
#define UCSPI_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/* Borrowed; not terminated. */
struct span {
  char const *at;
  size_t len;
};

/* Space, tab, CR or LF. */
bool span_is_blank(char octet);

/* The line that begins at *at, without its LF, which the last may lack; *at, at most end, becomes the beginning of the
 * next. */
struct span span_take_line(char const **at, char const *end);

/* The next word between *at and end, empty if there is none; *at becomes what follows it. */
struct span span_take_word(char const **at, char const *end);

/* A copy that ends in NUL; false, and nothing written, if it has no room or a NUL inside. */
bool span_copy(char *out, size_t size, struct span s);

#endif
