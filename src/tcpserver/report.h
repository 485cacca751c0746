/* report.h - what tcpserver says on standard error, to the letter of tcpserver(1). Lines are gathered and
 * written at once; nothing that a stranger chose gets into them uncleaned. */
#ifndef TCPSERVER_REPORT_H
#define TCPSERVER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "children.h"
#include "connection.h"
#include "options.h"
#include "rates.h"

struct report {
  enum verbosity verbosity;
  char const *local_host; /* -l, or null */
  size_t used;
  bool pressing;  /* there are other lines than those of ends */
  size_t start;   /* where the lines of the connection being launched begin */
  bool told;      /* the child has written them */
  size_t hole[2]; /* where in them its pid goes */
  char text[16384];
};

/* Is there something to be flushed? An end has been waited for, and can wait a little more for the next program's lines;
 * whoever is refused may look into the log at once. */
enum report_pending { REPORT_NOTHING, REPORT_PATIENT, REPORT_PRESSING };
enum report_pending report_pending(struct report const *r);
void report_flush(struct report *r);
void report_status(struct report *r, unsigned int running, unsigned int limit);
/* New rules from a database. */
void report_rules(struct report *r, uint64_t rows);
/* The arrival has been asked for, here and below. */
void report_deny(struct report *r, struct connection const *c);

/* The lines of a new program: composed before it starts, written by the child itself once it knows its pid,
 * so that they come before anything that the program says. */
void report_compose_start(struct report *r, struct connection const *c, unsigned int running,
                          unsigned int limit);
void report_write_start(void *report, pid_t pid);
void report_entrusted(struct report *r);          /* ... by a child that has a copy of them */
void report_started(struct report *r, pid_t pid); /* there is one: what it could not write is written now */
void report_not_started(struct report *r);        /* there is no child */

void report_end(struct report *r, struct child const *child, int wait_status);
void report_table(struct report *r, struct children const *t, uint32_t waiting, unsigned int limit,
                  size_t addresses);

/* How many were refused since the start, by reason. Nothing if nobody was. */
void report_refusals(struct report *r, uint64_t const count[REFUSALS]);

/* Accepting pauses, and goes on. */
void report_pause(struct report *r, struct rate const *rate);
void report_resume(struct report *r);

/* "warning: dropping connection, unable to VERB NAME: reason", and the same without the connection. */
void report_dropped(struct report *r, char const *verb, char const *name, char const *why);
void report_warning(struct report *r, char const *verb, char const *name, char const *why);

/* The system is short of something, as errno says: that is told, and is why this connection is refused. */
void report_shortage(struct report *r, struct connection *c, char const *verb);

#endif
