/* dialogue.h - SMTP with a client that is not wanted, on descriptors 0 and 1. */
#ifndef RBLSMTPD_DIALOGUE_H
#define RBLSMTPD_DIALOGUE_H

#include "text.h"

/* Greets, and refuses with "CODE text" whatever would bring a message nearer, until the client quits, goes away, or
 * timeout_s seconds are over; 0: the refusal is all, in place of the greeting. Never fails; takes the process's alarm
 * and its SIGALRM and SIGPIPE. If the time is over it ends the process, with status 0. */
void dialogue_run(char const *code, struct text const *text, unsigned int timeout_s);

#endif
