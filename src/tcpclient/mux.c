/* mux.c - see mux.h. The reply is peeked at first and then read exactly, because what follows the line belongs
 * to another program, which can't be given back what was read too far. */
#include "mux.h"

#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "deadline.h"

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

enum mux_result mux_send_request(int fd, char const *name, int64_t deadline_ms)
{
  char line[MUX_NAME_MAX + 2];
  size_t len = strlen(name);
  memcpy(line, name, len);
  memcpy(line + len, "\r\n", 2);
  return deadline_send(fd, line, len + 2, deadline_ms) ? MUX_ACCEPTED : MUX_FAILED;
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
    if (n == -1 && !deadline_wait(fd, POLLIN, deadline_ms))
      return MUX_FAILED;
    if (n > 0)
      len += (size_t)n;
    if (len > 0 && line[len - 1] == '\n')
      return judge(line, len - 1, text);
  }
  clean(text, line, len);
  return MUX_MALFORMED;
}
