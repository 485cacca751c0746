/* program.c - see program.h. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/selfpipe.h>
#include <skalibs/strerr.h>

#include "spawn.h"

/* Whoever sends these to tcptls means the program that it was asked to run. SIGPIPE is caught, not ignored, because what is
 * ignored here would be ignored there. */
static int const passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT};

static void trap(bool running)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  sigaddset(&set, SIGCHLD);
  for (size_t i = 0; running && i < sizeof passed_on / sizeof passed_on[0]; i++)
    sigaddset(&set, passed_on[i]);
  if (selfpipe_trapset(&set) == -1)
    strerr_diesys(111, PROG, ": fatal: ", "unable to catch signals");
}

void program_prepare(struct program *p)
{
  *p = (struct program){.connection = -1, .inherited = {-1, -1, -1}};
  signal(SIGCHLD, SIG_DFL); /* else its status would be lost */
  p->signals = selfpipe_init();
  if (p->signals == -1)
    strerr_diesys(111, PROG, ": fatal: ", "unable to catch signals");
  trap(false);
}

/* In the child, which shares our memory. */
static void let_through(void *context, pid_t pid)
{
  struct program const *p = context;
  (void)pid;
  for (size_t i = 0; i < PROGRAM_DESCRIPTORS_MAX; i++)
    if (p->inherited[i] != -1)
      fcntl(p->inherited[i], F_SETFD, 0);
}

bool program_start(struct program *p, struct environment const *e)
{
  struct spawner spawner;
  struct spawned new;
  struct spawn const what = {.argv = p->argv,
                             .path = environment_get(e, "PATH"),
                             .envp = e->entry,
                             .connection = p->connection,
                             .prepare = let_through,
                             .context = p};
  int result;
  trap(true);
  if (spawner_init(&spawner) == -1)
    strerr_diesys(111, PROG, ": fatal: ", "unable to start a process");
  result = spawn_run(&spawner, &what, &new);
  spawner_free(&spawner);
  if (result == -1) {
    strerr_warnsys(PROG, ": fatal: ", "unable to start a process");
    return false;
  }
  if (new.exec_errno != 0) {
    while (waitpid(new.pid, NULL, 0) == -1 && errno == EINTR)
      ;
    errno = new.exec_errno;
    strerr_warnsys(PROG, ": fatal: ", "unable to run ", p->argv[0]);
    return false;
  }
  p->pid = new.pid;
  return true;
}

void program_signals(struct program *p)
{
  int number, status;
  pid_t pid;
  while ((number = selfpipe_read()) > 0)
    if (number != SIGCHLD && number != SIGPIPE && p->pid != 0 && !p->ended)
      kill(p->pid, number);
  /* Children of another kind may have been inherited from a program that became tcptls. */
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    if (pid == p->pid) {
      p->ended = true;
      p->status = status;
    }
}

void program_exit(struct program const *p)
{
  if (WIFSIGNALED(p->status)) {
    struct rlimit const none = {0, 0};
    sigset_t set;
    setrlimit(RLIMIT_CORE, &none); /* the core is the program's */
    signal(WTERMSIG(p->status), SIG_DFL);
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    kill(getpid(), WTERMSIG(p->status));
    exit(128 + WTERMSIG(p->status));
  }
  exit(WEXITSTATUS(p->status));
}
