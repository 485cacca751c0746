/* single.h - tcptls PROG: TLS first, then the program, for one connection. */
#ifndef TCPTLS_SINGLE_H
#define TCPTLS_SINGLE_H

#include "options.h"

/* Exits as the program does; 111 with a message if it does not come to that. */
_Noreturn void single_run(struct options const *o);

#endif
