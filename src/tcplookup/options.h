/* options.h - the command line of tcplookup(8), as a struct. */
#ifndef TCPLOOKUP_OPTIONS_H
#define TCPLOOKUP_OPTIONS_H

#include <stdbool.h>

#include "lookup.h"

enum face {
  FACE_PEER,      /* by hand: what tcpserver would learn of a peer */
  FACE_ADDRESSES, /* by hand: addresses of a host argument */
  FACE_HELPER     /* questions on descriptor 0 */
};

struct options {
  enum face face;
  unsigned int waiting;    /* questions at a time */
  struct lookup_peer peer; /* FACE_PEER */
  struct lookup_host host; /* FACE_ADDRESSES */
};

extern char const options_help[];

/* Prints to standard error and exits 100 if it makes no sense. */
struct options options_from(int argc, char const *const *argv);

#endif
