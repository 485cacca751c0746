/* signals.c - see signals.h. */
#include "signals.h"

#include <stddef.h>

#include <skalibs/selfpipe.h>
#include <skalibs/strerr.h>

/* They ask for something, and would end us. */
static int const commands[] = {SIGALRM, SIGHUP, SIGUSR1, SIGUSR2};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

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

/* Inherited dispositions would pass to prog; an ignored SIGCHLD would lose every status besides. */
void signals_begin(void)
{
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < COMMANDS; i++)
    sigaddset(&set, commands[i]);
  sigprocmask(SIG_BLOCK, &set, NULL);
  for (int number = 1; number < NSIG; number++)
    if (number != SIGKILL && number != SIGSTOP)
      sigaction(number, &standard, NULL);
}

void signals_keep(struct signals_kept *kept)
{
  sigprocmask(SIG_SETMASK, NULL, &kept->mask);
  for (int number = 1; number < NSIG; number++)
    sigaction(number, NULL, &kept->action[number]);
}

/* What the system or the C library has for itself is refused in both directions. */
void signals_put_back(struct signals_kept const *kept)
{
  for (int number = 1; number < NSIG; number++)
    sigaction(number, &kept->action[number], NULL);
  sigprocmask(SIG_SETMASK, &kept->mask, NULL);
}

/* --- What came too early --------------------------------------------------------------------------------------- */

/* selfpipe_init() unblocks all signals: what was kept back comes now, and again when it can be caught. */
static sig_atomic_t volatile early[NSIG];

static void remember(int number)
{
  early[number] = 1;
}

static void await_early(void)
{
  struct sigaction action = {.sa_handler = remember};
  for (size_t i = 0; i < COMMANDS; i++)
    sigaction(commands[i], &action, NULL);
}

/* Where signals are not blocked to be caught the handler is another by now, and stays. */
static void repeat_early(void)
{
  struct sigaction standard = {.sa_handler = SIG_DFL}, now;
  for (size_t i = 0; i < COMMANDS; i++) {
    if (sigaction(commands[i], NULL, &now) == 0 && now.sa_handler == remember)
      sigaction(commands[i], &standard, NULL);
    if (early[commands[i]])
      raise(commands[i]);
  }
}

int signals_init(void)
{
  int fd;
  await_early();
  fd = selfpipe_init();
  if (fd == -1)
    strerr_diefusys(111, "catch signals");
  catch_signals();
  repeat_early();
  return fd;
}

/* --- Afterwards ------------------------------------------------------------------------------------------------ */

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
