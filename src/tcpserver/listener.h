/* listener.h - the listening socket: made from host and port, or passed in by whoever started us. */
#ifndef TCPSERVER_LISTENER_H
#define TCPSERVER_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "options.h"

struct listener {
  int fd;               /* nonblocking, close-on-exec, above 2 */
  struct address local; /* what it is bound to */
  uint16_t port;
  bool wildcard; /* bound to every address: ask each connection which one it reached */
};

/* Exits 111 with a message if it can't be had. */
struct listener listener_open(struct options const *o);

/* Tells those who wait for it that connections are accepted now: -1 prints the port; $NOTIFY_SOCKET is told
 * READY=1 (sd_notify(3)). Standard output is closed afterwards (it becomes /dev/null). */
void listener_announce(struct listener const *l, struct options const *o);

#endif
