/* clock.c - see clock.h. */
#include "clock.h"

#include <time.h>

int64_t clock_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int clock_wait_ms(int64_t deadline_ms)
{
  int64_t left = deadline_ms - clock_ms();
  return left <= 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}
