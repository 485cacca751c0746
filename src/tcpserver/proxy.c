/* proxy.c - see proxy.h. What has come of a header is taken off the socket at once and kept with the connection: so a
 * header that comes octet by octet wakes us once for each, and one of which nothing more comes never. */
#include "proxy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"

/* The protocol wants this much at least, so that a lost packet may come again. */
#define DEADLINE_MS 3000

static bool is_proxy(struct options const *o, struct address const *a)
{
  for (size_t i = 0; i < o->proxies; i++)
    if (address_in_network(a, &o->proxy[i]))
      return true;
  return false;
}

static size_t octets_kept(struct connection const *c)
{
  return c->proxied ? c->proxied->count : 0;
}

static void refuse(struct connection *c, char const *why)
{
  c->refusal = REFUSAL_PROXY;
  c->header_problem = why;
}

static void refuse_for_want(struct proxy *p, struct connection *c)
{
  report_shortage(p->report, c, "wait for PROXY headers");
}

/* The first octets of the header in hand stay with the connection. */
static int keep(struct proxy *p, struct connection *c, size_t count)
{
  struct proxied *kept = realloc(c->proxied, sizeof *kept + count);
  if (!kept)
    return -1;
  kept->count = count;
  memcpy(kept->octets, p->octets, count);
  c->proxied = kept;
  return 0;
}

/* The connection is the client's now. */
static void introduce(struct connection *c)
{
  struct proxied *via = c->proxied;
  struct proxyheader *h = &via->header;
  /* Again, because its texts are to be where they stay. */
  proxyheader_parse(h, via->octets, via->count);
  via->address = c->remote;
  via->port = c->remote_port;
  c->remote = h->source;
  c->remote_port = h->source_port;
  c->arrival = (struct arrival){.local = h->destination, .local_port = h->destination_port};
  c->arrival_known = true;
}

/* Who has no address can't be judged by it, and with the proxy's he would have its rights. */
static void heed(struct connection *c, enum proxyheader_kind kind)
{
  switch (kind) {
  case PROXYHEADER_LOCAL:
    free(c->proxied);
    c->proxied = NULL;
    break;
  case PROXYHEADER_TCP: introduce(c); break;
  case PROXYHEADER_UNKNOWN: refuse(c, "without the client's address"); break;
  case PROXYHEADER_UNIX: refuse(c, "of a client without an IP address"); break;
  }
  c->introduced = c->refusal == REFUSAL_NONE;
}

/* True if nothing more is waited for: the connection is introduced, or to be refused. A failure is left to the events, which
 * report it. */
static bool read_header(struct proxy *p, struct connection *c)
{
  struct proxyheader h;
  struct proxyheader_result result;
  size_t had = octets_kept(c), wanted;
  ssize_t there, taken;

  if (had > 0)
    memcpy(p->octets, c->proxied->octets, had);
  there = recv(c->fd, p->octets + had, sizeof p->octets - had, MSG_PEEK | MSG_DONTWAIT);
  if (there == -1)
    return false;
  if (there == 0) {
    refuse(c, had > 0 ? "not whole at the connection's end" : "none before the connection's end");
    return true;
  }
  result = proxyheader_parse(&h, p->octets, had + (size_t)there);
  if (result.state == PROXYHEADER_MALFORMED) {
    refuse(c, result.reason);
    return true;
  }
  wanted = result.state == PROXYHEADER_COMPLETE ? result.length - had : (size_t)there;
  taken = recv(c->fd, p->octets + had, wanted, MSG_DONTWAIT);
  if (taken <= 0)
    return false;
  if (keep(p, c, had + (size_t)taken) == -1) {
    refuse_for_want(p, c);
    return true;
  }
  if (result.state == PROXYHEADER_INCOMPLETE || (size_t)taken < wanted)
    return false;
  heed(c, h.kind);
  return true;
}

static enum outcome outcome_of(struct connection const *c)
{
  return c->refusal == REFUSAL_NONE ? PASS : DENY;
}

static enum outcome wait_for_rest(struct proxy *p, struct connection *c)
{
  int64_t now = clock_ms();
  struct waiting *w = waiting_add(p->table, c, WAITING_PROXY, now);
  if (w && waiting_watch(w, p->events, EVENTS_IN) == 0) {
    timers_set_if_unset(p->timers, &p->deadline, now + DEADLINE_MS);
    return WAIT;
  }
  if (w)
    waiting_move(p->table, w, WAITING_FREE);
  refuse_for_want(p, c);
  return DENY;
}

enum outcome proxy_stage(void *proxy, struct connection *c)
{
  struct proxy *p = proxy;
  if (c->introduced || c->refusal != REFUSAL_NONE)
    return outcome_of(c);
  if (!is_proxy(p->options, &c->remote)) {
    refuse(c, NULL);
    return DENY;
  }
  return read_header(p, c) ? outcome_of(c) : wait_for_rest(p, c);
}

static void settle(struct proxy *p, struct waiting *w)
{
  waiting_unwatch(w, p->events);
  waiting_move(p->table, w, WAITING_DUE);
}

void proxy_event(struct proxy *p, struct waiting *w)
{
  if (read_header(p, &w->connection))
    settle(p, w);
}

/* What has come meanwhile counts, if it was us who were late. */
static void lose_patience(struct proxy *p)
{
  int64_t now = clock_ms();
  struct waiting *w;
  while ((w = waiting_first(p->table, WAITING_PROXY)) && w->since_ms + DEADLINE_MS <= now) {
    if (!read_header(p, &w->connection))
      refuse(&w->connection,
             octets_kept(&w->connection) > 0 ? "not whole within 3 seconds" : "none within 3 seconds");
    settle(p, w);
  }
  if (w)
    timers_set(p->timers, &p->deadline, w->since_ms + DEADLINE_MS);
}

bool proxy_time(struct proxy *p, struct timer const *timer)
{
  if (timer != &p->deadline)
    return false;
  lose_patience(p);
  return true;
}
