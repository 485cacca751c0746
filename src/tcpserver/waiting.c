/* waiting.c - see waiting.h. Links are indices, because the table moves when it grows. */
#include "waiting.h"

#include <errno.h>
#include <stdlib.h>

#include "sources.h"

#define SMALLEST   16
#define INDEX_MASK ((1u << WAITING_INDEX_BITS) - 1)

_Static_assert(WAITING_MAX <= INDEX_MASK, "an index fits into an id");

void waiting_init(struct waiting_table *t)
{
  *t = (struct waiting_table){.record = NULL};
  for (int i = 0; i < WAITING_LISTS; i++)
    t->list[i].first = t->list[i].last = WAITING_NONE;
}

static uint32_t index_of(struct waiting_table const *t, struct waiting const *w)
{
  return (uint32_t)(w - t->record);
}

static void append(struct waiting_table *t, struct waiting *w, enum waiting_list list)
{
  uint32_t index = index_of(t, w), last = t->list[list].last;
  w->list = list;
  w->next = WAITING_NONE;
  w->previous = last;
  if (last == WAITING_NONE)
    t->list[list].first = index;
  else
    t->record[last].next = index;
  t->list[list].last = index;
  t->list[list].count++;
}

static void detach(struct waiting_table *t, struct waiting *w)
{
  if (w->previous == WAITING_NONE)
    t->list[w->list].first = w->next;
  else
    t->record[w->previous].next = w->next;
  if (w->next == WAITING_NONE)
    t->list[w->list].last = w->previous;
  else
    t->record[w->next].previous = w->previous;
  t->list[w->list].count--;
}

static int grow(struct waiting_table *t)
{
  uint32_t bigger = t->capacity ? t->capacity * 2 : SMALLEST;
  struct waiting *record;
  if (t->capacity > WAITING_MAX) {
    errno = ENOMEM;
    return -1;
  }
  record = reallocarray(t->record, bigger, sizeof *record);
  if (!record)
    return -1;
  t->record = record;
  t->capacity = bigger;
  return 0;
}

/* A record that was never used, in the list of free ones. */
static int make_record(struct waiting_table *t)
{
  struct waiting *w;
  if (t->used == WAITING_MAX || (t->used == t->capacity && grow(t) == -1)) {
    errno = ENOMEM;
    return -1;
  }
  w = &t->record[t->used];
  *w = (struct waiting){.id = t->used};
  t->used++;
  append(t, w, WAITING_FREE);
  return 0;
}

struct waiting *waiting_add(struct waiting_table *t, struct connection const *c, enum waiting_list list,
                            int64_t now_ms)
{
  struct waiting *w;
  if (t->list[WAITING_FREE].count == 0 && make_record(t) == -1)
    return NULL;
  /* The last one freed: its memory is warm, and the table stays as short as it can be. */
  w = &t->record[t->list[WAITING_FREE].last];
  w->connection = *c;
  w->watched = false;
  w->since_ms = now_ms;
  waiting_move(t, w, list);
  return w;
}

struct waiting *waiting_find(struct waiting_table *t, uint32_t id)
{
  uint32_t index = id & INDEX_MASK;
  struct waiting *w = index < t->used ? &t->record[index] : NULL;
  return w && w->id == id && w->list != WAITING_FREE ? w : NULL;
}

struct waiting *waiting_first(struct waiting_table *t, enum waiting_list list)
{
  return t->list[list].count > 0 ? &t->record[t->list[list].first] : NULL;
}

struct waiting *waiting_next(struct waiting_table *t, struct waiting const *w)
{
  return w->next == WAITING_NONE ? NULL : &t->record[w->next];
}

uint32_t waiting_count(struct waiting_table const *t, enum waiting_list list)
{
  return t->list[list].count;
}

uint32_t waiting_total(struct waiting_table const *t)
{
  return t->used - t->list[WAITING_FREE].count;
}

void waiting_move(struct waiting_table *t, struct waiting *w, enum waiting_list list)
{
  detach(t, w);
  if (list == WAITING_FREE)
    w->id += INDEX_MASK + 1;
  append(t, w, list);
}

int waiting_watch(struct waiting *w, struct events *e, unsigned int interest)
{
  struct event const who = {.kind = EVENT_WAITING, .number = w->id};
  if (!w->watched && events_watch(e, connection_for_program(&w->connection), interest, who) == -1)
    return -1;
  w->watched = true;
  return 0;
}

void waiting_unwatch(struct waiting *w, struct events *e)
{
  if (w->watched)
    events_forget(e, connection_for_program(&w->connection));
  w->watched = false;
}
