/* service.h - one entry of the service directory: what it is, and whether it may be offered to a peer.
 * tcpmux-services(5) is the specification. Nothing here talks to the client. */
#ifndef TCPMUXD_SERVICE_H
#define TCPMUXD_SERVICE_H

#include <stdbool.h>

#include "limit.h"
#include "muxrequest.h"
#include "object.h"
#include "peer.h"
#include "problem.h"
#include "rules.h"

enum service_kind {
  SERVICE_FILE,     /* an executable file, run as it is; or an object */
  SERVICE_DIRECTORY /* a directory whose `run` is executed inside it; or its run.so */
};

/* What a service directory may hold besides `run`. A name that is there in any form counts, even as a link to
 * nowhere: a mistake must not open what was to be closed. */
enum service_mark {
  SERVICE_DOWN,
  SERVICE_HIDDEN,
  SERVICE_OWN_REPLY,
  SERVICE_LIMIT,
  SERVICE_RULES,
  SERVICE_MARKS /* how many */
};
extern char const *const service_mark_file[SERVICE_MARKS];

struct service {
  char const *name; /* borrowed */
  enum service_kind kind;
  int at; /* openat()'s directory for `program` */
  char const *program;
  bool is_object;                                          /* it is to be loaded (object.h) */
  char object[MUXREQUEST_NAME_MAX + sizeof OBJECT_SUFFIX]; /* NAME.so */
  mode_t mode;                                             /* of program, or 0 if not asked yet */
  bool mark[SERVICE_MARKS];
  struct rules rules; /* open once service_judge() or service_check() have read it */
  struct rules_verdict verdict;
  int limit_fd; /* -1, or open on `limit` */
  unsigned int slots;
  struct problem problem; /* what is wrong when a function below says so */
};

/* RFC 1078 keeps HELP for itself, and a multiplexer that starts itself never ends. */
bool service_is_reserved(char const *name);

enum service_finding { SERVICE_FOUND, SERVICE_UNKNOWN, SERVICE_BROKEN };

/* Looks name up in the service directory `base`. If it is a directory this makes it the current one. `s` need
 * not be initialised, and holds nothing to release unless it is FOUND. */
enum service_finding service_find(struct service *s, int base, char const *name);

/* "NAME.so" is there under the name NAME, and the length of that is returned; else the length of all of it. */
size_t service_name_len(char const *file);

enum service_judgement {
  SERVICE_ALLOWED,
  SERVICE_DENIED,     /* s->verdict.key says by which rule */
  SERVICE_NO_ADDRESS, /* there are rules, but nobody told who the peer is */
  SERVICE_BAD_RULES   /* s->problem */
};
enum service_judgement service_judge(struct service *s, struct peer const *peer);

/* Can its program be run, and are its rules and its limit sound? 0, or -1 with s->problem. Of an object only that it can
 * be read is known; service_check_object(), if it is one, has somebody try to load it, who says himself what is wrong. */
int service_check_program(struct service *s);
int service_check_object(struct service *s);
int service_check_rules(struct service *s);
int service_check_limit(struct service *s);

/* Takes one of the slots of the limit that service_check_limit() has opened. */
enum limit_outcome service_take_slot(struct service *s);

/* Closes what is open; the slot, if taken, is given back. */
void service_release(struct service *s);

#endif
