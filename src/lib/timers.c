/* timers.c - see timers.h. heap[i]'s children are heap[2i+1] and heap[2i+2]; every timer knows its own place,
 * so that cancelling needs no search. */
#include "timers.h"

#include <stdlib.h>

static void place(struct timers *t, size_t index, struct timer *timer)
{
  t->heap[index] = timer;
  timer->position = index + 1;
}

static void move_up(struct timers *t, size_t index)
{
  struct timer *timer = t->heap[index];
  while (index > 0) {
    size_t parent = (index - 1) / 2;
    if (t->heap[parent]->deadline_ms <= timer->deadline_ms)
      break;
    place(t, index, t->heap[parent]);
    index = parent;
  }
  place(t, index, timer);
}

static void move_down(struct timers *t, size_t index)
{
  struct timer *timer = t->heap[index];
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= t->count)
      break;
    if (child + 1 < t->count && t->heap[child + 1]->deadline_ms < t->heap[child]->deadline_ms)
      child++;
    if (timer->deadline_ms <= t->heap[child]->deadline_ms)
      break;
    place(t, index, t->heap[child]);
    index = child;
  }
  place(t, index, timer);
}

static int make_room(struct timers *t, size_t needed)
{
  size_t wanted = t->capacity ? t->capacity : 32;
  struct timer **grown;
  if (needed <= t->capacity)
    return 0;
  while (wanted < needed)
    wanted *= 2;
  grown = reallocarray(t->heap, wanted, sizeof(struct timer *));
  if (!grown)
    return -1;
  t->heap = grown;
  t->capacity = wanted;
  return 0;
}

int timers_set(struct timers *t, struct timer *timer, int64_t deadline_ms)
{
  if (timer->position == 0) {
    if (make_room(t, t->count + 1) == -1)
      return -1;
    place(t, t->count++, timer);
  }
  timer->deadline_ms = deadline_ms;
  move_up(t, timer->position - 1);
  move_down(t, timer->position - 1);
  return 0;
}

int timers_reserve(struct timers *t, size_t more)
{
  if (make_room(t, t->reserved + more) == -1)
    return -1;
  t->reserved += more;
  return 0;
}

int timers_set_if_unset(struct timers *t, struct timer *timer, int64_t deadline_ms)
{
  return timer->position == 0 ? timers_set(t, timer, deadline_ms) : 0;
}

void timers_cancel(struct timers *t, struct timer *timer)
{
  size_t index = timer->position - 1;
  struct timer *last;
  if (timer->position == 0)
    return;
  timer->position = 0;
  last = t->heap[--t->count];
  if (last == timer)
    return;
  place(t, index, last);
  move_up(t, index);
  move_down(t, last->position - 1);
}

bool timers_next(struct timers const *t, int64_t *deadline_ms)
{
  if (t->count == 0)
    return false;
  *deadline_ms = t->heap[0]->deadline_ms;
  return true;
}

struct timer *timers_expired(struct timers *t, int64_t now_ms)
{
  struct timer *first;
  if (t->count == 0 || t->heap[0]->deadline_ms > now_ms)
    return NULL;
  first = t->heap[0];
  timers_cancel(t, first);
  return first;
}

void timers_free(struct timers *t)
{
  for (size_t i = 0; i < t->count; i++)
    t->heap[i]->position = 0;
  free(t->heap);
  *t = (struct timers)TIMERS_ZERO;
}
