/* one.h - what single.c and ucspitls.c have in common: one connection on descriptor 0, its session, its program, and the
 * wait for all of them. */
#ifndef TCPTLS_ONE_H
#define TCPTLS_ONE_H

#include <stdbool.h>

#include "address.h"
#include "decimal.h"
#include "environment.h"
#include "events.h"
#include "conduit.h"
#include "options.h"
#include "program.h"
#include "tls.h"

struct one {
  struct options const *options;
  struct server_context *context;
  struct events events;
  struct program program;
  struct conduit conduit;
  bool open; /* there is a conduit */
  bool more; /* it can go on at once */
  int net;   /* the connection; -1 once it is the session's */
  char peer[sizeof " with  port " + ADDRESS_TEXT_SIZE +
            DECIMAL_SIZE]; /* for the log; empty if it has no address */
  int pair[2]; /* tls_pair(): the program's end, -1 once that has it; our end, -1 once it is the session's */
};

/* What events are about. The last one is for ucspitls.c. */
enum one_source { ONE_NET, ONE_PLAIN, ONE_SIGNAL, ONE_CONTROL };

/* Takes the connection off descriptors 0 and 1, which become /dev/null, reads keys and certificates, makes the pair. Exits
 * 111 with a message if it can't. */
void one_prepare(struct one *one, struct options const *o);

/* Begins with the handshake. Exits 111 with a message if memory is short. */
void one_open(struct one *one);

/* Waits until something has happened, and deals with it; closes what is over. Returns what the caller watches as
 * ONE_CONTROL is ready for, or 0. */
unsigned int one_turn(struct one *one);

/* The environment for the program: our own without what it says of another connection's TLS. Exits 111 if memory is
 * short. */
void one_environment(struct environment *e);

/* Adds what is known of this one. It must be open, and the handshake over. */
void one_describe(struct one const *one, struct environment *e);

/* Says why there was no handshake. */
void one_tell_failure(struct one const *one);

/* Goes on until both the connection and the program have ended, then exits as that did. */
_Noreturn void one_finish(struct one *one);

#endif
