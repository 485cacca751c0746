/* stay.h - a process that stays behind when this one becomes another program. */
#ifndef FILTERS_STAY_H
#define FILTERS_STAY_H

#include <sys/types.h>

/* Makes a process that runs work(context), which never returns, with descriptors of its own and what is in memory now.
 * This one is to do nothing more than execute a program, or to exit if it can't: the other may begin only then. Once
 * in the life of a process. Returns the other's process id, or -1 with errno. */
pid_t stay_behind(void (*work)(void *context), void *context);

#endif
