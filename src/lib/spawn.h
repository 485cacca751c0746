/* spawn.h - start a program on a connection, for what an exec costs and nothing more: the child borrows the
 * parent's memory (vfork). Or call a function in a child that has a copy of that memory (fork). */
#ifndef UCSPI_SPAWN_H
#define UCSPI_SPAWN_H

#include <stdbool.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

struct spawner {
  void *stack; /* the child's, top end */
  int low;     /* a descriptor that a connection with a high number borrows, or -1 */
  int anchor;  /* what it refers to otherwise */
};

/* 0, or -1 with errno ENOMEM. */
int spawner_init(struct spawner *s);

/* Takes the lowest free descriptor (from 3), for life, so that connections that have a high number because many
 * are open cost no more than others. It is a duplicate of `anchor`, any descriptor that stays open. Without that,
 * or if there is no free one, they do cost more; that is all. */
void spawner_take_low(struct spawner *s, int anchor);
void spawner_free(struct spawner *s);

struct spawn {
  char const *const *argv; /* argv[0] without a slash is looked for in `path` */
  char const *path;        /* colon-separated, an empty element being "."; null: /bin:/usr/bin */
  char const *const *envp;
  int connection;              /* becomes descriptors 0 and 1; all others above 2 must be close-on-exec */
  bool crowded;                /* many descriptors are open: they must not be copied for the child */
  struct rlimit const *nofile; /* the limit to restore, or null */
  /* Called in the child just before it execs or calls, null for nothing. One that execs shares the parent's memory: it
   * may make async-signal-safe calls only. */
  void (*prepare)(void *context, pid_t pid);
  void *context;
};

struct spawned {
  pid_t pid;
  int exec_errno; /* 0, or why the program could not be run: the child has then exited 111 */
};

/* 0; or -1 with errno (EAGAIN, ENOMEM …) if there is no new process. The program's signal mask is empty.
 * The signal mask of the caller should block whatever it handles. */
int spawn_run(struct spawner *s, struct spawn const *what, struct spawned *out);

/* The same with a function in place of a program, which gets `path` in the environment only, and no descriptors but 0, 1
 * and 2. What it returns is the exit status, after stdio has been flushed; what was given to
 * atexit() is not called. environ is envp there; it costs less if that is so here already. If the child fails before that it exits 111, and nobody is told why. */
typedef int spawn_function(int argc, char **argv, char **envp);
int spawn_call(struct spawn const *what, spawn_function *function, struct spawned *out);

/* A descriptor, close-on-exec, that becomes readable when that child of ours ends. -1 with errno, ENOSYS where there is no
 * such thing. */
int spawn_pidfd(pid_t pid);

#endif
