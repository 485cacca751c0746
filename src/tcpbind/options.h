/* options.h - the command line of tcpbind(1). */
#ifndef TCPBIND_OPTIONS_H
#define TCPBIND_OPTIONS_H

#include <stdbool.h>

#include "address.h"

struct options {
  enum address_family family; /* -4 -6; ADDRESS_NONE: both */
  char const *interface;      /* -I, or null */
  unsigned int backlog;       /* -b */
  bool print_port;            /* -1 */
  char const *host, *port;
  char const *const *prog; /* argv of the program */
};

extern char const options_help[];

/* Exits 100 with a message if the command line is wrong. */
struct options options_from(int argc, char const *const *argv);

#endif
