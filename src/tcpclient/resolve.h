/* resolve.h - host and port arguments become addresses and numbers, or the program ends with the reason. */
#ifndef TCPCLIENT_RESOLVE_H
#define TCPCLIENT_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "connect.h"
#include "inquiry.h"
#include "options.h"

/* How long the IPv6 addresses are waited for once the IPv4 ones are there (RFC 8305 section 8: Resolution Delay). */
enum { RESOLUTION_DELAY_MS = 50 };

/* The addresses of a host, of the families that -4, -6 and -i leave, in the order in which to try them. */
struct resolution {
  struct endpoints endpoints;
  struct connect_source
      more; /* brings the other family's, if its answer is not there yet; refers to this struct */
  /* For resolve.c alone. */
  struct options const *options;
  struct inquiry *helper;
  unsigned int scope;           /* of -I; 0: none */
  bool waits4, waits6;          /* for the answer about this family */
  enum lookup_status status[2]; /* of the answers so far, IPv4 and IPv6 */
};

/* Fills in at least one address, or exits 111 with a message. Only a name is a question for the helper. */
void resolve_host(struct resolution *r, struct options const *o, struct inquiry *h);

/* A number from 1 to 65535, or a TCP name of the services database. False if it is neither. */
bool resolve_port(uint16_t *port, char const *text);

/* The service's name for TCPMUX: the argument itself, or a number's name in the services database. Null if
 * a number has no name. Valid until the next call of resolve_*. */
char const *resolve_service_name(char const *port);

/* True if a host argument is a name that is looked up, not an address in one of its spellings. */
bool resolve_is_name(char const *host);

#endif
