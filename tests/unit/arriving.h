/* arriving.h - connections for tests of tcpserver's stages: from somewhere, under some rule. */
#ifndef ARRIVING_H
#define ARRIVING_H

#include <stdlib.h>

#include "../../src/tcpserver/report.h"

static inline struct connection from(char const *address, struct rules_verdict const *verdict)
{
  struct connection c = {.fd = -1, .verdict = verdict};
  if (!address_parse(&c.remote, address))
    abort();
  return c;
}

/* There is always memory here. */
void report_shortage(struct report *r, struct connection *c, char const *verb)
{
  (void)r;
  (void)c;
  (void)verb;
}

/* The verdict of a rule that allows and sets this, as "+NAME=value" with a NUL behind each; `waits` as in rules.h. */
#define ALLOWING(set, for_facts)                                                                             \
  ((struct rules_verdict){                                                                                   \
      .decision = RULES_ALLOW, .edits = (set), .edits_len = sizeof(set), .waits = (for_facts)})

#endif
