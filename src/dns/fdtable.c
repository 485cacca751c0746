/* fdtable.c - see fdtable.h. The kernel gives the lowest free number, so an array by number stays dense. */
#include "fdtable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 32 };

static int grow(struct fdtable *t, size_t least)
{
  size_t size = t->size ? t->size : SMALLEST;
  void **item;
  while (size <= least)
    size *= 2;
  item = reallocarray(t->item, size, sizeof *item);
  if (!item)
    return -1;
  memset(item + t->size, 0, (size - t->size) * sizeof *item);
  t->item = item;
  t->size = size;
  return 0;
}

int fdtable_set(struct fdtable *t, int fd, void *item)
{
  size_t place = (size_t)fd;
  if (fd < 0) {
    errno = EBADF;
    return -1;
  }
  if (place >= t->size) {
    if (!item)
      return 0;
    if (grow(t, place) == -1)
      return -1;
  }
  t->item[place] = item;
  return 0;
}

void *fdtable_get(struct fdtable const *t, size_t fd)
{
  return fd < t->size ? t->item[fd] : NULL;
}
