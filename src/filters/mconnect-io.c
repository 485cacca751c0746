/* mconnect-io.c - between a person and a line-oriented server, on the connection that tcpclient has made: standard
 * input goes there with CR LF for LF, what comes from there goes to standard output. See mconnect-io(1). Each way is a
 * process of its own: neither can keep the other waiting, and who doesn't read isn't read for. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "about.h"
#include "complain.h"
#include "crlf.h"
#include "transfer.h"

enum { NETWORK_IN = 6, NETWORK_OUT = 7 }; /* ucspi-tcp's protocol for clients */
enum { PIECE_SIZE = 65536 };

#define PROG  "mconnect-io"
#define USAGE "mconnect-io"
static char const help[] =
    USAGE "\n"
          "Copies standard input to descriptor 7, with a CR before each LF, and descriptor 6 to\n"
          "standard output. Started by mconnect; see mconnect-io(1).\n";

/* Its exit status is the process's. That the server takes no more is no failure: what it says is still to be read. */
static int send_input(void)
{
  static char in[PIECE_SIZE], out[CRLF_ROOM(PIECE_SIZE)];
  struct crlf state = CRLF_ZERO;
  ssize_t got;
  while ((got = transfer_read(STDIN_FILENO, in, sizeof in)) > 0)
    if (!transfer_write(NETWORK_OUT, out, crlf_add(&state, out, in, (size_t)got)))
      return 0;
  if (got == -1 && errno != EBADF) /* who has none has nothing to say */
    die_unable(PROG, "read standard input", "", errno);
  /* Not close(): 6 is the same connection. Fails if it is a pipe, whose end closing it is. */
  shutdown(NETWORK_OUT, SHUT_WR);
  return 0;
}

/* Returns an exit status. */
static int print_answers(void)
{
  static char piece[PIECE_SIZE];
  ssize_t got;
  while ((got = transfer_read(NETWORK_IN, piece, sizeof piece)) > 0)
    if (!transfer_write(STDOUT_FILENO, piece, (size_t)got)) {
      if (errno == EPIPE)
        return 0;
      complain(PROG, ": fatal: unable to write standard output: ", strerror(errno));
      return STATUS_FAILED;
    }
  if (got == 0)
    return 0;
  complain(PROG, ": fatal: unable to read from the server: ", strerror(errno));
  return STATUS_FAILED;
}

/* Who sends does not outlive who prints: else a killed mconnect would leave somebody reading the terminal. It has nothing
 * to put in order, and SIGTERM may be ignored here. */
static _Noreturn void be_sender(pid_t printer)
{
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (getppid() != printer)
    _exit(0);
  close(NETWORK_IN);
  _exit(send_input());
}

/* When the server has said everything there is nobody to send to. */
static int end_sender(pid_t sender)
{
  int status;
  kill(sender, SIGKILL);
  while (waitpid(sender, &status, 0) == -1)
    if (errno != EINTR)
      return 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

int main(int argc, char const *const *argv)
{
  pid_t self = getpid(), sender;
  int status, sender_status;
  if (about_answered(argc, argv, PROG, help))
    return 0;
  if (argc > 1)
    die_usage(PROG, USAGE);
  signal(SIGPIPE, SIG_IGN);
  /* Were it ignored, the sender's process id could be somebody else's when it is killed. */
  signal(SIGCHLD, SIG_DFL);
  sender = fork();
  if (sender == -1)
    die_unable(PROG, "fork", "", errno);
  if (sender == 0)
    be_sender(self);
  close(NETWORK_OUT);
  status = print_answers();
  sender_status = end_sender(sender);
  return status ? status : sender_status;
}
