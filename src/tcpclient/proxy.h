/* proxy.h - the PROXY header of -y, which goes before everything else: whose connection it is that this one continues. */
#ifndef TCPCLIENT_PROXY_H
#define TCPCLIENT_PROXY_H

#include <stdint.h>

#include "address.h"
#include "options.h"

/* Exits 111 with a message if the environment tells of a connection, but not what a header needs. */
void proxy_check(struct options const *o);

/* Sends the header over a connection that was just made between these: that of the environment's connection if it has
 * one, else its own. Exits 111 with a message if it can't be sent. */
void proxy_introduce(struct options const *o, int fd, struct address const *local, uint16_t local_port,
                     struct address const *remote, uint16_t remote_port);

#endif
