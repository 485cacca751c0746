/* program.h - the program behind tcptls: a child, whose signals and end are those of tcptls. */
#ifndef TCPTLS_PROGRAM_H
#define TCPTLS_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "environment.h"

enum { PROGRAM_DESCRIPTORS_MAX = 3 };

struct program {
  char const *const *argv;
  int connection;                         /* its descriptors 0 and 1 */
  int inherited[PROGRAM_DESCRIPTORS_MAX]; /* close-on-exec here, open there; -1: none */
  int signals;                            /* readable when program_signals() has something to do */
  pid_t pid;
  bool ended;
  int status; /* of waitpid() */
};

/* To be called before anything is started: from now on its end can't be missed. Exits 111 if it can't be. */
void program_prepare(struct program *p);

/* Starts it with argv, connection and inherited as they are. Signals to end or to wake up, to tcptls, are passed on to
 * it from now on. False, and it is said why, if it can't be run. */
bool program_start(struct program *p, struct environment const *e);

/* Passes signals on, and learns of its end. */
void program_signals(struct program *p);

/* Ends as it has ended: with its exit status, or by the signal that it was killed by. */
_Noreturn void program_exit(struct program const *p);

#endif
