/* tickets.h - session tickets (RFC 5077, RFC 8446 section 4.6.1) under keys that several processes share. */
#ifndef UCSPI_TICKETS_H
#define UCSPI_TICKETS_H

#include <openssl/ssl.h>

#include "tls.h"

/* A key issues tickets for an hour, and opens them for two more; tickets are good for two hours. */
#define TICKETS_ROTATE_S   3600
#define TICKETS_LIFETIME_S 7200

struct tickets {
  struct tls_tickets keys; /* count 0: none yet; tickets are neither issued nor taken then */
};

/* A new first key; the oldest one is forgotten. 0, or -1 with errno: the system has no random octets to give. */
int tickets_rotate(struct tls_tickets *keys);

/* Tells the context to use them. `tickets` is borrowed for the context's life. */
int tickets_use(SSL_CTX *context, struct tickets const *tickets);

#endif
