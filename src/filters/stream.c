/* stream.c - see stream.h. The descriptors may be nonblocking because of whoever shares them. */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "complain.h"

enum { PIECE_SIZE = 65536 };

/* Whether the call that just failed is to be repeated; waits until that makes sense. */
static bool worth_repeating(int fd, short events)
{
  struct pollfd p = {.fd = fd, .events = events};
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    poll(&p, 1, -1);
    return true;
  }
  return errno == EINTR;
}

static ssize_t get(char *bytes, size_t size)
{
  ssize_t len;
  do
    len = read(STDIN_FILENO, bytes, size);
  while (len < 0 && worth_repeating(STDIN_FILENO, POLLIN));
  return len;
}

static bool put(char const *bytes, size_t len)
{
  while (len > 0) {
    ssize_t done = write(STDOUT_FILENO, bytes, len);
    if (done < 0 && !worth_repeating(STDOUT_FILENO, POLLOUT))
      return false;
    if (done > 0) {
      bytes += done;
      len -= (size_t)done;
    }
  }
  return true;
}

int stream_run(char const *prog, crlf_function *function)
{
  static char in[PIECE_SIZE], out[CRLF_ROOM(PIECE_SIZE)];
  struct crlf state = CRLF_ZERO;
  ssize_t len;
  while ((len = get(in, sizeof in)) > 0)
    if (!put(out, function(&state, out, in, (size_t)len)))
      die_unable(prog, "write to standard output", "", errno);
  if (len < 0)
    die_unable(prog, "read standard input", "", errno);
  if (!put(out, crlf_end(&state, out, function)))
    die_unable(prog, "write to standard output", "", errno);
  return 0;
}
