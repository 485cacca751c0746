/* limits.h - who is over the limit? Connections per address and per network, the machine's load, and how many
 * programs there may be in all. A rule's variables (MAXPERIP, MAXCONNIP, MAXCONNC, MAXLOAD) set limits for
 * the peers that it matches. */
#ifndef TCPSERVER_LIMITS_H
#define TCPSERVER_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "admission.h"
#include "hashtable.h"

struct report;

struct limits {
  unsigned int concurrency;     /* -c */
  char const *concurrency_file; /* -c file, or null */
  unsigned int per_address;     /* -C, 0 = none */
  unsigned int address_bits6;   /* an IPv6 "address" is a network of that length */
  struct hashtable addresses;   /* connections now, by address */
  struct hashtable networks;    /* ... by IPv4 /24 and IPv6 /56 */
  int64_t load_until_ms;        /* the figure below is taken as true until then */
  unsigned int load;            /* hundredths of the one-minute load average */
  struct report *report;
};

/* Reads the first line of limits->concurrency_file: a number from 1 to 2147483647. 0, or -1 with errno (EINVAL: not
 * such a number), and the limit stays as it was. */
int limits_read_concurrency(struct limits *l);

/* What that errno means, for people. */
char const *limits_problem(int error);

/* Refuses, or counts the connection; one that is counted already is only judged again. */
enum outcome limits_stage(void *limits, struct connection *c);

/* Takes back what the stage counted: the connection has ended, or a later stage refused it. */
void limits_leave(struct limits *l, struct address const *remote);

#endif
