/* names.h - the stage that finds out names and ident, by asking tcplookup, and the care for that helper: it is
 * watched, never believed, and started again when it fails. */
#ifndef TCPSERVER_NAMES_H
#define TCPSERVER_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "admission.h"
#include "events.h"
#include "listener.h"
#include "lookup.h"
#include "options.h"
#include "pulse.h"
#include "recent.h"
#include "report.h"
#include "revival.h"
#include "timers.h"
#include "waiting.h"

/* How many timers it sets, for timers_reserve(). */
#define NAMES_TIMERS 3

struct names {
  struct options const *options;
  struct listener const *listener;
  struct report *report;
  struct events *events;
  struct timers *timers;
  char const *const *environment; /* the helper's */
  uint32_t wanted;                /* enum lookup_fact; 0: nothing is ever asked */
  struct waiting_table *table;    /* the server's */
  struct recent recent;
  int helper;          /* our end of its socket; -1: there is none that could be asked */
  char const *trouble; /* what is wrong with it, till names_settle() */
  bool told;           /* the log knows of this outage */
  bool writing;        /* its socket is watched for room */
  struct revival revival;
  struct pulse pulse;
  struct timer patience; /* the oldest question has waited too long */
};

/* What the options ask for, as enum lookup_fact; and which of rules' facts that are (enum rules_flag). */
uint32_t names_wanted(struct options const *o);
unsigned int names_pending(struct options const *o);

/* Starts the helper if there will be something to ask: exits 111 if it can't be run. The other fields above
 * `recent` are set before. */
void names_start(struct names *n);

/* Ends the helper, which would end by itself if it is in order. */
void names_stop(struct names *n);

enum outcome names_stage(void *names, struct connection *c);

/* The helper's socket is ready; a timer has expired (false: none of these); a child was waited for that is no
 * program's; the end of a round, in which the helper may have failed. */
void names_event(struct names *n, unsigned int ready);
bool names_time(struct names *n, struct timer const *timer);
void names_reaped(struct names *n, pid_t pid);
void names_settle(struct names *n);

/* The connection of this record waits no longer, and is the caller's: the record is free, or will be when the helper
 * knows that its question is not wanted any more. */
void names_release(struct names *n, struct waiting *w);

#endif
