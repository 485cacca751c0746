/* descriptors.h - descriptors 0, 1 and 2, which a program may have been started without, and others, which it may have been
 * started with. */
#ifndef UCSPI_DESCRIPTORS_H
#define UCSPI_DESCRIPTORS_H

/* Makes sure that 0, 1 and 2 are open, so that no socket lands there. Those that were closed become so again at exec;
 * until then reading or writing them fails with EBADF. 0, or -1 with errno. */
int descriptors_guard(void);

/* Closes all but 0, 1 and 2. For who outlives the program that he works for: its locks and pipes must end with it. */
void descriptors_close_others(void);

/* Raises the limit to `needed`, or as far as the system lets us. Returns what it is now. */
unsigned int descriptors_allow(unsigned int needed);

#endif
