/* socket.h - the listening socket that tcpbind makes. */
#ifndef TCPBIND_SOCKET_H
#define TCPBIND_SOCKET_H

#include <stdint.h>

#include "options.h"

/* Listens when it returns; blocking, close-on-exec. Exits 111 with a message if it can't be had. */
int socket_listening(struct options const *o);

/* The port that a socket is bound to. */
uint16_t socket_port(int fd);

#endif
