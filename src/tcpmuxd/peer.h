/* peer.h - who the client is, as the UCSPI server that started us says in the environment. */
#ifndef TCPMUXD_PEER_H
#define TCPMUXD_PEER_H

#include "address.h"

struct peer {
  struct address address;       /* ADDRESS_NONE if TCPREMOTEIP is unset or is no address */
  char const *host;             /* TCPREMOTEHOST, or null if unset or empty */
  char const *info;             /* TCPREMOTEINFO, likewise */
  char text[ADDRESS_TEXT_SIZE]; /* the address for log lines, IPv6 in brackets, or "unknown" */
};

/* The strings are borrowed from the environment. */
struct peer peer_from_environment(void);

#endif
