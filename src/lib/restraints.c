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

void restraints_put_on_writer(void)
{
#ifdef __linux__
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
  restraints_limit(RLIMIT_CORE, 0);
#ifdef RLIMIT_NPROC
  restraints_limit(RLIMIT_NPROC, 0);
#endif
}

void restraints_put_on(int first_output)
{
  restraints_put_on_writer();
  if (!writes_a_file(first_output))
    restraints_limit(RLIMIT_FSIZE, 0);
}

void restraints_keep_secrets(void)
{
  /* The program that is run may want cores: only this process's own are forbidden, which the soft limit would do to both.
   * Linux makes none of a process that can't be looked into. */
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) /* whose search for leaks looks into it */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
