/* attributes.h - the attributes of xinetd.conf(5): how each is written, where it may stand, and what it becomes. The
 * words of the last are for people; carry.c does it. */
#ifndef IMPORT_ATTRIBUTES_H
#define IMPORT_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>

enum attribute {
  A_ACCESS_TIMES,
  A_BANNER,
  A_BANNER_FAIL,
  A_BANNER_SUCCESS,
  A_BIND,
  A_CPS,
  A_DENY_TIME,
  A_DISABLE,
  A_DISABLED,
  A_ENABLED,
  A_ENV,
  A_FLAGS,
  A_GROUP,
  A_GROUPS,
  A_ID,
  A_INSTANCES,
  A_LIBWRAP,
  A_LOG_ON_FAILURE,
  A_LOG_ON_SUCCESS,
  A_LOG_TYPE,
  A_MAX_LOAD,
  A_MDNS,
  A_NICE,
  A_NO_ACCESS,
  A_ONLY_FROM,
  A_PASSENV,
  A_PER_SOURCE,
  A_PORT,
  A_PROTOCOL,
  A_REDIRECT,
  A_RLIMIT_AS,
  A_RLIMIT_CPU,
  A_RLIMIT_DATA,
  A_RLIMIT_FILES,
  A_RLIMIT_RSS,
  A_RLIMIT_STACK,
  A_RPC_NUMBER,
  A_RPC_VERSION,
  A_SERVER,
  A_SERVER_ARGS,
  A_SOCKET_TYPE,
  A_TYPE,
  A_UMASK,
  A_USER,
  A_V6ONLY,
  A_WAIT,
  /* Of inetd.conf alone; no name in xinetd.conf gives them. */
  A_PER_MINUTE,
  A_PER_SOURCE_MINUTE,
  ATTRIBUTES
};

/* How many values: exactly that many, or these. */
enum { VALUES_SOME = -1, VALUES_ANY = -2 };

enum attribute_scope {
  IN_SERVICE = 1,
  IN_DEFAULTS = 2,
  IN_MUXED = 4,  /* has a meaning for a service that is asked for by its name on the port of TCPMUX */
  IN_WAITING = 8 /* has one for a program that accepts connections itself */
};

struct attribute_row {
  char const *name; /* null: not in xinetd.conf */
  int values;
  bool is_set;        /* += and -=, and may stand more than once */
  unsigned int scope; /* enum attribute_scope */
  char const *becomes;
};

extern struct attribute_row const attributes[ATTRIBUTES];

/* ATTRIBUTES if there is none of that name. */
enum attribute attribute_named(char const *name);

#endif
