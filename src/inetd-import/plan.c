/* plan.c - see plan.h. What is made is made in a folder of its own, with a name that svscan passes over, and moved to
 * its place when it is whole: so a service never runs half-made, and one that is there already is never touched. */
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>

#include "rulefile.h"

static struct planned *add(struct plan *p, char const *folder, char const *name, enum planned_kind kind)
{
  struct text path = TEXT_ZERO;
  if ((p->count & (p->count - 1)) == 0)
    p->list = memory_more(p->list, p->count ? 2 * p->count : 1, sizeof *p->list);
  text_add(&path, folder);
  if (name)
    text_addf(&path, "/%s", name);
  p->list[p->count] = (struct planned){.path = path.at, .kind = kind, .mode = 0755};
  return &p->list[p->count++];
}

void plan_folder(struct plan *p, char const *path)
{
  add(p, path, NULL, PLANNED_FOLDER);
}

void plan_file(struct plan *p, char const *folder, char const *name, mode_t mode, struct text const *contents)
{
  struct planned *file = add(p, folder, name, PLANNED_FILE);
  file->mode = mode;
  file->len = contents->len;
  file->bytes = memory_copy(text_string(contents), contents->len);
}

void plan_rules(struct plan *p, char const *folder, struct text const *rules)
{
  struct planned *file;
  plan_file(p, folder, "rules", 0644, rules);
  file = add(p, folder, "rules.cdb", PLANNED_RULES);
  file->mode = 0644;
  file->len = rules->len;
  file->bytes = memory_copy(text_string(rules), rules->len);
}

void plan_owner(struct plan *p, char const *user)
{
  p->list[p->count - 1].owner = user;
}

void plan_free(struct plan *p)
{
  for (size_t i = 0; i < p->count; i++) {
    free(p->list[i].path);
    free(p->list[i].bytes);
  }
  free(p->list);
  *p = (struct plan){.count = 0};
}

int plan_print(struct plan const *p, char const *folder)
{
  for (size_t i = 0; i < p->count; i++) {
    struct planned const *one = &p->list[i];
    if (one->kind == PLANNED_FOLDER)
      printf("== %s/%s/\n", folder, one->path);
    else if (one->kind == PLANNED_RULES)
      printf("== %s/%s: compiled from rules\n", folder, one->path);
    else {
      printf("== %s/%s%s\n", folder, one->path, one->mode & 0111 ? " (executable)" : "");
      fwrite(one->bytes, 1, one->len, stdout);
    }
  }
  return fflush(stdout) == EOF || ferror(stdout) ? -1 : 0;
}

/* --- Compiled rules --------------------------------------------------------------------------------------------- */

struct compiler {
  struct cdb_make make;
  struct rules_index index;
  bool complained;
};

static int add_record(void *context, struct rulefile_record const *record)
{
  struct compiler *c = context;
  c->index.kinds = (uint8_t)(c->index.kinds | record->kind);
  if (record->family != ADDRESS_NONE)
    rules_index_add_network(&c->index, record->family, record->bits);
  return cdb_make_add(&c->make, record->key, (unsigned int)record->key_len, record->data,
                      (unsigned int)record->data_len);
}

static void note_complaint(void *context, struct rulefile_complaint const *complaint)
{
  struct compiler *c = context;
  (void)complaint;
  c->complained = true;
}

/* -1 with errno; EPROTO if we wrote rules that are none. */
static int compile(int fd, char const *bytes, size_t len)
{
  static struct rulefile text;
  static struct compiler c;
  struct rulefile_sink const sink = {add_record, note_complaint, &c};
  uint8_t index[RULES_INDEX_SIZE];
  memset(&c, 0, sizeof c);
  if (cdb_make_start(&c.make, fd) == -1)
    return -1;
  rulefile_start(&text, &sink, false);
  if (rulefile_feed(&text, bytes, len) == -1 || rulefile_end(&text) == -1)
    return -1;
  rules_index_encode(index, &c.index);
  if (cdb_make_add(&c.make, RULES_INDEX_KEY, sizeof RULES_INDEX_KEY - 1, index, sizeof index) == -1 ||
      cdb_make_finish(&c.make) == -1)
    return -1;
  if (!c.complained)
    return 0;
  errno = EPROTO;
  return -1;
}

/* --- Writing ------------------------------------------------------------------------------------------------- */

struct writing {
  struct plan const *plan;
  char const *folder;
  char *temporary;
  size_t made;  /* of the plan, in order */
  size_t moved; /* so far looked at for being moved */
};

static char *join(char const *folder, char const *name)
{
  struct text path = TEXT_ZERO;
  text_addf(&path, "%s/%s", folder, name);
  return path.at;
}

static bool is_top(struct planned const *one)
{
  return !strchr(one->path, '/');
}

/* Nothing is begun if something is in the way. */
static int check_free(struct plan const *p, char const *folder)
{
  int result = 0;
  for (size_t i = 0; i < p->count; i++) {
    struct stat st;
    char *path;
    if (!is_top(&p->list[i]))
      continue;
    path = join(folder, p->list[i].path);
    if (lstat(path, &st) == 0) {
      strerr_warnw(path, " exists already");
      result = -1;
    }
    free(path);
  }
  return result;
}

/* Who must be able to write the file; if that can't be, tcpmuxd says so when it looks. */
static int give(int fd, char const *user)
{
  struct passwd const *entry = user && geteuid() == 0 ? getpwnam(user) : NULL;
  return entry ? fchown(fd, entry->pw_uid, entry->pw_gid) : 0;
}

static int write_one(struct planned const *one, char const *path)
{
  int fd, result, error;
  if (one->kind == PLANNED_FOLDER)
    return mkdir(path, one->mode);
  fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, one->mode);
  if (fd == -1)
    return -1;
  if (one->kind == PLANNED_RULES)
    result = compile(fd, one->bytes, one->len);
  else
    result = allwrite(fd, one->bytes, one->len) == one->len ? 0 : -1;
  if (result == 0)
    result = give(fd, one->owner);
  error = errno;
  fd_close(fd);
  errno = error;
  return result;
}

static void remove_made(struct writing *w)
{
  while (w->made > 0) {
    char *path = join(w->temporary, w->plan->list[--w->made].path);
    if (w->plan->list[w->made].kind == PLANNED_FOLDER)
      rmdir(path);
    else
      unlink(path);
    free(path);
  }
  rmdir(w->temporary);
}

static int make_all(struct writing *w)
{
  for (; w->made < w->plan->count; w->made++) {
    char *path = join(w->temporary, w->plan->list[w->made].path);
    int result = write_one(&w->plan->list[w->made], path);
    if (result == -1) {
      strerr_warnwu2sys("write ", path);
      if (errno != EEXIST)
        unlink(path);
    }
    free(path);
    if (result == -1)
      return -1;
  }
  return 0;
}

/* Before anything is moved: after a crash there is a service or none, but no empty script. */
static int sync_all(struct writing const *w)
{
  int fd = open(w->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
#ifdef __linux__
  result = fd == -1 ? -1 : syncfs(fd);
#else
  sync();
#endif
  if (result == -1)
    strerr_warnwu2sys("sync ", w->temporary);
  if (fd != -1)
    fd_close(fd);
  return result;
}

/* Fails if `to` exists, where the system can do that in one step. */
static int move(char const *from, char const *to)
{
#ifdef RENAME_NOREPLACE
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -1;
#endif
  /* A folder takes the place of an empty one at most. */
  return rename(from, to);
}

static int move_all(struct writing *w)
{
  for (; w->moved < w->plan->count; w->moved++) {
    struct planned const *one = &w->plan->list[w->moved];
    char *from, *to;
    int result;
    if (!is_top(one))
      continue;
    from = join(w->temporary, one->path);
    to = join(w->folder, one->path);
    result = move(from, to);
    if (result == -1)
      strerr_warnwu4sys("move ", from, " to ", to);
    free(from);
    free(to);
    if (result == -1)
      return -1;
  }
  return 0;
}

static bool moved_any(struct writing const *w)
{
  for (size_t k = 0; k < w->moved; k++)
    if (is_top(&w->plan->list[k]))
      return true;
  return false;
}

enum plan_outcome plan_write(struct plan const *p, char const *folder)
{
  struct writing w = {.plan = p, .folder = folder};
  int result;
  if (mkdir(folder, 0755) == -1 && errno != EEXIST) {
    strerr_warnwu2sys("make the folder ", folder);
    return PLAN_UNTOUCHED;
  }
  if (check_free(p, folder) == -1)
    return PLAN_UNTOUCHED;
  w.temporary = join(folder, ".inetd-import.XXXXXX");
  if (!mkdtemp(w.temporary)) {
    strerr_warnwu2sys("make a folder in ", folder);
    free(w.temporary);
    return PLAN_UNTOUCHED;
  }
  result = make_all(&w);
  if (result == 0)
    result = sync_all(&w);
  if (result == 0)
    result = move_all(&w);
  remove_made(&w);
  free(w.temporary);
  if (result == 0)
    return PLAN_WRITTEN;
  return moved_any(&w) ? PLAN_PARTLY : PLAN_UNTOUCHED;
}
