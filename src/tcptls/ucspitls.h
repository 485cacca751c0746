/* ucspitls.h - tcptls -u PROG: the program first, TLS when it says so (UCSPI-TLS, by Scott Gifford and Charlie Brady). */
#ifndef TCPTLS_UCSPITLS_H
#define TCPTLS_UCSPITLS_H

#include "options.h"

/* Exits as the program does; 111 with a message if it is not even started. */
_Noreturn void ucspitls_run(struct options const *o);

#endif
