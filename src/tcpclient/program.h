/* program.h - the process that tcpclient becomes: descriptors 6 and 7, the environment, and the exec. */
#ifndef TCPCLIENT_PROGRAM_H
#define TCPCLIENT_PROGRAM_H

#include "lookup.h"
#include "options.h"
#include "service.h"
#include "tls.h"

/* Runs o->prog on the connection, with what is known about it, and about its TLS (null without); returns never. */
_Noreturn void program_run(struct options const *o, struct connection const *c,
                           struct lookup_peer_answer const *facts, struct tls_facts const *tls);

#endif
