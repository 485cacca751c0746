/* conduit.h - a session among the events and deadlines of the program that runs it: its two sockets are watched as the
 * session needs it, and it ends when its time is up. */
#ifndef UCSPI_CONDUIT_H
#define UCSPI_CONDUIT_H

#include <stdbool.h>
#include <stdint.h>

#include "events.h"
#include "session.h"

struct conduit_times {
  int64_t handshake_ms; /* for the handshake */
  int64_t idle_ms;      /* nothing has moved either way for so long; 0: never mind */
};

struct conduit {
  struct session session;
  struct events *events;
  struct event net, plain;                 /* what events about the two are called */
  unsigned int watched_net, watched_plain; /* enum events_interest; 0: not watched */
  int64_t since_ms;                        /* it has been in `state` */
  enum session_state state;
};

/* As session_init(), and watches both. `net` and `plain` name the events that shall lead to conduit_step(). 0, or -1 with
 * errno: then the descriptors are still the caller's (net_fd may have become nonblocking). */
int conduit_open(struct conduit *c, struct events *events, SSL_CTX *context, bool server, int net_fd,
                 int plain_fd, struct event net, struct event plain, int64_t now_ms);

/* session_step(), and the watching that follows from it. To be called at first, after events, after SESSION_MORE, and
 * never again once the state is SESSION_OVER. */
enum session_result conduit_step(struct conduit *c, int64_t now_ms);

/* Has there been a handshake? */
bool conduit_is_made(struct conduit const *c);

/* When conduit_expire() is to be called; false if its time is not limited now. It changes with every step. */
bool conduit_deadline(struct conduit const *c, struct conduit_times const *times, int64_t *deadline_ms);

/* Ends the session if its deadline is over. */
void conduit_expire(struct conduit *c, struct conduit_times const *times, int64_t now_ms);

/* Nothing is watched any more, and all is closed and freed. */
void conduit_close(struct conduit *c);

#endif
