/* Time for deadlines. */
#include <time.h>

#include "clock.h"
#include "tap.h"

int main(void)
{
  int64_t const start = clock_ms();
  struct timespec const pause = {.tv_nsec = 20000000};
  int64_t after;
  int wait;

  nanosleep(&pause, NULL);
  after = clock_ms();
  ok(after - start >= 20, "20 ms later the clock is 20 ms later");
  wait = clock_wait_ms(clock_ms() + 5000);
  ok(wait > 0 && wait <= 5000, "the wait for a deadline is what is left until it");
  ok(clock_wait_ms(clock_ms()) == 0, "a deadline that is now needs no wait");
  ok(clock_wait_ms(clock_ms() - 1000) == 0, "nor does one that has passed");
  ok(clock_wait_ms(INT64_MIN / 2) == 0, "however long ago");
  ok(clock_wait_ms(clock_ms() + INT64_C(1) * 1000 * 3600 * 24 * 365) == 3600000, "a wait is an hour at most");
  return tap_done();
}
