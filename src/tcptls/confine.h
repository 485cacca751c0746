/* confine.h - what a process that holds keys, or that reads what strangers send, gives up. */
#ifndef TCPTLS_CONFINE_H
#define TCPTLS_CONFINE_H

#include "tls.h"

/* Becomes exactly what `who` says, for good, and then can't start processes, write files or gain privileges. Prints and
 * exits 111 if that is not so. */
void confine_worker(struct ids const *who);

#endif
