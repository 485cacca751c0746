/* messages.c - standard error as inetd, xinetd, systemd and tcpserver leave it: which of them is the peer's. */
#include "messages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

enum { CLOSED = -1, NOTHING = -2, CONNECTION = -3, OTHER_SOCKET = -4, PIPE = -5 };
enum { ERRNO_KEPT = ENOTTY };

/* One end of each is for the process, the other is looked at. */
static int connection[2], other[2], pipe_ends[2];

static void put(int fd, int what)
{
  int from = -1;
  switch (what) {
  case CLOSED: close(fd); return;
  case NOTHING: from = open("/dev/null", O_RDWR); break;
  case CONNECTION: from = connection[0]; break;
  case OTHER_SOCKET: from = other[0]; break;
  case PIPE: from = pipe_ends[1]; break;
  default: break;
  }
  dup2(from, fd);
}

/* "ours" is written while diverted, "theirs" for the program, "again" after that. */
static void speak(int in, int out, int err)
{
  struct messages m;
  bool is_kept;
  put(0, in);
  put(1, out);
  put(2, err);
  if (messages_divert(&m) == -1)
    _exit(1);
  dprintf(2, "ours ");
  errno = ERRNO_KEPT;
  messages_for_program(&m);
  is_kept = errno == ERRNO_KEPT;
  dprintf(2, "theirs ");
  errno = ERRNO_KEPT;
  messages_for_us(&m);
  is_kept = is_kept && errno == ERRNO_KEPT;
  dprintf(2, "again ");
  if (messages_are_diverted(&m) &&
      (m.connection < 3 || m.nowhere < 3 || !(fcntl(m.connection, F_GETFD) & FD_CLOEXEC) ||
       !(fcntl(m.nowhere, F_GETFD) & FD_CLOEXEC)))
    _exit(2);
  _exit(is_kept ? 0 : 3);
}

static char const *heard(int fd)
{
  static char text[64];
  ssize_t n = read(fd, text, sizeof text - 1);
  text[n > 0 ? n : 0] = '\0';
  return text;
}

static void check(int in, int out, int err, char const *expected, char const *name)
{
  int status, from;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection) == -1 ||
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, other) == -1 || pipe2(pipe_ends, O_CLOEXEC) == -1)
    return;
  switch (err) {
  case CONNECTION: from = connection[1]; break;
  case OTHER_SOCKET: from = other[1]; break;
  default: from = pipe_ends[0]; break;
  }
  if (fork() == 0)
    speak(in, out, err);
  close(connection[0]);
  close(other[0]);
  close(pipe_ends[1]);
  wait(&status);
  is_string(heard(from), expected, name);
  ok(status == 0, "... with descriptors above 2 that are close-on-exec, and errno kept");
  close(connection[1]);
  close(other[1]);
  close(pipe_ends[0]);
}

int main(void)
{
  static char const all[] = "ours theirs again ";
  check(CONNECTION, CONNECTION, CONNECTION, "theirs ", "inetd's connection hears the program only");
  check(CONNECTION, NOTHING, CONNECTION, "theirs ", "... whatever output is");
  check(CONNECTION, CLOSED, CONNECTION, "theirs ", "... or if there is none");
  check(CONNECTION, CONNECTION, PIPE, all, "tcpserver's log hears all");
  check(CONNECTION, CONNECTION, OTHER_SOCKET, all, "so does a log that is another socket");
  check(NOTHING, OTHER_SOCKET, OTHER_SOCKET, all,
        "... even if it takes the output, too, as systemd's journal");
  check(CLOSED, CONNECTION, CONNECTION, all, "without an input nothing is a connection");
  check(PIPE, PIPE, PIPE, all, "a pipe that is all three is none");
  check(CONNECTION, CONNECTION, CLOSED, "", "without standard error nobody hears anything");
  return tap_done();
}
