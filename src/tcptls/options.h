/* options.h - the command line of tcptls(1), as a struct. What tcpserver passes on to its helper is the same. */
#ifndef TCPTLS_OPTIONS_H
#define TCPTLS_OPTIONS_H

#include <stdbool.h>

#include "context.h"
#include "conduit.h"
#include "material.h"

/* Where servercert.pem is if nobody says otherwise. */
#define CERTIFICATES "/etc/tcptls"

enum face {
  FACE_PROGRAM,   /* TLS at once, then prog */
  FACE_UCSPI_TLS, /* prog at once, TLS when it asks for it */
  FACE_HELPER     /* tcpserver's: connections come in messages */
};

/* More would only wait for processors. */
enum { WORKERS_MAX = 64 };

struct options {
  enum face face;
  struct material_files files;
  struct tls_policy policy;
  struct conduit_times times;
  unsigned int workers;
  bool provider;           /* set TLS_PROVIDER */
  bool verbose;            /* the helper tells of a HUP that went well */
  char const *const *prog; /* null-terminated; none for the helper */
};

extern char const options_help[];

/* Prints to standard error and exits 100 if it makes no sense. */
struct options options_from(int argc, char const *const *argv);

#endif
