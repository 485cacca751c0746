/* keeper.h - tcptls -H: the process that may read the keys. It keeps workers going that may not, and gives them what they
 * need; it never sees an octet of the network and parses no certificate. */
#ifndef TCPTLS_KEEPER_H
#define TCPTLS_KEEPER_H

#include "options.h"

/* The messages of tls.h on descriptor 0. Returns when the other side is gone; exits 111 with a message if it can't go
 * on. In a worker's process it returns when that has done its work. */
void keeper_run(struct options const *o);

#endif
