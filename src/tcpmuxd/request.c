/* request.c - see request.h. On sockets the octets are looked at first (MSG_PEEK) and then exactly those of
 * the line are taken; what is no socket can't be peeked at and is read one octet at a time. */
#include "request.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ready.h"

/* What errno means for a read that did not succeed; READING is not among the outcomes, so "try again" is
 * told by returning true. */
static bool should_retry(int fd, int64_t deadline_ms, enum request_outcome *outcome)
{
  switch (errno) {
  case EINTR: return true;
  case EAGAIN:
    if (ready_wait(fd, POLLIN, deadline_ms) == 0)
      return true;
    *outcome = errno == ETIMEDOUT ? REQUEST_LATE : REQUEST_FAILED;
    return false;
  case ECONNRESET:
  case ETIMEDOUT:
  case EHOSTUNREACH:
  case ENETUNREACH: *outcome = REQUEST_CLOSED; return false;
  default: *outcome = REQUEST_FAILED; return false;
  }
}

/* Takes octets that a peek has seen. All of them go, even without a LF among them: a peek that found the same
 * octets again would never wait. */
static int consume(int fd, size_t count)
{
  char taken[MUXREQUEST_LINE_MAX];
  while (count > 0) {
    ssize_t n = recv(fd, taken, count, MSG_DONTWAIT);
    if (n > 0)
      count -= (size_t)n;
    else if (n == 0 || errno != EINTR)
      return -1;
  }
  return 0;
}

static enum request_outcome read_socket(struct muxrequest *r, int fd, int64_t deadline_ms)
{
  char seen[MUXREQUEST_LINE_MAX];
  enum request_outcome outcome;
  while (r->state == MUXREQUEST_READING) {
    ssize_t n = recv(fd, seen, sizeof seen, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0)
      return REQUEST_CLOSED;
    if (n > 0) {
      if (consume(fd, muxrequest_feed(r, seen, (size_t)n)) == -1)
        return REQUEST_FAILED;
    } else if (!should_retry(fd, deadline_ms, &outcome))
      return outcome;
  }
  return r->state == MUXREQUEST_COMPLETE ? REQUEST_COMPLETE : REQUEST_MALFORMED;
}

static enum request_outcome read_octets(struct muxrequest *r, int fd, int64_t deadline_ms)
{
  enum request_outcome outcome;
  while (r->state == MUXREQUEST_READING) {
    char octet;
    ssize_t n;
    /* Before each read, because this descriptor may be a blocking one. */
    if (ready_wait(fd, POLLIN, deadline_ms) == -1)
      return errno == ETIMEDOUT ? REQUEST_LATE : REQUEST_FAILED;
    n = read(fd, &octet, 1);
    if (n == 0)
      return REQUEST_CLOSED;
    if (n == 1)
      muxrequest_feed(r, &octet, 1);
    else if (!should_retry(fd, deadline_ms, &outcome))
      return outcome;
  }
  return r->state == MUXREQUEST_COMPLETE ? REQUEST_COMPLETE : REQUEST_MALFORMED;
}

enum request_outcome request_read(struct muxrequest *r, int fd, int64_t deadline_ms)
{
  enum request_outcome outcome = read_socket(r, fd, deadline_ms);
  if (outcome == REQUEST_FAILED && errno == ENOTSOCK)
    outcome = read_octets(r, fd, deadline_ms);
  return outcome;
}
