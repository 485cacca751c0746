/* making.h - a service directory in the making: the parts of its scripts, as they are filled by carry.c and program.c
 * and put together by run.c. */
#ifndef IMPORT_MAKING_H
#define IMPORT_MAKING_H

#include "access.h"
#include "service.h"

/* What stands between tcpserver and the server, in this order; each is words of a command line. */
enum slot {
  SLOT_ACCOUNT, /* where tcpserver does not become the user */
  SLOT_IDENT,
  SLOT_BANNER,
  SLOT_LIMITS,
  SLOT_NICE,
  SLOT_ENVIRONMENT,
  SLOT_PROGRAM,
  SLOTS
};

struct account {
  char const *user, *group; /* null: not said */
  bool groups;              /* the user's supplementary groups, too */
};

struct making {
  struct service *service;
  struct text setup;        /* lines of sh before all others */
  struct text outer;        /* before tcpserver, with root's rights */
  struct text outer_limits; /* likewise: prlimit */
  struct text options;      /* tcpserver's */
  char const *host;         /* null: every local address */
  struct text slot[SLOTS];
  struct text edits; /* of the rules that admit: ",NAME=..." */
  struct text die;   /* of all rules: ",DIEMSG=..." */
  struct access access;
  bool closed;               /* only who a rule admits */
  bool ident;                /* tcpserver asks for it */
  bool verbose, details;     /* -v, -V */
  struct values environment; /* "NAME=value" */
  struct text log;           /* log/run */
  unsigned int limit;        /* of a muxed service; 0: none */
  struct account account;
};

/* What the service lacks after this, for the person who runs the program. */
#define lost(m, set, ...) remark(&(m)->service->remarks, (set)->place, REMARK_LOST, __VA_ARGS__)

/* It can't be served at all. */
#define broken(m, set, ...)                                                                                  \
  do {                                                                                                       \
    (m)->service->broken = true;                                                                             \
    lost(m, set, __VA_ARGS__);                                                                               \
  } while (0)

/* True if both mean the same user with the same groups. */
bool account_equal(struct account const *a, struct account const *b);
/* True if whoever runs the script stays what he is. */
bool account_is_root(struct account const *a);

/* Words for tcpserver; words of a program that becomes it. */
void account_options(struct text *out, struct account const *a);
void account_chain(struct text *out, struct account const *a);

void making_free(struct making *m);

#endif
