/* confine.c - see confine.h. */
#include "confine.h"

#include <errno.h>

#include <skalibs/strerr.h>

#include "restraints.h"

#define die(...) strerr_die(111, PROG, ": fatal: ", __VA_ARGS__)

void confine_worker(struct ids const *who)
{
  char const *problem = ids_become(who);
  if (problem && errno == 0)
    die("unable to ", problem);
  if (problem)
    strerr_diefusys(111, problem);
  restraints_keep_secrets(); /* changing ids has undone it */
  restraints_put_on(2);
}
