/* reply.c - see reply.h. */
#include "reply.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "ready.h"

/* Enough for whoever sends a request and its data in one go; little enough that a hostile client gains
 * nothing by going on. */
#define DRAIN_MAX     ((size_t)1 << 20)
#define DRAIN_TIME_MS 2000

/* A pipe that poll calls writable takes this much without blocking. */
#define PIPE_CHUNK 4096

static ssize_t send_some(int fd, char const *text, size_t len, int64_t deadline_ms)
{
  ssize_t n = send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n >= 0 || errno != ENOTSOCK)
    return n;
  if (ready_wait(fd, POLLOUT, deadline_ms) == -1)
    return -1;
  return write(fd, text, len < PIPE_CHUNK ? len : PIPE_CHUNK);
}

int reply_send(int fd, char const *text, size_t len, int64_t deadline_ms)
{
  while (len > 0) {
    ssize_t n = send_some(fd, text, len, deadline_ms);
    if (n >= 0) {
      text += n;
      len -= (size_t)n;
    } else if (errno == EAGAIN) {
      if (ready_wait(fd, POLLOUT, deadline_ms) == -1)
        return -1;
    } else if (errno != EINTR)
      return -1;
  }
  return 0;
}

void reply_finish(int from, int to)
{
  char rubbish[8192];
  size_t drained = 0;
  int64_t deadline_ms = clock_ms() + DRAIN_TIME_MS;

  if (shutdown(to, SHUT_WR) == -1) {
    close(to);
    return;
  }
  while (drained < DRAIN_MAX) {
    ssize_t n = recv(from, rubbish, sizeof rubbish, MSG_DONTWAIT);
    if (n > 0)
      drained += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR) || ready_wait(from, POLLIN, deadline_ms) == -1)
      return;
  }
}
