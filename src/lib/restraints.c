/* restraints.c - see restraints.h. */
#include "restraints.h"

#include <stdbool.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

void restraints_limit(restraint_resource resource, rlim_t value)
{
  struct rlimit l;
  if (getrlimit(resource, &l) == -1)
    return;
  if (l.rlim_max > value)
    l.rlim_max = value;
  l.rlim_cur = l.rlim_max;
  setrlimit(resource, &l);
}

static bool writes_a_file(int first_output)
{
  struct stat st;
  for (int fd = first_output; fd <= 2; fd++)
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
      return true;
  return false;
}

void restraints_put_on(int first_output)
{
#ifdef __linux__
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
  restraints_limit(RLIMIT_CORE, 0);
  if (!writes_a_file(first_output))
    restraints_limit(RLIMIT_FSIZE, 0);
#ifdef RLIMIT_NPROC
  restraints_limit(RLIMIT_NPROC, 0);
#endif
}
