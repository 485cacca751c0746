/* alone.c - see alone.h. */
#include "alone.h"

#include "clock.h"

int alone_open(struct alone *a, SSL_CTX *context, bool server, int net, int plain)
{
  struct event const who = {.kind = 0};
  if (events_init(&a->events) == -1)
    return -1;
  if (conduit_open(&a->conduit, &a->events, context, server, net, plain, who, who, clock_ms()) == 0)
    return 0;
  events_free(&a->events);
  return -1;
}

/* As long as the session is in that state. */
static void run(struct alone *a, bool shaking)
{
  struct session const *s = &a->conduit.session;
  struct event ready[EVENTS_BATCH];
  while (s->state != SESSION_OVER && (s->state == SESSION_SHAKING) == shaking) {
    enum session_result result = conduit_step(&a->conduit, clock_ms());
    int64_t deadline_ms;
    if (s->state == SESSION_OVER || result == SESSION_MORE)
      continue;
    events_wait(&a->events, ready,
                conduit_deadline(&a->conduit, &a->times, &deadline_ms) ? clock_wait_ms(deadline_ms) : -1);
    conduit_expire(&a->conduit, &a->times, clock_ms());
  }
}

bool alone_shake(struct alone *a)
{
  run(a, true);
  return a->conduit.session.state != SESSION_OVER;
}

void alone_relay(struct alone *a)
{
  run(a, false);
}

void alone_close(struct alone *a)
{
  conduit_close(&a->conduit);
  events_free(&a->events);
}
