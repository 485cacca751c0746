/* service.h - how the wanted service is reached: at a port of its own, through the host's TCPMUX server, or the
 * second after the first was of no use. */
#ifndef TCPCLIENT_SERVICE_H
#define TCPCLIENT_SERVICE_H

#include <stdint.h>

#include "address.h"
#include "inquiry.h"
#include "mux.h"
#include "options.h"

struct connection {
  int fd; /* nonblocking, close-on-exec */
  struct address local, remote;
  uint16_t local_port, remote_port;
  char mux_service[MUX_NAME_MAX + 1]; /* lower case; empty if TCPMUX was not asked */
};

/* Exits 111 with a message if the service can't be reached, 100 if its name is not one that -x or -X can ask
 * for. A name of the host is a question for the helper. */
struct connection service_reach(struct options const *o, struct inquiry *h);

#endif
