/* access.h - the stage that asks the rules (-x): one stat() per batch of connections tells whether the file is
 * still the one that is open; whatever is wrong with it refuses. */
#ifndef TCPSERVER_ACCESS_H
#define TCPSERVER_ACCESS_H

#include <stdbool.h>

#include "admission.h"
#include "rules.h"

struct report;

struct access {
  char const *path;
  bool optional; /* -X: no file, no rules */
  bool fresh;    /* looked at in this batch */
  bool absent;   /* ... and not there, which is allowed */
  struct rules rules;
  struct rules_verdict verdict;
  unsigned int pending; /* enum rules_flag: what will be looked up after the first time */
  struct report *report;
};

void access_init(struct access *a, char const *path, bool optional, unsigned int pending,
                 struct report *report);

/* A new batch begins: the next connection looks at the file. */
void access_batch(struct access *a);

/* Opens the file, anew if it is open (at the start, and after SIGHUP), and says at once what will be wrong. */
void access_open(struct access *a);

/* Before names and ident are looked up it passes whom a rule might allow or deny by them; afterwards (looked_up)
 * it refuses those for whom such a rule can't be asked. */
enum outcome access_stage(void *access, struct connection *c);

#endif
