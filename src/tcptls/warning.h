/* warning.h - what all faces of tcptls say of a file that they use nevertheless. */
#ifndef TCPTLS_WARNING_H
#define TCPTLS_WARNING_H

#include <skalibs/strerr.h>

static inline void warn_of_file(char const *file, char const *text)
{
  strerr_warn(PROG, ": warning: ", file, ": ", text);
}

#endif
