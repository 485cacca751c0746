/* facts.c - see facts.h. */
#include "facts.h"

#include <string.h>

#include "report.h"

static uint32_t wanted(struct options const *o)
{
  uint32_t facts = 0;
  if (!o->prog)
    return 0;
  if (o->names == NAMES_LOOKED_UP)
    facts |= LOOKUP_REMOTE_HOST;
  if (!o->local_host)
    facts |= LOOKUP_LOCAL_HOST;
  /* In no time at all nobody answers. */
  if (o->ident == IDENT_ASKED && o->info_timeout_s > 0)
    facts |= LOOKUP_INFO;
  return facts;
}

struct lookup_peer_answer facts_find(struct options const *o, struct connection const *c, struct inquiry *h)
{
  struct lookup_peer_answer facts = {.known = 0};
  struct lookup_peer question;

  memset(&question, 0, sizeof question); /* its padding travels, too */
  question.local = c->local;
  question.remote = c->remote;
  question.local_port = c->local_port;
  question.remote_port = c->remote_port;
  question.wanted = wanted(o);
  question.info_timeout_s = question.wanted & LOOKUP_INFO ? o->info_timeout_s : 0;
  if (question.wanted == 0)
    return facts;
  if (!inquiry_peer(h, &question, &facts))
    report_error(o->verbosity, "unable to look up host names and user: ", h->problem);
  return facts;
}
