/* complain.c - see complain.h. */
#include "complain.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PARTS = 7 };

static _Noreturn void die(int status, char const *const part[PARTS])
{
  struct iovec v[PARTS];
  for (int i = 0; i < PARTS; i++)
    v[i] = (struct iovec){.iov_base = (char *)(void const *)part[i], .iov_len = strlen(part[i])};
  /* If it can't be said, the status says it. */
  if (writev(STDERR_FILENO, v, PARTS) == -1)
    _exit(status);
  _exit(status);
}

void die_usage(char const *prog, char const *usage)
{
  die(STATUS_MISUSE, (char const *const[PARTS]){prog, ": usage: ", usage, "", "", "", "\n"});
}

void die_unable(char const *prog, char const *what, char const *which, int error)
{
  die(STATUS_FAILED,
      (char const *const[PARTS]){prog, ": fatal: unable to ", what, which, ": ", strerror(error), "\n"});
}
