/* privileges.c - see privileges.h. The ids are worked out first, then set in the only safe order: groups, gid,
 * uid. */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/setgroups.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#define GROUPS_MAX 1024

struct identity {
  bool set_uid, set_gid;
  uid_t uid;
  gid_t gid;
  gid_t group[GROUPS_MAX]; /* supplementary, gid included */
  int groups;
};

static char const *variable(char const *name)
{
  char const *value = getenv(name);
  if (!value)
    strerr_dief(111, "-U was given, but $", name, " is not set");
  return value;
}

static void from_environment(struct identity *id)
{
  char const *list = getenv("GIDLIST");
  size_t groups = 0;
  if (!uid0_scan(variable("UID"), &id->uid))
    strerr_dief(111, "$UID is not a number: ", variable("UID"));
  if (!gid0_scan(variable("GID"), &id->gid))
    strerr_dief(111, "$GID is not a number: ", variable("GID"));
  if (list && *list && list[gid_scanlist(id->group, GROUPS_MAX, list, &groups)])
    strerr_dief(111, "$GIDLIST is not a list of at most 1024 numbers: ", list);
  id->groups = (int)groups;
  if (groups == 0)
    id->group[id->groups++] = id->gid;
  id->set_uid = id->set_gid = true;
}

static struct passwd const *find_user(char const *user, uid_t *uid)
{
  struct passwd const *entry;
  errno = 0;
  entry = uid0_scan(user, uid) ? getpwuid(*uid) : getpwnam(user);
  if (!entry && errno != 0 && errno != ENOENT && errno != ESRCH)
    strerr_diefusys(111, "look up user ", user);
  return entry;
}

/* A name brings its groups along; a number brings the group of its entry in the user database. */
static void from_user(struct identity *id, char const *user, bool have_group)
{
  uid_t number = 0;
  bool is_number = uid0_scan(user, &number) != 0;
  struct passwd const *entry = find_user(user, &number);
  if (!entry && !is_number)
    strerr_dief(111, "unknown user: ", user);
  if (!entry && !have_group)
    strerr_dief(111, "user ", user, " is not in the user database: name a group with -g too");
  id->uid = entry ? entry->pw_uid : number;
  id->set_uid = true;
  if (!entry || have_group)
    return;
  id->gid = entry->pw_gid;
  id->set_gid = true;
  id->groups = 0;
  if (is_number)
    id->group[id->groups++] = entry->pw_gid;
  else {
    id->groups = GROUPS_MAX;
    if (getgrouplist(user, entry->pw_gid, id->group, &id->groups) == -1)
      strerr_dief(111, "user ", user, " is in more than 1024 groups");
  }
}

static void from_group(struct identity *id, char const *group)
{
  if (!gid0_scan(group, &id->gid)) {
    struct group const *entry;
    errno = 0;
    entry = getgrnam(group);
    if (!entry)
      strerr_dief(111, "unknown group: ", group);
    id->gid = entry->gr_gid;
  }
  id->set_gid = true;
  id->group[0] = id->gid;
  id->groups = 1;
}

/* With -u NAME -g GROUP the name's supplementary groups still come along, GROUP being the main one. */
static void name_and_group(struct identity *id, char const *user, char const *group)
{
  uid_t number;
  from_user(id, user, true);
  from_group(id, group);
  if (!uid0_scan(user, &number)) {
    id->groups = GROUPS_MAX;
    if (getgrouplist(user, id->gid, id->group, &id->groups) == -1)
      strerr_dief(111, "user ", user, " is in more than 1024 groups");
  }
}

/* An ordinary user who asks for what it is already needs no rights for it. */
static bool already(struct identity const *id)
{
  uid_t ruid, euid, suid;
  gid_t rgid, egid, sgid;
  if (geteuid() == 0 || getresuid(&ruid, &euid, &suid) == -1 || getresgid(&rgid, &egid, &sgid) == -1)
    return false;
  return (!id->set_uid || (ruid == id->uid && euid == id->uid && suid == id->uid)) &&
         (!id->set_gid || (rgid == id->gid && egid == id->gid && sgid == id->gid));
}

void privileges_drop(struct options const *o)
{
  struct identity id = {.set_uid = false};
  if (o->ids_from_environment)
    from_environment(&id);
  if (o->user && o->group)
    name_and_group(&id, o->user, o->group);
  else if (o->user)
    from_user(&id, o->user, false);
  else if (o->group)
    from_group(&id, o->group);

  if ((!id.set_uid && !id.set_gid) || already(&id))
    return;
  if (id.set_gid && setgroups((size_t)id.groups, id.group) == -1)
    strerr_diefusys(111, "set groups");
  if (id.set_gid && setgid(id.gid) == -1)
    strerr_diefusys(111, "set gid");
  if (id.set_uid && setuid(id.uid) == -1)
    strerr_diefusys(111, "set uid");
  if (id.set_uid && id.uid != 0 && setuid(0) != -1)
    strerr_dief(111, "unable to drop privileges: they can be had back");
}
