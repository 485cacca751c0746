/* confine.h - what this process gives up because it reads what strangers send: whatever it doesn't need for that. */
#ifndef TCPLOOKUP_CONFINE_H
#define TCPLOOKUP_CONFINE_H

/* Closes all descriptors above 2, allows as many as `waiting` questions need, and sets limits to everything else:
 * no core, no files, no processes, no new privileges, bounded memory. What the system refuses is left as it is. */
void confine(unsigned int waiting);

#endif
