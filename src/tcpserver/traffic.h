/* traffic.h - how many bytes went through a connection: the kernel's own counters, for -V. */
#ifndef TCPSERVER_TRAFFIC_H
#define TCPSERVER_TRAFFIC_H

#include <stdint.h>

struct traffic {
  uint64_t in, out; /* bytes of data received from the peer; accepted for sending to it */
};

/* Of an open connection, or of -1. Zero where the system does not count (Linux does, tcp(7) TCP_INFO). */
struct traffic traffic_of(int connection);

#endif
