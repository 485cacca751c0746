/* files.c - see files.h. */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>

#include "inetdconf.h"
#include "namedfile.h"
#include "xinetdconf.h"

/* Who was read already, by device and inode: a folder that includes itself ends, whatever it is called. */
struct seen {
  dev_t device;
  ino_t inode;
};

struct reading {
  struct config *config;
  struct seen seen[FILES_MAX];
  size_t count;
};

/* -1 with errno. */
static int open_source(char const *path, struct stat *st)
{
  int fd = namedfile_open(path, st);
  if (fd == -1 && errno == EPROTO)
    errno = EINVAL; /* says more to people */
  return fd;
}

/* At most max octets; null with errno (EFBIG if there are more). */
static char *read_all(int fd, size_t max, size_t *len)
{
  struct text t = TEXT_ZERO;
  char bytes[16384];
  ssize_t n;
  text_add(&t, "");
  while ((n = fd_read(fd, bytes, sizeof bytes)) > 0) {
    text_add_bytes(&t, bytes, (size_t)n);
    if (t.len > max)
      break;
  }
  if (n == 0) {
    *len = t.len;
    return t.at;
  }
  if (n > 0)
    errno = EFBIG;
  text_free(&t);
  return NULL;
}

char *files_short(char const *path, size_t max, size_t *len)
{
  struct stat st;
  int fd = open_source(path, &st);
  char *bytes = fd == -1 ? NULL : read_all(fd, max, len);
  if (fd != -1)
    fd_close(fd);
  return bytes;
}

/* True if this one is new. */
static bool first_time(struct reading *r, struct stat const *st)
{
  for (size_t i = 0; i < r->count; i++)
    if (r->seen[i].device == st->st_dev && r->seen[i].inode == st->st_ino)
      return false;
  if (r->count < FILES_MAX)
    r->seen[r->count++] = (struct seen){st->st_dev, st->st_ino};
  return true;
}

static void fail(struct reading *r, struct place place, char const *path)
{
  remark(&r->config->remarks, place, REMARK_LOST, "unable to read %.200s: %s", path, strerror(errno));
}

/* True if the file may be read, which is then noted. */
static bool admit(struct reading *r, struct stat const *st, struct place place, char const *path)
{
  if (r->count == FILES_MAX) {
    remark(&r->config->remarks, place, REMARK_LOST, "%.200s: %d files were read already", path, FILES_MAX);
    return false;
  }
  if (first_time(r, st))
    return true;
  remark(&r->config->remarks, place, REMARK_LOST, "%.200s: it was read already", path);
  return false;
}

/* Places refer to `path` from now on. */
static void read_file(struct reading *r, char const *path, struct place place)
{
  struct stat st;
  size_t len;
  char *bytes;
  int fd = open_source(path, &st);
  if (fd == -1) {
    fail(r, place, path);
    return;
  }
  if (admit(r, &st, place, path)) {
    bytes = read_all(fd, FILES_OCTETS_MAX, &len);
    if (!bytes)
      fail(r, place, path);
    else if (place.line > 0 || xinetdconf_likely(bytes, len))
      xinetdconf_parse(r->config, path, bytes, len);
    else
      inetdconf_parse(r->config, path, bytes, len);
    free(bytes);
  }
  fd_close(fd);
}

/* xinetd's rule: no dot in the name, no tilde at its end. */
static int is_wanted(struct dirent const *d)
{
  size_t len = strlen(d->d_name);
  return len > 0 && !strchr(d->d_name, '.') && d->d_name[len - 1] != '~';
}

static int by_octets(struct dirent const **a, struct dirent const **b)
{
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_folder(struct reading *r, char const *folder, struct place place)
{
  struct dirent **found = NULL;
  struct stat st;
  int count;
  if (stat(folder, &st) == -1) {
    fail(r, place, folder);
    return;
  }
  if (!admit(r, &st, place, folder))
    return;
  count = scandir(folder, &found, is_wanted, by_octets);
  if (count == -1)
    fail(r, place, folder);
  for (int i = 0; i < count; i++) {
    struct text path = TEXT_ZERO;
    struct stat inner;
    text_addf(&path, "%s/%s", folder, found[i]->d_name);
    /* As xinetd: what is no file is passed over. */
    if (stat(path.at, &inner) == -1 || !S_ISDIR(inner.st_mode)) {
      struct values *files = &r->config->files;
      values_add(files, path.at, path.len);
      read_file(r, files->list[files->count - 1], place);
    }
    text_free(&path);
    free(found[i]);
  }
  free(found);
}

void files_read(struct config *c, char const *path)
{
  static struct reading r;
  size_t next = c->inclusions_count;
  r.config = c;
  read_file(&r, path, (struct place){path, 0});
  /* Each may add more; those that it adds come at the end. */
  for (; next < c->inclusions_count; next++) {
    struct inclusion included = c->inclusions[next];
    if (included.folder)
      read_folder(&r, included.path, included.place);
    else
      read_file(&r, included.path, included.place);
  }
}
