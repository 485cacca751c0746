/* facts.c - see facts.h. */
#include "facts.h"

#include "report.h"

static uint32_t wanted(struct options const *o)
{
  struct lookup_wishes const wishes = {.remote_host = o->names == NAMES_LOOKED_UP,
                                       .local_host = !o->local_host,
                                       .info_timeout_s = o->ident == IDENT_ASKED ? o->info_timeout_s : 0};
  return o->prog ? lookup_wanted(&wishes) : 0;
}

struct lookup_peer_answer facts_find(struct options const *o, struct connection const *c, struct inquiry *h)
{
  struct lookup_peer_answer facts = {.known = 0};
  struct lookup_peer question;

  lookup_peer_begin(&question, wanted(o), o->info_timeout_s);
  question.local = c->local;
  question.remote = c->remote;
  question.local_port = c->local_port;
  question.remote_port = c->remote_port;
  if (question.wanted == 0)
    return facts;
  if (!inquiry_peer(h, &question, &facts))
    report_error(o->verbosity, "unable to look up host names and user: ", h->problem);
  return facts;
}
