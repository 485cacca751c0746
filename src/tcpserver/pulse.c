/* pulse.c - see pulse.h. */
#include "pulse.h"

/* Who owes an answer and says nothing for that long is asked, and has then that long. */
#define SILENCE_MS 2000
#define GRACE_MS   3000

void pulse_expect(struct pulse *p, struct timers *t, int64_t now_ms)
{
  if (p->timer.position != 0)
    return;
  p->heard_ms = now_ms;
  p->asked = false;
  timers_set(t, &p->timer, now_ms + SILENCE_MS);
}

void pulse_heard(struct pulse *p, int64_t now_ms)
{
  p->heard_ms = now_ms;
  p->asked = false;
}

enum pulse_verdict pulse_check(struct pulse *p, struct timers *t, int64_t now_ms)
{
  if (p->asked)
    return PULSE_DEAD;
  p->asked = now_ms >= p->heard_ms + SILENCE_MS;
  timers_set(t, &p->timer, p->asked ? now_ms + GRACE_MS : p->heard_ms + SILENCE_MS);
  return p->asked ? PULSE_ASKS : PULSE_WAITS;
}
