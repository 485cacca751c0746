/* opening.h - is it open for this peer now? The HOURS of its rule, by the clock on the wall. */
#ifndef TCPSERVER_OPENING_H
#define TCPSERVER_OPENING_H

#include <stdbool.h>
#include <time.h>

#include "admission.h"

/* The time of day, for as long as it is true: zeroed at first. */
struct opening {
  bool known;
  time_t minute; /* since the epoch: that which follows is of */
  unsigned int hour, minute_of_hour;
};

/* Refuses outside the hours of the rule that decides. */
enum outcome opening_stage(void *opening, struct connection *c);

/* The same at a time of time(). */
enum outcome opening_judge(struct opening *o, struct connection *c, time_t now);

/* Looks at the time zone of the system again. */
void opening_reload(struct opening *o);

#endif
