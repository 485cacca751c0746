/* children.c - see children.h. Places never move while taken, so that an index names a child. */
#include "children.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define SMALLEST 16

static int grow(struct children *t)
{
  uint32_t bigger = t->capacity ? t->capacity * 2 : SMALLEST;
  struct child *child;
  if (bigger <= t->capacity) {
    errno = ENOMEM;
    return -1;
  }
  child = reallocarray(t->child, bigger, sizeof *child);
  if (!child)
    return -1;
  for (uint32_t i = t->capacity; i < bigger; i++)
    child[i] = (struct child){.next = i + 1};
  t->child = child;
  t->free = t->capacity;
  t->capacity = bigger;
  return 0;
}

struct child *children_place(struct children *t)
{
  if (t->free == t->capacity && grow(t) == -1)
    return NULL;
  return &t->child[t->free];
}

void children_add(struct children *t, struct child *child)
{
  t->free = child->next;
  t->count++;
  if (child->pidfd == -1)
    t->without_pidfd++;
}

void children_remove(struct children *t, struct child *child)
{
  if (child->pidfd == -1)
    t->without_pidfd--;
  else
    close(child->pidfd);
  if (child->connection != -1)
    close(child->connection);
  child->pid = 0;
  child->next = t->free;
  t->free = children_index(t, child);
  t->count--;
}

uint32_t children_index(struct children const *t, struct child const *child)
{
  return (uint32_t)(child - t->child);
}
