/* ready.c - see ready.h. */
#include "ready.h"

#include <errno.h>
#include <poll.h>

#include "clock.h"

int ready_wait(int fd, short events, int64_t deadline_ms)
{
  struct pollfd p = {.fd = fd, .events = events};
  for (;;) {
    int left_ms = clock_wait_ms(deadline_ms), n;
    if (left_ms == 0) {
      errno = ETIMEDOUT;
      return -1;
    }
    n = poll(&p, 1, left_ms);
    if (n > 0)
      return 0;
    if (n == -1 && errno != EINTR)
      return -1;
  }
}
