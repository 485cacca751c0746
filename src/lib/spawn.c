/* spawn.c - see spawn.h. Time goes into copying, so nothing is copied: not the address space (vfork), and not
 * a large descriptor table either, which with something for each of ten thousand children would cost as much again:
 * the child shares the table until close_range() gives it one of its own that holds the lowest few only. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "execute.h"
#include "streams.h"
#include "unforked.h"

#if defined(__linux__) && !defined(UCSPI_PORTABLE)
#include <sched.h>
#include <sys/syscall.h>
#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2 /* <linux/close_range.h>, which musl's compiler wrapper doesn't find */
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)0)
#endif

#define STACK_SIZE 65536

/* Copying so few descriptors more costs less than the two calls that avoid it. */
#define LOW_ENOUGH 64

struct child {
  struct spawn const *what;
  struct spawner const *spawner;
  bool shared_descriptors;
  bool volatile lowered; /* the connection has borrowed the low descriptor */
  int volatile exec_errno;
};

int spawner_init(struct spawner *s)
{
  char *stack = unforked_resize(NULL, 0, STACK_SIZE, 1); /* only for children that share our memory */
  if (!stack)
    return -1;
  *s = (struct spawner){.stack = stack + STACK_SIZE, .low = -1};
  return 0;
}

void spawner_take_low(struct spawner *s, int anchor)
{
  s->anchor = anchor;
  s->low = fcntl(anchor, F_DUPFD_CLOEXEC, 3);
}

void spawner_free(struct spawner *s)
{
  unforked_resize((char *)s->stack - STACK_SIZE, STACK_SIZE, 0, 1);
  if (s->low != -1)
    close(s->low);
}

#if defined(__linux__) && !defined(UCSPI_PORTABLE)
static bool lies_high(struct spawner const *s, int connection)
{
  return s->low != -1 && connection > s->low + LOW_ENOUGH;
}
#endif

/* A descriptor table of the child's own. What lies above the connection is close-on-exec anyway and need not
 * be copied; a connection that lies high itself is copied to the low descriptor first, while the parent sleeps. The
 * connection's number in the new table, or -1. */
static int own_descriptors(struct child *child)
{
  int connection = child->what->connection;
#if defined(__linux__) && !defined(UCSPI_PORTABLE)
  if (lies_high(child->spawner, connection) && dup3(connection, child->spawner->low, O_CLOEXEC) != -1) {
    child->lowered = true;
    connection = child->spawner->low;
  }
  if (syscall(SYS_close_range, (unsigned int)(connection > 2 ? connection : 2) + 1, UINT_MAX,
              CLOSE_RANGE_UNSHARE) == -1 &&
      unshare(CLONE_FILES) == -1)
    return -1;
#endif
  return connection;
}

/* So that none is blocked. sigprocmask() and sigemptyset() are far apart in the C library, from each other and from all else
 * that a child of fork() calls: it would have three pages more to map. */
__attribute__((no_sanitize("address"), hot)) static int unblock_signals(void)
{
#if defined(__linux__) && !defined(UCSPI_PORTABLE)
  sigset_t const none = {0};
  return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, _NSIG / CHAR_BIT);
#else
  sigset_t none;
  sigemptyset(&none);
  return sigprocmask(SIG_SETMASK, &none, NULL);
#endif
}

/* Whatever runs in the child finds it like this. 0, or -1 with errno. */
__attribute__((no_sanitize("address"), hot)) static int take_connection(int connection)
{
  return dup2(connection, 0) == -1 ? -1 : dup2(connection, 1);
}

__attribute__((no_sanitize("address"), hot)) static int furnish(struct spawn const *what)
{
  if (what->nofile && setrlimit(RLIMIT_NOFILE, what->nofile) == -1)
    return -1;
  if (what->prepare)
    what->prepare(what->context, getpid());
  return unblock_signals();
}

__attribute__((no_sanitize("address"))) static int run_child(void *pointer)
{
  struct child *child = pointer;
  struct spawn const *what = child->what;
  int connection = child->shared_descriptors ? own_descriptors(child) : what->connection;

  if (connection == -1 || take_connection(connection) == -1 || furnish(what) == -1) {
    child->exec_errno = errno;
    _exit(111);
  }
  child->exec_errno = execute(what->argv[0], what->argv, what->path, what->envp);
  _exit(111);
}

#if defined(__linux__) && !defined(UCSPI_PORTABLE)
/* Else the connection would stay open here. */
static void give_back(struct spawner *s)
{
  if (dup3(s->anchor, s->low, O_CLOEXEC) == -1) {
    close(s->low);
    s->low = -1;
  }
}

/* The parent's table is shared at first where copying it would cost much. */
static pid_t start(struct spawner *s, struct child *child)
{
  int const flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  pid_t pid;
  child->shared_descriptors = child->what->crowded || lies_high(s, child->what->connection);
  pid = clone(run_child, s->stack, child->shared_descriptors ? flags | CLONE_FILES : flags, child);
  if (child->lowered)
    give_back(s);
  return pid;
}
#else
static pid_t start(struct spawner *s, struct child *child)
{
  pid_t pid = vfork();
  (void)s;
  if (pid == 0)
    run_child(child);
  return pid;
}
#endif

int spawn_run(struct spawner *s, struct spawn const *what, struct spawned *out)
{
  struct child child = {.what = what, .spawner = s};

  /* The last child left this stack without returning. */
  ASAN_UNPOISON_MEMORY_REGION((char *)s->stack - STACK_SIZE, STACK_SIZE);
  out->pid = start(s, &child);
  if (out->pid == -1)
    return -1;
  out->exec_errno = child.exec_errno;
  return 0;
}

int spawn_pidfd(pid_t pid)
{
#if defined(SYS_pidfd_open) && !defined(UCSPI_PORTABLE)
  return (int)syscall(SYS_pidfd_open, pid, 0);
#else
  (void)pid;
  errno = ENOSYS;
  return -1;
#endif
}

__attribute__((hot)) static _Noreturn void call_in_child(struct spawn const *what, spawn_function *function)
{
  char **argv = (char **)(void const *)what->argv;
  int argc = 0, status;
  if (take_connection(what->connection) == -1)
    _exit(111);
  /* Before there is a lower limit, which could hide some. */
  descriptors_close_others();
  if (furnish(what) == -1)
    _exit(111);
  while (argv[argc])
    argc++;
  /* It may be that already, which spares a page (spawn.h). */
  if (environ != (char **)(void const *)what->envp)
    environ = (char **)(void const *)what->envp;
  status = function(argc, argv, environ);
  /* Not exit(): what the parent has given to atexit() is for the parent's end. And it costs ten more pages. */
  streams_flush();
  _exit(status);
}

/* fork() and not clone(): what is called may be anything, and the C library has to know that it is in another process. */
__attribute__((hot)) int spawn_call(struct spawn const *what, spawn_function *function, struct spawned *out)
{
  *out = (struct spawned){.pid = fork()};
  if (out->pid == -1)
    return -1;
  if (out->pid == 0)
    call_in_child(what, function);
  return 0;
}
