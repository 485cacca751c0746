/* options.h - what the command line asked for. Nothing here is changed after options_from(). */
#ifndef TCPCLIENT_OPTIONS_H
#define TCPCLIENT_OPTIONS_H

#include <stdbool.h>

#include "address.h"

enum verbosity { VERBOSITY_NONE, VERBOSITY_ERRORS, VERBOSITY_STATUS };
enum mux_use { MUX_NEVER, MUX_FALLBACK, MUX_ONLY };
enum names { NAMES_LOOKED_UP, NAMES_IGNORED };
enum ident { IDENT_ASKED, IDENT_IGNORED };
enum delay { DELAY_USUAL, DELAY_ALLOWED, DELAY_FORBIDDEN };

/* Any number of options may be repeated, but nobody needs so many. */
enum { TLS_ARGUMENTS_MAX = 64 };

struct options {
  enum verbosity verbosity;       /* -q -Q -v */
  enum address_family family;     /* -4 -6; ADDRESS_NONE: both */
  char const *interface;          /* -I: for link-local addresses without a zone; or null */
  struct address local;           /* -i; family ADDRESS_NONE: the system chooses */
  unsigned int local_port;        /* -p; 0: the system chooses */
  char const *local_host;         /* -l; null: to be looked up */
  enum names names;               /* -h -H: the remote host's */
  enum ident ident;               /* -r -R */
  unsigned int info_timeout_s;    /* -t: for ident; 0: it is not asked */
  unsigned int first_s, second_s; /* -T first+second */
  enum delay delay;               /* -d -D; usual: allowed for a program, forbidden when relaying */
  enum mux_use mux;               /* -x -X */
  char const *mux_port;           /* -P: a number or a service's name */
  unsigned int proxy;             /* -y: the version of the PROXY header that goes first; 0: none does */
  bool tls;                       /* -n */
  char const *tls_name;           /* -m: what to ask for and to verify; null: host */
  char const *tls_argument[TLS_ARGUMENTS_MAX + 1]; /* options for tlsconnect, null-terminated */
  unsigned int tls_arguments;
  char const *host, *port;
  char const *const *prog; /* argv of the program, or null: relay */
};

extern char const options_help[];

/* Exits 100 with a usage message if anything is not as the manual says. */
struct options options_from(int argc, char const *const *argv);

#endif
