/* letters.h - reads options by a table. Its rows are the program's, and each begins with the option's letter, a char. */
#ifndef UCSPI_LETTERS_H
#define UCSPI_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

#include <skalibs/sgetopt.h>

struct letters {
  void const *rows;
  size_t count, row_size;
  bool (*takes_argument)(void const *row);
};

/* Rows, at most; and room for what subgetopt_r() wants: each letter with a colon, one colon more, and an end. */
enum { LETTERS_MAX = 127, LETTERS_SIZE = 2 * LETTERS_MAX + 2 };

/* A command line that is being read. */
struct letters_reader {
  struct letters const *table;
  int argc;
  char const *const *argv;
  char const *argument; /* of this option */
  char name[3];         /* -x: this option, or what the problem is with */
  char const *problem;  /* " is not an option" or " needs an argument", else null */
  subgetopt state;      /* .ind: where in argv the options end */
  char text[LETTERS_SIZE];
};

struct letters_reader letters_reader(struct letters const *table, int argc, char const *const *argv);

/* The row of the next option. Null: there is none, or a problem. */
void const *letters_next(struct letters_reader *reader);

#endif
