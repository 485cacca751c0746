/* sql.h - the stage that asks the rules of a database (-m). tcpsql(8), which is started with the rights that tcpserver has
 * before it drops them, sends them as an image, and here each connection is looked up in that: no question leaves this
 * process. */
#ifndef TCPSERVER_SQL_H
#define TCPSERVER_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include "admission.h"
#include "events.h"
#include "keeper.h"
#include "listener.h"
#include "report.h"
#include "ruletable.h"
#include "timers.h"

/* How many timers it sets. */
#define SQL_TIMERS KEEPER_TIMERS

struct sql {
  char const *dbconf; /* -m */
  struct listener const *listener;
  struct report *report;
  struct events *events;
  struct timers *timers;
  char const *const *environment; /* tcpsql's */
  struct keeper keeper;           /* tcpsql */
  bool has_tried;                 /* it knows whether there are rules */
  struct ruletable table;         /* the rules */
  int64_t stale_ms;               /* how long they are good */
  int64_t fresh_ms;               /* since then */
  bool told_stale;                /* the log knows that they are not */
  struct rules_verdict verdict;
  char edits[RULETABLE_EDITS_SIZE], joined[RULETABLE_EDITS_SIZE];
};

/* Starts tcpsql. The fields up to `environment` are set. Exits 111 if it can't be run. What is not here is done with its
 * keeper. */
void sql_start(struct sql *s);

/* Once privileges are dropped: tells it what to be, and waits until it has rules or knows that it can't get them now. Exits as
 * it does, 100 or 111, if its settings are wrong. */
void sql_begin(struct sql *s);

/* The end of a round, in which it may have failed: exits 111 if there are no rules and it can't be replaced. */
void sql_settle(struct sql *s);

/* Never waits. Without rules that are good it refuses. What the rules set is added to the verdict of the access stage, whose
 * own variables stay as they are. */
enum outcome sql_stage(void *sql, struct connection *c);

#endif
