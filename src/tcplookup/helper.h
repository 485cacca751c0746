/* helper.h - tcplookup -s: the messages of lookup.h on descriptor 0. */
#ifndef TCPLOOKUP_HELPER_H
#define TCPLOOKUP_HELPER_H

/* Answers until the other side is gone; returns then. Exits 111 with a message if it can't go on, or is sent what is no
 * question. */
void helper_run(unsigned int waiting);

#endif
