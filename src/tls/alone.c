/* alone.c - see alone.h. */
#include "alone.h"

#include "clock.h"

enum { NET, PLAIN };

#define NEVER INT64_MAX

/* With edges all is watched once and for all; without, exactly what the session waits for. */
static unsigned int interest(unsigned int wanted)
{
  return EVENTS_HAVE_EDGES ? EVENTS_IN | EVENTS_OUT | EVENTS_END | EVENTS_EDGE : wanted;
}

static int watch(struct alone *a)
{
  struct event const net = {.kind = NET}, plain = {.kind = PLAIN};
  if (events_watch(&a->events, a->session.net, interest(a->session.want_net), net) == -1)
    return -1;
  return events_watch(&a->events, a->session.plain, interest(a->session.want_plain), plain);
}

int alone_init(struct alone *a, SSL_CTX *context, bool server, int net, int plain)
{
  if (events_init(&a->events) == -1)
    return -1;
  if (session_init(&a->session, context, server, net, plain) == 0)
    return watch(a);
  events_free(&a->events);
  return -1;
}

static void wait_until(struct alone *a, int64_t deadline_ms)
{
  struct event ready[EVENTS_BATCH];
  struct event const net = {.kind = NET}, plain = {.kind = PLAIN};
  if (!EVENTS_HAVE_EDGES) {
    events_change(&a->events, a->session.net, a->session.want_net, net);
    events_change(&a->events, a->session.plain, a->session.want_plain, plain);
  }
  events_wait(&a->events, ready, deadline_ms == NEVER ? -1 : clock_wait_ms(deadline_ms));
}

static int64_t sooner(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

bool alone_shake(struct alone *a, int64_t deadline_ms)
{
  struct session *s = &a->session;
  for (;;) {
    enum session_result result = session_step(s, clock_ms());
    if (s->state != SESSION_SHAKING)
      return s->state != SESSION_OVER;
    if (clock_ms() >= deadline_ms) {
      session_abort(s, "timed out", true);
      return false;
    }
    if (result == SESSION_WAIT)
      wait_until(a, deadline_ms);
  }
}

/* When something must be done though nothing happens. */
static int64_t deadline_of(struct session const *s, int64_t lingers_since_ms, unsigned int idle_s)
{
  int64_t deadline = NEVER;
  if (s->state == SESSION_LINGERING)
    deadline = lingers_since_ms + SESSION_LINGER_MS;
  if (idle_s > 0)
    deadline = sooner(deadline, s->heard_ms + (int64_t)idle_s * 1000);
  return deadline;
}

void alone_relay(struct alone *a, unsigned int idle_s)
{
  struct session *s = &a->session;
  int64_t lingers_since_ms = 0;
  while (s->state != SESSION_OVER) {
    int64_t now = clock_ms(), deadline;
    enum session_state before = s->state;
    enum session_result result = session_step(s, now);
    if (before != SESSION_LINGERING)
      lingers_since_ms = now;
    deadline = deadline_of(s, lingers_since_ms, idle_s);
    if (now >= deadline)
      session_abort(s, s->state == SESSION_LINGERING ? NULL : "idle for too long", false);
    else if (result == SESSION_WAIT && s->state != SESSION_OVER)
      wait_until(a, deadline);
  }
}

void alone_free(struct alone *a)
{
  events_free(&a->events);
  session_free(&a->session);
}
