/* throttle.c - how long accepting pauses. */
#include "../../src/tcpserver/throttle.h"

#include "clock.h"
#include "tap.h"

static int paused, resumed;

void report_pause(struct report *r, struct rate const *rate)
{
  (void)r;
  (void)rate;
  paused++;
}

void report_resume(struct report *r)
{
  (void)r;
  resumed++;
}

/* Milliseconds for which it pauses when all that may come has come. */
static int64_t pause_ms(unsigned int count, unsigned int seconds)
{
  static struct timers timers = TIMERS_ZERO;
  struct throttle t = {.rate = {.count = count, .seconds = seconds}, .timers = &timers};
  int64_t before = clock_ms(), until = before;
  if (timers_reserve(&timers, 1) == -1)
    return -1;
  while (throttle_admits(&t))
    throttle_count(&t);
  throttle_begin(&t);
  timers_next(&timers, &until);
  throttle_stop(&t);
  return until - before;
}

/* The clock may have gone on a little. */
static bool is_about(int64_t ms, int64_t wanted)
{
  return ms >= wanted && ms <= wanted + 500;
}

int main(void)
{
  ok(is_about(pause_ms(50, 10), 5000), "a pause lasts until half of them may come again");
  ok(is_about(pause_ms(1, 1), 1000), "... or one, if there are no more");
  ok(is_about(pause_ms(3600, 3600), 10000), "but not longer than ten seconds");
  ok(is_about(pause_ms(86400, 86400), 10000), "... of a day's either");
  ok(is_about(pause_ms(2, 7200), 3600000), "unless none may come before");
  ok(pause_ms(1000000, 1) <= 1000, "the greatest rate pauses, too");
  ok(paused == 6 && resumed == 0, "each pause is reported");
  return tap_done();
}
