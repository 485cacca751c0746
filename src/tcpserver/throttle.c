/* throttle.c - see throttle.h. */
#include "throttle.h"

#include "clock.h"

/* No pause is longer, unless the rate allows not even one in that time. */
#define PAUSE_S 10

bool throttle_pauses(struct throttle const *t)
{
  return t->pause.position != 0;
}

bool throttle_admits(struct throttle *t)
{
  return t->rate.count == 0 || bucket_left(&t->bucket, &t->rate, clock_ms()) > 0;
}

/* How many must be able to come when a pause ends. Were it one, the log would have two lines for each connection under load.
 * Half of them is enough at once; but half of those of an hour would shut the listener for half an hour. */
static unsigned int wanted_at_once(struct rate const *r)
{
  unsigned int half = r->count / 2 + r->count % 2, soon = r->count * PAUSE_S / r->seconds;
  if (soon < 1)
    soon = 1;
  return soon < half ? soon : half;
}

void throttle_begin(struct throttle *t)
{
  int64_t now = clock_ms();
  unsigned int wanted = wanted_at_once(&t->rate);
  timers_set(t->timers, &t->pause, now + bucket_wait_ms(&t->bucket, &t->rate, wanted, now));
  report_pause(t->report, &t->rate);
}

void throttle_count(struct throttle *t)
{
  if (t->rate.count != 0)
    bucket_take(&t->bucket, &t->rate, clock_ms());
}

bool throttle_time(struct throttle *t, struct timer const *timer)
{
  if (timer != &t->pause)
    return false;
  report_resume(t->report);
  return true;
}

void throttle_stop(struct throttle *t)
{
  timers_cancel(t->timers, &t->pause);
}
