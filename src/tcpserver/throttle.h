/* throttle.h - how often in all: -K. When it is too often accepting pauses, which costs nobody anything, until half of
 * what may come at once may come again, or what comes in ten seconds, if that is less; the listener stays open, and clients wait in the system's queue. */
#ifndef TCPSERVER_THROTTLE_H
#define TCPSERVER_THROTTLE_H

#include <stdbool.h>

#include "rates.h"
#include "report.h"
#include "timers.h"

struct throttle {
  struct rate rate; /* -K; count 0: none */
  struct bucket bucket;
  struct timer pause; /* accepting pauses until then; there must be room for it */
  struct timers *timers;
  struct report *report;
};

/* Accepting pauses. */
bool throttle_pauses(struct throttle const *t);

/* Whether one more may be accepted. */
bool throttle_admits(struct throttle *t);

/* There is one more, and it may not be accepted: the pause begins. */
void throttle_begin(struct throttle *t);

/* One was accepted, and not refused at once. */
void throttle_count(struct throttle *t);

/* This timer has expired: false if it is not its own. */
bool throttle_time(struct throttle *t, struct timer const *timer);

/* Nobody will be accepted any more. */
void throttle_stop(struct throttle *t);

#endif
