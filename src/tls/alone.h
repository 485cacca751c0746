/* alone.h - a session that is all its process has to do. */
#ifndef UCSPI_ALONE_H
#define UCSPI_ALONE_H

#include <stdbool.h>
#include <stdint.h>

#include "events.h"
#include "session.h"

struct alone {
  struct session session;
  struct events events;
};

/* session_init(), and what waiting for it takes. 0, or -1 with errno; then the descriptors are still the caller's. */
int alone_init(struct alone *a, SSL_CTX *context, bool server, int net, int plain);

/* The handshake: returns when it is over, or has failed, or at deadline_ms (clock_ms()). True if it is over;
 * else session.failure says why not ("timed out" at the deadline), and the session is over. */
bool alone_shake(struct alone *a, int64_t deadline_ms);

/* The rest: returns when the session is over. idle_s: give up when the peer has sent nothing for so long; 0: never. */
void alone_relay(struct alone *a, unsigned int idle_s);

void alone_free(struct alone *a);

#endif
