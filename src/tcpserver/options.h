/* options.h - what the command line asked for. Nothing here is changed after options_from(). */
#ifndef TCPSERVER_OPTIONS_H
#define TCPSERVER_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "address.h"

#include "rates.h"

enum verbosity { VERBOSITY_NONE, VERBOSITY_ERRORS, VERBOSITY_STATUS, VERBOSITY_DETAIL };

/* What the system allows: listen(2) cuts it down. */
#define BACKLOG_DEFAULT INT_MAX

struct options {
  enum verbosity verbosity;     /* -q -Q -v -V */
  unsigned int concurrency;     /* -c n: programs at once */
  char const *concurrency_file; /* -c file, or null */
  unsigned int per_address;     /* -C n: connections from one address; 0 = no such limit */
  unsigned int address_bits6;   /* -C n/bits: IPv6 addresses are counted per network of that length */
  struct rate rate_each;        /* -k: connections from one address; count 0 = no such limit */
  struct rate rate_all;         /* -K: in all, without a ban */
  char const *rules;            /* -x, or null */
  bool rules_optional;          /* -X */
  char const *dbconf;           /* -m, or null */
  struct network *proxy;        /* -Y: whose connections begin with a PROXY header; so many … */
  size_t proxies;               /* … and everybody else is refused; 0: there is no such thing */
  char const *banner;           /* -B: the text itself, or @file */
  char const *user, *group;     /* -u -g */
  bool ids_from_environment;    /* -U */
  bool print_port;              /* -1 */
  bool ipv4_only;               /* -4 */
  bool ipv6_environment;        /* -6: PROTO=TCP6 for every peer */
  char const *interface;        /* -I */
  unsigned int backlog;         /* -b, or BACKLOG_DEFAULT */
  bool keep_ip_options;         /* -o */
  bool no_delay;                /* -D; with TLS unless -d */
  bool keep_alive;              /* -A */
  bool remote_host;             /* -h -H */
  bool paranoid;                /* -p -P */
  bool remote_info;             /* -r -R */
  unsigned int info_timeout_s;  /* -t; 0 = as without -r */
  unsigned int waiting;         /* -w, 0 = derived from concurrency */
  char const *local_host;       /* -l, or null */
  bool tls;                     /* -n -s */
  bool tls_provider;            /* -z */
  unsigned int handshake_s;     /* -S */
  unsigned int idle_s;          /* -T without TLS, 0 = never */
  char const *
      *tls_argv; /* null, null, then all options that are tcptls's, null-terminated; null without any */
  char const *host, *port;
  char const *const *prog; /* argv of the program */
};

extern char const options_help[];

/* Exits 100 with a usage message if anything is not as the manual says. */
struct options options_from(int argc, char const *const *argv);

#endif
