/* idle.h - shuts down connections on which nothing moves (-T). Nobody relays them: the kernel is asked when it is time,
 * and then once more after the same time at the earliest. */
#ifndef TCPSERVER_IDLE_H
#define TCPSERVER_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "timers.h"
#include "traffic.h"

/* Connections that are looked at, and perhaps shut down, before other events are. */
#define IDLE_BURST 128

/* One connection. */
struct watched {
  struct timer due;       /* it is looked at; first, so that it leads to its record */
  int connection;         /* the caller's, who keeps it open */
  uint64_t moved;         /* until it was last looked at: struct activity */
  bool ended;             /* by us; no longer looked at then */
  struct traffic traffic; /* … what had gone through it */
  struct watched *next;   /* among those that are free */
};

/* How many timers it sets, for timers_reserve(). */
#define IDLE_TIMERS 1

struct idle {
  int64_t limit_ms;      /* 0: nothing is ever idle, and nothing is watched */
  struct timers *timers; /* the server's */
  struct timer next;     /* in there: the first of those below is due */
  struct timers due;
  struct watched *free;
};

/* Sees to it that the next idle_watch() has a record to give. 0, or -1 with errno ENOMEM. */
int idle_prepare(struct idle *w);

/* Watches a connection, until idle_forget(), which must be called before it is closed. Null if nothing is watched. */
struct watched *idle_watch(struct idle *w, int connection, int64_t now_ms);
void idle_forget(struct idle *w, struct watched *connection);

/* `next` has expired. */
void idle_check(struct idle *w, int64_t now_ms);

#endif
