/* reaper.h - how the end of a program is learned. SIGCHLD says that there is one, and at times whose: few children are
 * then all asked at once, which is cheapest. The kernel would walk many of them for each such call (half a millisecond at
 * ten thousand), so they get a pidfd each. That costs as much as a tenth of the start of a program: only those get one
 * that do not end soon; and who can't have one is asked now and then. */
#ifndef TCPSERVER_REAPER_H
#define TCPSERVER_REAPER_H

#include <stdbool.h>

#include "children.h"
#include "events.h"
#include "timers.h"

/* From this number on children are many, and down to that they stay so. */
#define REAPER_MANY 64
#define REAPER_FEW  16

/* When they are many: how many are young, and how often one of these is asked in vain until it is not. */
#define REAPER_YOUNG 16
#define REAPER_ASKED 8

/* Descriptors that are left for accepting, reading rules and so on when every child holds a pidfd. */
#define REAPER_SPARE_DESCRIPTORS 32

struct reaper {
  struct children *children;
  struct events *events;
  struct timers *timers;
  struct timer sweep; /* the next look at children that should have a pidfd, and have none */
  void (*over)(void *context, struct child *child);
  void (*ended)(void *context, struct child *child, int wait_status);
  void (*stranger)(void *context, pid_t pid);
  void *context;
  bool many;
  unsigned int young;
  struct {
    pid_t pid;
    uint32_t index;
    unsigned int asked;
  } member[REAPER_MANY]; /* those that are young; while they are few, all of them */
};

/* over: the program has ended, and that will be told next: it takes time to wait for it. Not called for each. ended: it has
 * been waited for; its place in the table is given back by that. stranger: a child of ours that is not in the table has been
 * waited for. SIGCHLD is caught already. */
void reaper_init(struct reaper *r, struct children *children, struct events *events, struct timers *timers,
                 void (*over)(void *, struct child *), void (*ended)(void *, struct child *, int),
                 void (*stranger)(void *, pid_t), void *context);

/* A program has been started and is in the table. */
void reaper_started(struct reaper *r, struct child *child);

/* SIGCHLD came, of that child if it is known, or 0; the pidfd of a child is readable; the timer has expired. */
void reaper_signal(struct reaper *r, pid_t pid);
void reaper_event(struct reaper *r, uint32_t index);
void reaper_time(struct reaper *r);

#endif
