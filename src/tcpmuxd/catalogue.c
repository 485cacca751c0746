/* catalogue.c - see catalogue.h. */
#include "catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service.h"

static int append(struct catalogue *c, catalogue_name name)
{
  if (c->count == c->capacity) {
    size_t wanted = c->capacity ? c->capacity * 2 : 64;
    catalogue_name *grown = reallocarray(c->name, wanted, sizeof *grown);
    if (!grown)
      return -1;
    c->name = grown;
    c->capacity = wanted;
  }
  memcpy(c->name[c->count++], name, strlen(name) + 1);
  return 0;
}

static int by_name(void const *a, void const *b)
{
  return strcmp(*(catalogue_name const *)a, *(catalogue_name const *)b);
}

/* The name under which a client gets that file. False if there is none. */
static bool is_name_of(catalogue_name name, char const *file)
{
  size_t len = service_name_len(file);
  if (len > MUXREQUEST_NAME_MAX)
    return false;
  memcpy(name, file, len);
  name[len] = '\0';
  return muxrequest_is_service_name(name) && !object_has_suffix(name) && !service_is_reserved(name);
}

/* NAME and NAME.so are one service. */
static void sort(struct catalogue *c)
{
  size_t kept = 0;
  qsort(c->name, c->count, sizeof *c->name, by_name);
  for (size_t i = 1; i < c->count; i++)
    if (strcmp(c->name[i], c->name[kept]) != 0)
      memcpy(c->name[++kept], c->name[i], sizeof *c->name);
  c->count = kept + 1;
}

static DIR *directory_at(int base)
{
  int fd = openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *d = fd == -1 ? NULL : fdopendir(fd);
  if (!d && fd != -1)
    close(fd);
  return d;
}

int catalogue_read(struct catalogue *c, int base, void (*rejected)(char const *name, void *context),
                   void *context)
{
  DIR *d = directory_at(base);
  int result = 0, saved;

  if (!d)
    return -1;
  while (result == 0) {
    struct dirent const *entry;
    catalogue_name name;
    errno = 0;
    entry = readdir(d);
    if (!entry)
      break;
    if (is_name_of(name, entry->d_name))
      result = append(c, name);
    else if (rejected && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      rejected(entry->d_name, context);
  }
  if (errno != 0)
    result = -1;
  saved = errno;
  closedir(d);
  errno = saved;
  if (result == 0 && c->count > 1)
    sort(c);
  return result;
}

void catalogue_free(struct catalogue *c)
{
  free(c->name);
  *c = (struct catalogue)CATALOGUE_ZERO;
}
