/* helperstart.c - see helperstart.h. */
#include "helperstart.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"

/* How long, if it has nobody to talk to any more, its end is waited for, and how often it is looked for. */
#define END_MS        5000
#define REAP_EVERY_MS 10

bool helperstart_wait(int fd, int64_t deadline_ms, char const *program)
{
  struct pollfd p = {.fd = fd, .events = POLLIN};
  if (clock_ms() >= deadline_ms)
    return false;
  if (poll(&p, 1, clock_wait_ms(deadline_ms)) == -1 && errno != EINTR)
    strerr_diefusys(111, "wait for ", program);
  return true;
}

/* Its exit status, or 0 if it has none: it was killed, or does not end though nobody listens to it. */
static int exit_status(int fd, pid_t helper)
{
  int status;
  close(fd);
  for (int64_t until_ms = clock_ms() + END_MS; clock_ms() < until_ms; poll(NULL, 0, REAP_EVERY_MS)) {
    pid_t pid = waitpid(helper, &status, WNOHANG);
    if (pid == helper)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    if (pid == -1 && errno != EINTR)
      return 0;
  }
  return 0;
}

_Noreturn void helperstart_end(int fd, pid_t pid, bool ended, char const *purpose, char const *trouble)
{
  int status = ended ? exit_status(fd, pid) : 0;
  if (status != 100 && status != 111)
    strerr_dief(111, "unable to ", purpose, ": ", trouble);
  _exit(status);
}
