/* facts.c - see facts.h. */
#include "facts.h"

#include <string.h>

#include "clock.h"
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

static int64_t deadline_ms(struct lookup_peer const *q)
{
  int64_t limit_s = HELPER_DNS_TIMEOUT_S;
  if ((q->wanted & LOOKUP_INFO) && q->info_timeout_s + HELPER_DNS_TIMEOUT_S - LOOKUP_DNS_TIMEOUT_S > limit_s)
    limit_s = (int64_t)q->info_timeout_s + HELPER_DNS_TIMEOUT_S - LOOKUP_DNS_TIMEOUT_S;
  return clock_ms() + limit_s * 1000;
}

static bool ask(struct helper *h, struct lookup_peer const *q, struct message *answer)
{
  if (!helper_ask(h, LOOKUP_PEER, q))
    return false;
  switch (helper_receive(h, LOOKUP_PEER_ANSWER, answer, deadline_ms(q))) {
  case HELPER_ANSWERED: return true;
  case HELPER_SILENT: strcpy(h->problem, "tcplookup does not answer"); break;
  case HELPER_FAILED: break;
  }
  return false;
}

/* One that was there for the host's name may have died meanwhile, over a question that is no longer of interest. */
static bool ask_twice(struct helper *h, struct lookup_peer const *q, struct message *answer)
{
  bool is_used = h->runs;
  return ask(h, q, answer) || (is_used && !h->runs && ask(h, q, answer));
}

struct lookup_peer_answer facts_find(struct options const *o, struct connection const *c, struct helper *h)
{
  struct lookup_peer_answer facts = {.known = 0};
  struct lookup_peer question;
  struct message answer;

  memset(&question, 0, sizeof question); /* its padding travels, too */
  question.local = c->local;
  question.remote = c->remote;
  question.local_port = c->local_port;
  question.remote_port = c->remote_port;
  question.wanted = wanted(o);
  question.info_timeout_s = question.wanted & LOOKUP_INFO ? o->info_timeout_s : 0;
  if (question.wanted == 0)
    return facts;
  if (ask_twice(h, &question, &answer)) {
    memcpy(&facts, answer.payload, sizeof facts);
    facts.known &= question.wanted;
  } else
    report_error(o->verbosity, "unable to look up host names and user: ", h->problem);
  return facts;
}
