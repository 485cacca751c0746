/* sql.h - the stage that asks the rules of a database (-m). tcpsql(8), which is started with the rights that tcpserver has
 * before it drops them, sends them as an image, and here each connection is looked up in that: no question leaves this
 * process. It is watched, never believed, and replaced when it fails. */
#ifndef TCPSERVER_SQL_H
#define TCPSERVER_SQL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "admission.h"
#include "events.h"
#include "listener.h"
#include "report.h"
#include "revival.h"
#include "ruletable.h"
#include "timers.h"

/* How many timers it sets. */
#define SQL_TIMERS 2

struct sql {
  char const *dbconf; /* -m */
  struct listener const *listener;
  struct report *report;
  struct events *events;
  struct timers *timers;
  char const *const *environment; /* tcpsql's */
  int fd;                         /* our end of its socket, -1: there is none */
  char const *trouble;            /* what is wrong with it, till sql_settle() */
  bool told;                      /* the log knows of this outage */
  bool is_ready;
  bool has_tried; /* it knows whether there are rules */
  bool hopeless;  /* the last one never got ready, or could not even be run */
  struct timer overdue;
  struct revival revival;
  struct ruletable table; /* the rules */
  int64_t stale_ms;       /* how long they are good */
  int64_t fresh_ms;       /* since then */
  bool told_stale;        /* the log knows that they are not */
  struct rules_verdict verdict;
  char edits[RULETABLE_EDITS_SIZE], joined[RULETABLE_EDITS_SIZE];
};

/* Starts it. The fields up to `environment` are set, but for those that events need. Exits 111 if it can't be run. */
void sql_start(struct sql *s);

/* Once privileges are dropped: tells it what to be, and waits until it has rules or knows that it can't get them now. Exits as
 * it does, 100 or 111, if its settings are wrong. */
void sql_begin(struct sql *s);

/* Has db.conf and the table read again. */
void sql_reload(struct sql *s);

/* Ends it, which would end by itself if it is in order. */
void sql_stop(struct sql *s);

/* Its socket is readable; a timer has expired (false: none of these); a child was waited for that is no program's; the end
 * of a round, in which it may have failed: exits 111 if there are no rules and it can't be replaced. */
void sql_event(struct sql *s);
bool sql_time(struct sql *s, struct timer const *timer);
void sql_reaped(struct sql *s, pid_t pid);
void sql_settle(struct sql *s);

/* Never waits. Without rules that are good it refuses. What the rules set is added to the verdict of the access stage, whose
 * own variables stay as they are. */
enum outcome sql_stage(void *sql, struct connection *c);

#endif
