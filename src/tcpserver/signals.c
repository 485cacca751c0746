/* signals.c - see signals.h. */
#include "signals.h"

#include <signal.h>
#include <stddef.h>

#include <skalibs/selfpipe.h>
#include <skalibs/strerr.h>

static bool catching_child;

static void catch_signals(void)
{
  /* SIGPIPE is caught, not ignored: prog then has the default without a system call to restore it. */
  static int const always[] = {SIGTERM, SIGALRM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
    sigaddset(&set, always[i]);
  if (catching_child)
    sigaddset(&set, SIGCHLD);
  if (selfpipe_trapset(&set) == -1)
    strerr_diefusys(111, "catch signals");
}

/* Inherited ones would pass to prog; an ignored SIGCHLD would lose every status besides. */
void signals_reset(void)
{
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++)
    if (number != SIGKILL && number != SIGSTOP)
      sigaction(number, &standard, NULL);
}

int signals_init(void)
{
  int fd = selfpipe_init();
  if (fd == -1)
    strerr_diefusys(111, "catch signals");
  catch_signals();
  return fd;
}

void signals_catch_child(bool catch)
{
  if (catch == catching_child)
    return;
  catching_child = catch;
  catch_signals();
}

int signals_read(void)
{
  int number = selfpipe_read();
  if (number == -1)
    strerr_diefusys(111, "read signals");
  return number;
}
