/* children.c - see children.h. A child keeps its index, whatever the table does. */
#include "children.h"

#include <errno.h>

#include "unforked.h"

#define SMALLEST 16

static int grow(struct children *t)
{
  uint32_t bigger = t->capacity ? t->capacity * 2 : SMALLEST;
  struct child *child;
  if (bigger <= t->capacity) {
    errno = ENOMEM;
    return -1;
  }
  child = unforked_resize(t->child, t->capacity, bigger, sizeof *child);
  if (!child)
    return -1;
  t->child = child;
  t->capacity = bigger;
  return 0;
}

struct child *children_place(struct children *t)
{
  if (t->free != CHILDREN_NONE)
    return &t->child[t->free];
  if (t->used == t->capacity && grow(t) == -1)
    return NULL;
  t->child[t->used] = (struct child){.pidfd = -1, .connection = -1, .next = CHILDREN_NONE};
  return &t->child[t->used];
}

void children_add(struct children *t, struct child *child)
{
  if (t->free != CHILDREN_NONE)
    t->free = child->next;
  else
    t->used++;
  t->count++;
}

void children_remove(struct children *t, struct child *child)
{
  child->pid = 0;
  child->next = t->free;
  t->free = children_index(t, child);
  t->count--;
}

uint32_t children_index(struct children const *t, struct child const *child)
{
  return (uint32_t)(child - t->child);
}
