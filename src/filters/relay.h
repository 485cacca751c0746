/* relay.h - what recordio and fixcrio have in common: a program that runs with pipes as its standard input and output,
 * and a second process that passes on what goes through them. The program keeps the process id that it was started
 * with, so whoever waits for it sees its end as if nothing stood between. */
#ifndef FILTERS_RELAY_H
#define FILTERS_RELAY_H

#include <stddef.h>
#include <sys/types.h>

/* The most that is read at once. */
#define RELAY_PACKET_SIZE 65536

enum relay_way { RELAY_INPUT, RELAY_OUTPUT };
#define RELAY_WAYS 2

/* What is done to everything that passes; both are for the process that relays, and either may be null. */
struct relay_work {
  void *context;
  /* Told of a packet that was read, before it is passed on; with len 0, of the end. */
  void (*observe)(void *context, enum relay_way way, char const *packet, size_t len);
  /* Writes to `to` what shall be passed on in place of the packet, at most 2 * len + 1 octets; returns how many. */
  size_t (*change)(void *context, enum relay_way way, char *to, char const *packet, size_t len);
};

/* Makes the other process. Returns in this one, whose descriptors 0 and 1 are then the pipes and who is to execute the
 * program, and do nothing else; the other never returns. The work's context must last. 0, or -1 with errno. */
int relay_start(struct relay_work const *work);

#endif
