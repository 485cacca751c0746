/* confine.h - what a process that holds keys, or that reads what strangers send, gives up. */
#ifndef TCPTLS_CONFINE_H
#define TCPTLS_CONFINE_H

#include "tls.h"

/* Nobody of the same user can look into this process (where the system knows that), and it leaves no core behind. A
 * program that it runs is not bound by the former. */
void confine_secrets(void);

/* Becomes exactly what `who` says, for good, and then can't start processes, write files or gain privileges. Prints and
 * exits 111 if that is not so. */
void confine_worker(struct tls_begin const *who);

#endif
