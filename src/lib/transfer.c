/* transfer.c - see transfer.h. */
#include "transfer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* Whether the call that just failed is to be repeated; waits until that makes sense. */
static bool is_worth_repeating(int fd, short events)
{
  struct pollfd p = {.fd = fd, .events = events};
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    poll(&p, 1, -1);
    return true;
  }
  return errno == EINTR;
}

ssize_t transfer_read(int fd, char *octets, size_t size)
{
  ssize_t got;
  do
    got = read(fd, octets, size);
  while (got == -1 && is_worth_repeating(fd, POLLIN));
  return got;
}

bool transfer_write(int fd, char const *octets, size_t count)
{
  while (count > 0) {
    ssize_t written = write(fd, octets, count);
    if (written == -1 && !is_worth_repeating(fd, POLLOUT))
      return false;
    if (written > 0) {
      octets += written;
      count -= (size_t)written;
    }
  }
  return true;
}
