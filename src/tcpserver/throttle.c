/* throttle.c - see throttle.h. */
#include "throttle.h"

#include "clock.h"

bool throttle_pauses(struct throttle const *t)
{
  return t->pause.position != 0;
}

bool throttle_admits(struct throttle *t)
{
  return t->rate.count == 0 || bucket_left(&t->bucket, &t->rate, clock_ms()) > 0;
}

/* Until half of it may come: were it one, the log would have two lines for each connection under load; were it all, clients
 * would wait as long as it can take. */
void throttle_begin(struct throttle *t)
{
  int64_t now = clock_ms();
  unsigned int half = t->rate.count / 2 + t->rate.count % 2;
  timers_set(t->timers, &t->pause, now + bucket_wait_ms(&t->bucket, &t->rate, half, now));
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
