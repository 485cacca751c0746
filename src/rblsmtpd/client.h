/* client.h - who is connected, as $TCPREMOTEIP says: for the log, and under which name lists are asked about it. */
#ifndef RBLSMTPD_CLIENT_H
#define RBLSMTPD_CLIENT_H

#include <stdbool.h>

#include "address.h"
#include "text.h"

struct client {
  bool is_known; /* $TCPREMOTEIP is an address */
  /* The address in its canonical spelling, an IPv4-mapped one as IPv4; else what is there instead. */
  struct text text;
  char labels
      [ADDRESS_LABELS_SIZE]; /* if known: what goes before a list's domain (RFC 5782 sections 2.1 and 2.4) */
};

/* What `ip`, null if there is none, says. */
void client_from_text(struct client *c, char const *ip);

#endif
