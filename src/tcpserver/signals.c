/* signals.c - see signals.h. */
#include "signals.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include <skalibs/selfpipe.h>
#include <skalibs/strerr.h>

#if defined(__linux__) && !defined(UCSPI_PORTABLE)
#include <sys/signalfd.h>
#endif

/* They ask for something, and would end us. */
static int const commands[] = {SIGALRM, SIGHUP, SIGUSR1, SIGUSR2};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* SIGPIPE is caught, not ignored: prog then has the default without a system call to restore it. */
static int const caught[] = {SIGTERM, SIGALRM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGCHLD};

static void set_of_caught(sigset_t *set)
{
  sigemptyset(set);
  for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
    sigaddset(set, caught[i]);
}

static _Noreturn void fail(char const *what)
{
  strerr_diefusys(111, what);
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

#if defined(__linux__) && !defined(UCSPI_PORTABLE)

/* --- One descriptor that tells more than their numbers ------------------------------------------------------------ */

static int descriptor = -1;

int signals_init(void)
{
  sigset_t set;
  set_of_caught(&set);
  descriptor = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (descriptor == -1 || sigprocmask(SIG_SETMASK, &set, NULL) == -1)
    fail("catch signals");
  return descriptor;
}

/* Anybody may send SIGCHLD, and the system does so for programs that are stopped, too. */
static bool tells_of_end(struct signalfd_siginfo const *s)
{
  return s->ssi_signo == SIGCHLD &&
         (s->ssi_code == CLD_EXITED || s->ssi_code == CLD_KILLED || s->ssi_code == CLD_DUMPED);
}

int signals_read(pid_t *ended)
{
  struct signalfd_siginfo s;
  ssize_t n = read(descriptor, &s, sizeof s);
  *ended = 0;
  if (n == -1 && errno != EAGAIN && errno != EINTR)
    fail("read signals");
  if (n != sizeof s)
    return 0;
  if (tells_of_end(&s))
    *ended = (pid_t)s.ssi_pid;
  return (int)s.ssi_signo;
}

#else

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
  sigset_t set;
  int fd;
  await_early();
  fd = selfpipe_init();
  if (fd == -1)
    fail("catch signals");
  set_of_caught(&set);
  if (selfpipe_trapset(&set) == -1)
    fail("catch signals");
  repeat_early();
  return fd;
}

/* --- Afterwards ------------------------------------------------------------------------------------------------ */

int signals_read(pid_t *ended)
{
  int number = selfpipe_read();
  *ended = 0;
  if (number == -1)
    fail("read signals");
  return number;
}

#endif
