/* pace.h - who comes too often? New connections from each address, by -k or by the MAXRATE of its rule. */
#ifndef TCPSERVER_PACE_H
#define TCPSERVER_PACE_H

#include <stdint.h>

#include "admission.h"
#include "rates.h"
#include "report.h"

/* Addresses that are remembered in each of two tables: three quarters of a power of two, as many as the hash table then
 * takes, so that one has 80 octets. 4 MB, as tcpserver(1) says; a busy server's clients of an hour. */
#define PACE_ADDRESSES 49152

struct pace {
  struct rate each;       /* -k; count 0: none */
  unsigned int bits6;     /* an IPv6 "address" is a network of that length */
  struct rates by_option; /* who was judged by -k */
  struct rates by_rule;   /* ... and by a MAXRATE: has memory once a rule has one */
  struct report *report;  /* hears when there is none */
};

/* Makes room for what -k remembers. 0, or -1 with errno ENOMEM. */
int pace_init(struct pace *p, struct rate const *each, unsigned int bits6);

/* Refuses who comes too often. A connection that is judged again, because it waited, has been counted. */
enum outcome pace_stage(void *pace, struct connection *c);

/* The same at a time of clock_ms(). */
enum outcome pace_judge(struct pace *p, struct connection *c, int64_t now_ms);

#endif
