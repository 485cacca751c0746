/* alone.h - a session that is all its process has to do. */
#ifndef UCSPI_ALONE_H
#define UCSPI_ALONE_H

#include <stdbool.h>

#include "conduit.h"
#include "events.h"

struct alone {
  struct conduit conduit;
  struct events events;
  struct conduit_times times; /* the owner's to set before each of the two below */
};

/* session_init(), and what waiting for it takes. 0, or -1 with errno; then the descriptors are still the caller's. */
int alone_open(struct alone *a, SSL_CTX *context, bool server, int net, int plain);

/* Returns when the handshake is over, or has failed: true, or false with the reason in conduit.session.failure. */
bool alone_shake(struct alone *a);

/* Returns when the session is over. */
void alone_relay(struct alone *a);

void alone_close(struct alone *a);

#endif
