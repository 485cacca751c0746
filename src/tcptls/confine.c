/* confine.c - see confine.h. */
#include "confine.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <skalibs/strerr.h>

#include "restraints.h"

#define die(...)         strerr_die(111, PROG, ": fatal: ", __VA_ARGS__)
#define die_system(what) strerr_diesys(111, PROG, ": fatal: ", what)

void confine_secrets(void)
{
  /* The program that is run may want cores: only this process's own are forbidden, which the soft limit would do to both.
   * Linux makes none of a process that can't be looked into. */
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) /* whose search for leaks looks into it */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* --- Ids ----------------------------------------------------------------------------------------------------- */

static int compare(void const *a, void const *b)
{
  gid_t const *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

/* The groups that this process has, in order. */
static size_t own_groups(gid_t group[TLS_GROUPS_MAX])
{
  int count = getgroups(TLS_GROUPS_MAX, group);
  if (count == -1)
    die_system("unable to get groups");
  qsort(group, (size_t)count, sizeof *group, compare);
  return (size_t)count;
}

static bool is_already(struct tls_begin const *who, gid_t const *wanted)
{
  static gid_t group[TLS_GROUPS_MAX];
  uid_t ruid, euid, suid;
  gid_t rgid, egid, sgid;
  size_t count = own_groups(group);
  if (getresuid(&ruid, &euid, &suid) == -1 || getresgid(&rgid, &egid, &sgid) == -1)
    die_system("unable to get ids");
  return ruid == who->uid && euid == who->uid && suid == who->uid && rgid == who->gid && egid == who->gid &&
         sgid == who->gid && count == who->group_count && memcmp(group, wanted, count * sizeof *group) == 0;
}

static void take_ids(struct tls_begin const *who)
{
  static gid_t wanted[TLS_GROUPS_MAX];
  for (uint32_t i = 0; i < who->group_count; i++)
    wanted[i] = who->group[i];
  qsort(wanted, who->group_count, sizeof *wanted, compare);
  if (is_already(who, wanted))
    return;
  if (setgroups(who->group_count, wanted) == -1)
    die_system("unable to set groups");
  if (setresgid(who->gid, who->gid, who->gid) == -1)
    die_system("unable to set gid");
  if (setresuid(who->uid, who->uid, who->uid) == -1)
    die_system("unable to set uid");
  if (!is_already(who, wanted) || (who->uid != 0 && (setuid(0) != -1 || seteuid(0) != -1)))
    die("unable to drop privileges: they can be had back");
}

/* --- The rest ------------------------------------------------------------------------------------------------ */

void confine_worker(struct tls_begin const *who)
{
  take_ids(who);
  confine_secrets(); /* changing ids has undone it */
  restraints_put_on(2);
}
