/* handshakes.h - the stage of TLS: a connection is handed over to a worker of tcptls(1), with one end of a pair, and prog gets the
 * other end once the handshake is over. Here are the workers as tcpserver knows them, each a channel; like all helpers they
 * are watched and never believed. What keeps them going is in keeper.h, what is said to them in ../lib/tls.h. */
#ifndef TCPSERVER_HANDSHAKES_H
#define TCPSERVER_HANDSHAKES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "admission.h"
#include "banner.h"
#include "events.h"
#include "keeper.h"
#include "listener.h"
#include "options.h"
#include "pulse.h"
#include "report.h"
#include "timers.h"
#include "waiting.h"

/* tcptls has 64 workers at most, and those that its predecessor left may have something to finish. */
#define WORKERS_MAX 128

enum worker_trouble {
  WORKER_IS_FINE,
  WORKER_HAS_ENDED,
  WORKER_SENT_NONSENSE,
  WORKER_IS_SILENT,
  WORKER_CANNOT_BE_WATCHED
};

struct worker {
  int channel; /* -1: there is none in this place */
  pid_t pid;
  unsigned int generation;     /* of the tcptls that it belongs to */
  uint32_t handshakes;         /* that it has not answered yet */
  enum worker_trouble trouble; /* till handshakes_settle() */
  bool retiring;               /* gets no more of them */
  bool full;                   /* its channel is watched for room */
  struct pulse pulse;
};

/* How many timers it sets, for timers_reserve(), besides one for each worker. */
#define HANDSHAKES_TIMERS (2 + KEEPER_TIMERS)

struct handshakes {
  struct options const *options;
  struct listener const *listener;
  struct report *report;
  struct events *events;
  struct timers *timers;
  struct waiting_table *table;    /* the server's */
  struct banner const *banner;    /* what is sent as soon as TLS is spoken, or null */
  char const *const *environment; /* tcptls's */
  struct keeper keeper;           /* tcptls */
  unsigned int generation;        /* how many there have been */
  struct worker worker[WORKERS_MAX];
  uint32_t places;       /* those from here on were never taken */
  uint32_t last;         /* who got the last connection */
  bool unsettled;        /* somebody has failed, or has nothing more to do */
  struct timer patience; /* the oldest handshake has taken too long */
  struct timer retry;    /* to hand over what the system had no room for */
};

/* Starts tcptls, with the rights that tcpserver still has. The fields up to `environment` are set; table and events may be made
 * later. Exits 111 if it can't be run. */
void handshakes_start(struct handshakes *h);

/* Takes what it gives once they have been dropped, and waits until it is ready: exits as it does if it is not. */
void handshakes_begin(struct handshakes *h);

enum outcome handshakes_stage(void *handshakes, struct connection *c);

/* Has keys and certificates read again. */
void handshakes_reload(struct handshakes *h);

/* A worker's channel is ready; the keeper's socket is; a timer has expired (false: none of these); the end of a round, in
 * which somebody may have failed: exits 111 if nobody is left and there is no hope. */
void handshakes_event(struct handshakes *h, uint32_t worker, unsigned int ready);
void handshakes_keeper_event(struct handshakes *h);
bool handshakes_time(struct handshakes *h, struct timer const *timer);
void handshakes_settle(struct handshakes *h);

#endif
