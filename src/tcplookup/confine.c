/* confine.c - see confine.h. */
#include "confine.h"

#include "descriptors.h"
#include "restraints.h"

enum {
  /* Sockets of channels, one to a server or two, and the program's own. */
  DESCRIPTORS_FOR_DNS = 1024,
  /* What a process of libraries takes, and a full cache. */
  DATA_BASE = 64 << 20,
  /* Twice what a question with two names and ident was measured to take. */
  DATA_PER_QUESTION = 8 << 10
};

void confine(unsigned int waiting)
{
  descriptors_close_others();
  descriptors_allow(waiting + DESCRIPTORS_FOR_DNS);
  restraints_put_on(1);
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes */
  restraints_limit(RLIMIT_DATA, DATA_BASE + (rlim_t)waiting * DATA_PER_QUESTION);
#endif
}
