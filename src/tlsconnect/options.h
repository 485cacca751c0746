/* options.h - the command line of tlsconnect, which only tcpclient writes: its own TLS options as they are. */
#ifndef TLSCONNECT_OPTIONS_H
#define TLSCONNECT_OPTIONS_H

#include <stdbool.h>

#include "context.h"
#include "material.h"
#include "starttls.h"

struct options {
  bool silent; /* -q */
  struct tls_policy policy;
  struct material_files files;
  enum starttls_protocol starttls;
  unsigned int timeout_s; /* of all that comes before the program's first octet */
};

extern char const options_help[];

/* Exits 100 with a message if anything is wrong. */
struct options options_from(int argc, char const *const *argv);

#endif
