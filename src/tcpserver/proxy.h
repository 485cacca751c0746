/* proxy.h - the stage that only proxies get through: it reads the header with which one says whose connection it forwards
 * (-Y), exactly that and nothing of what follows, and from then on the connection is that client's. Who is no proxy, or has
 * sent no header in time, is refused. What a header looks like is in ../lib/proxyheader.h. */
#ifndef TCPSERVER_PROXY_H
#define TCPSERVER_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "admission.h"
#include "events.h"
#include "options.h"
#include "proxyheader.h"
#include "report.h"
#include "timers.h"
#include "waiting.h"

/* How many timers it sets, for timers_reserve(). */
#define PROXY_TIMERS 1

struct proxy {
  struct options const *options;
  struct report *report;
  struct events *events;
  struct timers *timers;
  struct waiting_table *table;     /* the server's */
  struct timer deadline;           /* of the connection that waits for its header longest */
  uint8_t octets[PROXYHEADER_MAX]; /* the header in hand */
};

enum outcome proxy_stage(void *proxy, struct connection *c);

/* A connection of WAITING_PROXY has something to read; a timer has expired (false: not ours). */
void proxy_event(struct proxy *p, struct waiting *w);
bool proxy_time(struct proxy *p, struct timer const *timer);

#endif
