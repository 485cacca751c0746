/* sqlrow.h - one row of the table of rules, as the database gives it: four fields of any octets, checked and taken apart. */
#ifndef UCSPI_SQLROW_H
#define UCSPI_SQLROW_H

#include <stddef.h>

#include "addresspattern.h"
#include "ruletable.h"

enum sqlrow_field { SQLROW_IPRULES, SQLROW_DECISION, SQLROW_ENV, SQLROW_PORT, SQLROW_FIELDS };

/* Longer lists of variables are refused. */
#define SQLROW_ENV_MAX 16384

/* Longer fields are of no use, so this much of them is enough. */
#define SQLROW_FIELD_ENOUGH 20000

struct sqlrow_text {
  char const *at; /* null: NULL */
  size_t len;
};

enum sqlrow_result {
  SQLROW_GOOD,
  SQLROW_REFUSES, /* something is wrong with it, but its addresses can be read, and it refuses: all of these are refused */
  SQLROW_BAD /* it can't be said what it means: the whole table is of no use */
};

struct sqlrow {
  struct addresspattern pattern;
  struct ruletable_row row; /* its text is that of the field, its edits are those below */
  char const *problem;      /* null, or what is wrong */
  char edits[2 * SQLROW_ENV_MAX + 2];
};

/*   iprules   see addresspattern.h
 *   decision  D or DENY refuses; nothing, A, ALLOW or ACCEPT does not; capitals don't matter
 *   env       NAME=value, with commas between; \, is a comma in a value
 *   port      a number; 0 or NULL: every port */
enum sqlrow_result sqlrow_parse(struct sqlrow *r, struct sqlrow_text const field[SQLROW_FIELDS]);

#endif
