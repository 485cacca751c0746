/* ids.c - see ids.h. */
#include "ids.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool ids_are_sound(struct ids const *ids)
{
  return ids->group_count <= IDS_GROUPS_MAX && ids->uid != UINT32_MAX && ids->gid != UINT32_MAX;
}

static int compare(void const *a, void const *b)
{
  gid_t const *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

int ids_of_process(struct ids *out)
{
  gid_t group[IDS_GROUPS_MAX];
  int count = getgroups(IDS_GROUPS_MAX, group);
  if (count == -1)
    return -1;
  memset(out, 0, sizeof *out);
  out->uid = geteuid();
  out->gid = getegid();
  out->group_count = (uint32_t)count;
  for (int i = 0; i < count; i++)
    out->group[i] = group[i];
  return 0;
}

/* `wanted` is in order. */
static bool is_already(struct ids const *who, gid_t const *wanted)
{
  gid_t group[IDS_GROUPS_MAX];
  uid_t ruid, euid, suid;
  gid_t rgid, egid, sgid;
  int count = getgroups(IDS_GROUPS_MAX, group);
  if (count == -1 || getresuid(&ruid, &euid, &suid) == -1 || getresgid(&rgid, &egid, &sgid) == -1)
    return false;
  qsort(group, (size_t)count, sizeof *group, compare);
  return ruid == who->uid && euid == who->uid && suid == who->uid && rgid == who->gid && egid == who->gid &&
         sgid == who->gid && (uint32_t)count == who->group_count &&
         memcmp(group, wanted, (size_t)count * sizeof *group) == 0;
}

char const *ids_become(struct ids const *who)
{
  gid_t wanted[IDS_GROUPS_MAX] = {0};
  for (uint32_t i = 0; i < who->group_count; i++)
    wanted[i] = who->group[i];
  qsort(wanted, who->group_count, sizeof *wanted, compare);
  if (is_already(who, wanted))
    return NULL;
  if (setgroups(who->group_count, wanted) == -1)
    return "set groups";
  if (setresgid(who->gid, who->gid, who->gid) == -1)
    return "set gid";
  if (setresuid(who->uid, who->uid, who->uid) == -1)
    return "set uid";
  if (is_already(who, wanted) && (who->uid == 0 || (setuid(0) == -1 && seteuid(0) == -1)))
    return NULL;
  errno = 0;
  return "drop privileges: they can be had back";
}
