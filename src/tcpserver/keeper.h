/* keeper.h - the care for tcptls(1), which is started with the rights that tcpserver has before it drops them, reads keys,
 * and keeps the workers going that speak TLS (tls.h). It is watched, never believed, and replaced when it fails, as far as
 * what tcpserver may do then allows that. */
#ifndef TCPSERVER_KEEPER_H
#define TCPSERVER_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "events.h"
#include "options.h"
#include "report.h"
#include "revival.h"
#include "timers.h"

/* How many timers it sets. */
#define KEEPER_TIMERS 2

struct keeper {
  struct options const *options;
  struct report *report;
  struct events *events;
  struct timers *timers;
  char const *const *environment; /* its own */
  /* A worker, and the descriptor of its channel, which is the callee's from then on. Null, or what is wrong with it. */
  char const *(*new_worker)(void *context, pid_t pid, int channel);
  void (*ready)(void *context); /* it has given all its workers */
  void *context;
  unsigned int generation; /* how many there have been */
  int fd;                  /* our end of its socket, -1: there is none */
  char const *trouble;     /* what is wrong with it, till keeper_settle() */
  bool told;               /* the log knows of this outage */
  bool is_ready;
  bool hopeless;        /* the last one never got ready, or could not even be run */
  struct timer overdue; /* it should have done by then what it is there for */
  struct revival revival;
};

/* Starts it. The fields up to `context` are set, but for those that events need. Exits 111 if it can't be run. */
void keeper_start(struct keeper *k);

/* Once privileges are dropped: tells it what its workers are to be, takes them, and waits until it is ready. Exits as it
 * does, 100 or 111, if it is not. */
void keeper_begin(struct keeper *k);

/* Has keys and certificates read again. It tells the log itself what becomes of that. */
void keeper_reload(struct keeper *k);

/* There is no worker left: it must give one soon. */
void keeper_expect_worker(struct keeper *k);

/* Its socket is readable; a timer has expired (false: none of these); a child was waited for that is no program's; the end
 * of a round, in which it may have failed: exits 111 if there are no workers and it can't be replaced. */
void keeper_event(struct keeper *k);
bool keeper_time(struct keeper *k, struct timer const *timer);
void keeper_reaped(struct keeper *k, pid_t pid);
void keeper_settle(struct keeper *k, bool have_workers);

#endif
