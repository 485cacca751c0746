/* deadline.c - see deadline.h. */
#include "deadline.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "clock.h"

bool deadline_wait(int fd, short events, int64_t deadline_ms)
{
  struct pollfd p = {.fd = fd, .events = events};
  if (errno == EINTR)
    return true;
  if (errno != EAGAIN && errno != EWOULDBLOCK)
    return false;
  if (clock_ms() >= deadline_ms) {
    errno = ETIMEDOUT;
    return false;
  }
  return poll(&p, 1, clock_wait_ms(deadline_ms)) != -1 || errno == EINTR;
}

bool deadline_send(int fd, void const *octets, size_t count, int64_t deadline_ms)
{
  size_t sent = 0;
  while (sent < count) {
    ssize_t n = send(fd, (char const *)octets + sent, count - sent, MSG_NOSIGNAL);
    if (n >= 0)
      sent += (size_t)n;
    else if (!deadline_wait(fd, POLLOUT, deadline_ms))
      return false;
  }
  return true;
}
