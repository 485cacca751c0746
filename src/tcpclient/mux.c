/* mux.c - see mux.h. The reply is peeked at first and then read exactly, because what follows the line belongs
 * to another program, which can't be given back what was read too far. */
#include "mux.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "clock.h"

bool mux_is_name(char const *name)
{
  size_t len = 0;
  for (; name[len]; len++)
    if (name[len] < 33 || name[len] > 126 || len == MUX_NAME_MAX)
      return false;
  return len > 0;
}

bool mux_is_help(char const *name)
{
  return strcasecmp(name, "help") == 0;
}

/* After an operation would have blocked: waits for the next chance. False with errno if there is none. */
static bool wait_for(int fd, short events, int64_t deadline_ms)
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

enum mux_result mux_send_request(int fd, char const *name, int64_t deadline_ms)
{
  char line[MUX_NAME_MAX + 2];
  size_t len = strlen(name), sent = 0;
  memcpy(line, name, len);
  memcpy(line + len, "\r\n", 2);
  while (sent < len + 2) {
    ssize_t n = send(fd, line + sent, len + 2 - sent, MSG_NOSIGNAL);
    if (n >= 0)
      sent += (size_t)n;
    else if (!wait_for(fd, POLLOUT, deadline_ms))
      return MUX_FAILED;
  }
  return MUX_ACCEPTED;
}

/* Takes at most `size` octets off the socket, and none after a LF. Returns how many; 0 at the end; -1. */
static ssize_t receive_line_part(int fd, char *part, size_t size)
{
  ssize_t n = recv(fd, part, size, MSG_PEEK);
  char const *newline;
  if (n <= 0)
    return n;
  newline = memchr(part, '\n', (size_t)n);
  return recv(fd, part, newline ? (size_t)(newline - part) + 1 : (size_t)n, 0);
}

static void clean(char *text, char const *from, size_t len)
{
  for (size_t i = 0; i < len; i++)
    text[i] = (char)(from[i] >= 32 && from[i] <= 126 ? from[i] : '?');
  text[len] = '\0';
}

static enum mux_result judge(char const *line, size_t len, char *text)
{
  if (len > 0 && line[len - 1] == '\r')
    len--;
  if (len > 0 && (line[0] == '+' || line[0] == '-')) {
    clean(text, line + 1, len - 1);
    return line[0] == '+' ? MUX_ACCEPTED : MUX_REFUSED;
  }
  clean(text, line, len);
  return MUX_MALFORMED;
}

enum mux_result mux_ask(int fd, char const *name, int64_t deadline_ms, char text[MUX_REPLY_MAX + 1])
{
  char line[MUX_REPLY_MAX];
  size_t len = 0;

  text[0] = '\0';
  if (mux_send_request(fd, name, deadline_ms) == MUX_FAILED)
    return MUX_FAILED;
  while (len < sizeof line) {
    ssize_t n = receive_line_part(fd, line + len, sizeof line - len);
    if (n == 0)
      return MUX_ENDED;
    if (n == -1 && !wait_for(fd, POLLIN, deadline_ms))
      return MUX_FAILED;
    if (n > 0)
      len += (size_t)n;
    if (len > 0 && line[len - 1] == '\n')
      return judge(line, len - 1, text);
  }
  clean(text, line, len);
  return MUX_MALFORMED;
}
