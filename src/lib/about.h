/* about.h - the two long options that every program answers. */
#ifndef UCSPI_ABOUT_H
#define UCSPI_ABOUT_H

#include <stdbool.h>

#define UCSPI_VERSION "0.1.0"

/* If the only argument is --version or --help, writes "PROG (ucspi-tcpmux) VERSION" or the help text to
 * standard output and returns true; the program then exits 0. `help` is the usage line, a NL, and as many
 * lines as it takes. */
bool about_answered(int argc, char const *const *argv, char const *prog, char const *help);

#endif
