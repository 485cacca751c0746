/* client.h - who is connected, as $TCPREMOTEIP says: for the log, and under which name lists are asked about it. */
#ifndef RBLSMTPD_CLIENT_H
#define RBLSMTPD_CLIENT_H

#include <stdbool.h>

#include "text.h"

/* RFC 5782 sections 2.1 and 2.4: an IPv4 address is four labels, an IPv6 address 32 labels of one digit; each with
 * its dot, the last octet or digit first. */
enum { CLIENT_LABELS_SIZE = 32 * 2 + 1 };

struct client {
  bool is_known; /* $TCPREMOTEIP is an address */
  struct text
      text; /* the address in its canonical spelling, an IPv4-mapped one as IPv4; else what is there instead */
  char labels[CLIENT_LABELS_SIZE]; /* if known: what goes before a list's domain */
};

/* What `ip`, null if there is none, says. */
void client_from_text(struct client *c, char const *ip);

#endif
