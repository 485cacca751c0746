/* decimal.h - unsigned decimal numbers as text: the hot path prints with it, options are read with it. */
#ifndef UCSPI_DECIMAL_H
#define UCSPI_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any uint64_t and its NUL. */
#define DECIMAL_SIZE 21

/* Writes the digits and a NUL; returns how many digits. */
size_t decimal_print(char *out, uint64_t value);

/* True if the whole of text is digits and the value is min-max. *value is untouched otherwise. */
bool decimal_parse(unsigned int *value, char const *text, unsigned int min, unsigned int max);

#endif
