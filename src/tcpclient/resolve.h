/* resolve.h - host and port arguments become addresses and numbers, or the program ends with the reason. */
#ifndef TCPCLIENT_RESOLVE_H
#define TCPCLIENT_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "connect.h"
#include "options.h"

/* The host's addresses of the families that -4, -6 and -i leave, in the order in which to try them. Never
 * empty: exits 111 with a message instead. */
struct endpoints resolve_host(struct options const *o);

/* A number from 1 to 65535, or a TCP name of the services database. False if it is neither. */
bool resolve_port(uint16_t *port, char const *text);

/* The service's name for TCPMUX: the argument itself, or a number's name in the services database. Null if
 * a number has no name. Valid until the next call of resolve_*. */
char const *resolve_service_name(char const *port);

#endif
