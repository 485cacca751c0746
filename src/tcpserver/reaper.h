/* reaper.h - how the end of a program is learned. Few children: SIGCHLD, and waitpid() for any of them, which
 * is cheapest. Many: the kernel would walk them all for each such call (half a millisecond at ten thousand),
 * so each gets a pidfd; and if it can't have one, it is asked now and then. */
#ifndef TCPSERVER_REAPER_H
#define TCPSERVER_REAPER_H

#include <stdbool.h>

#include "children.h"
#include "events.h"
#include "timers.h"

/* From this number on children are many, and down to that they stay so. */
#define REAPER_MANY 64
#define REAPER_FEW  16

struct reaper {
  struct children *children;
  struct events *events;
  struct timers *timers;
  struct timer sweep; /* the next look at children without a pidfd */
  void (*ended)(void *context, struct child *child, int wait_status);
  void (*stranger)(void *context,
                   pid_t pid); /* a child of ours that is not in the table has been waited for */
  void *context;
  bool many;
  unsigned int few;
  struct {
    pid_t pid;
    uint32_t index;
  } member[REAPER_MANY]; /* while they are few: all of them */
};

void reaper_init(struct reaper *r, struct children *children, struct events *events, struct timers *timers,
                 void (*ended)(void *, struct child *, int), void (*stranger)(void *, pid_t), void *context);

/* To be asked before a program is started: should it get a pidfd? */
bool reaper_wants_pidfd(struct reaper *r);

/* A program has been started and is in the table. */
void reaper_started(struct reaper *r, struct child *child);

/* SIGCHLD came; the pidfd of a child is readable; the timer has expired. */
void reaper_signal(struct reaper *r);
void reaper_event(struct reaper *r, uint32_t index);
void reaper_time(struct reaper *r);

#endif
