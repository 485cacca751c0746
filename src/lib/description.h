/* description.h - what is known about a connection, and the variables that tell a program of it: ucspi-environ(5). */
#ifndef UCSPI_DESCRIPTION_H
#define UCSPI_DESCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "environment.h"
#include "lookup.h"

struct description {
  struct address local, remote;
  uint16_t local_port, remote_port;
  /* Null for what is not known. All are borrowed. */
  char const *local_host, *remote_host, *remote_info;
  struct address
      proxy; /* that forwards the connection, whose other end it is; family NONE if there is none */
  uint16_t proxy_port;
  char const *unconfirmed; /* the remote host's name if it was not confirmed: TCPPARANOID */
  bool tcp6;               /* PROTO is TCP6, else TCP */
  bool twins; /* a TCP6 variable beside each that begins with TCP; IPv4 addresses are mapped there */
};

/* Takes over the facts of an answer, borrowed from it. Those that it lacks stay as they are. */
void description_learn(struct description *d, struct lookup_peer_answer const *facts);

/* Adds the variables to an environment that has none of them (environment_ucspi_names). 0, or -1 with errno ENOMEM or
 * E2BIG. */
int description_add(struct description const *d, struct environment *e);

#endif
