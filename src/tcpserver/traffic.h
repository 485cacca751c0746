/* traffic.h - what goes through a connection: the kernel's own counters, for -V and -T. */
#ifndef TCPSERVER_TRAFFIC_H
#define TCPSERVER_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

struct traffic {
  uint64_t in, out; /* bytes of data received from the peer; accepted for sending to it */
};

struct activity {
  struct traffic traffic;
  uint64_t moved;   /* grows with every byte that arrives, is sent, or is acknowledged, for the first time */
  int64_t quiet_ms; /* so long ago at least did it last grow; repeated and empty segments may make it less */
};

/* Of an open connection. False if the system does not tell (Linux does from 4.19 on, tcp(7) TCP_INFO). */
bool activity_of(int connection, struct activity *out);

/* Does it tell? To be asked about any TCP socket, one that listens, for example. */
bool activity_is_known(int socket);

/* Of an open connection, or of -1. Zero where the system does not count. */
struct traffic traffic_of(int connection);

#endif
