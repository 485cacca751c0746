/* revival.h - when a helper that has failed is started again: never while the process before it is there, at once for the
 * first time, and later the more often it fails. What it is and how it is started is its stage's business. */
#ifndef TCPSERVER_REVIVAL_H
#define TCPSERVER_REVIVAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "timers.h"

struct revival {
  struct timers *timers;
  struct timer timer;    /* wait for the old process, start a new one */
  pid_t pid;             /* 0: none that must be waited for */
  unsigned int failures; /* since it last was in order for long */
  int64_t started_ms;
  int64_t restart_ms; /* not before then */
};

/* There is a new process. */
void revival_started(struct revival *r, pid_t pid);

/* It has failed: ends what is left of it, and plans the next one. A process that has more rights than we do is left to
 * itself. */
void revival_failed(struct revival *r);

/* No new one could be started: plans to try again. */
void revival_not_started(struct revival *r);

/* The timer has expired: true if one is to be started now. */
bool revival_due(struct revival *r);

/* A child has been waited for by somebody else. */
void revival_reaped(struct revival *r, pid_t pid);

/* Ends the process, if there is one. 0, or -1 with errno as kill(2). */
int revival_kill(struct revival const *r);

#endif
