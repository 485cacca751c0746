/* program.h - the process that tcpclient becomes: descriptors 6 and 7, the environment, and the exec. */
#ifndef TCPCLIENT_PROGRAM_H
#define TCPCLIENT_PROGRAM_H

#include "lookup.h"
#include "options.h"
#include "service.h"

/* Makes sure that 0, 1 and 2 are open, so that no socket lands there. Those that were closed become so again
 * at exec; until then reading or writing them fails with EBADF. */
void program_guard_descriptors(enum verbosity verbosity);

/* Runs o->prog on the connection, with what is known about it; returns never. */
_Noreturn void program_run(struct options const *o, struct connection const *c,
                           struct lookup_peer_answer const *facts);

#endif
