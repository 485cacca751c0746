/* idle.c - see idle.h. Records stay where they are, and are used again, so that a connection costs no allocation; what is
 * due is a heap of their own, of which the server's timers know only when its first one is. */
#include "idle.h"

#include <stdlib.h>
#include <sys/socket.h>

/* Records that are made at a time. */
#define BLOCK 64

int idle_prepare(struct idle *w)
{
  struct watched *block;
  if (w->limit_ms == 0 || w->free)
    return 0;
  if (timers_reserve(&w->due, BLOCK) == -1)
    return -1;
  block = calloc(BLOCK, sizeof *block);
  if (!block)
    return -1;
  for (int i = 0; i < BLOCK; i++) {
    block[i].next = w->free;
    w->free = &block[i];
  }
  return 0;
}

/* `not_before_ms`: a timer that has just expired must not do so again in the same round. */
static void look_again(struct idle *w, int64_t not_before_ms)
{
  int64_t first_ms;
  if (timers_next(&w->due, &first_ms))
    timers_set(w->timers, &w->next, first_ms > not_before_ms ? first_ms : not_before_ms);
}

struct watched *idle_watch(struct idle *w, int connection, int64_t now_ms)
{
  struct watched *c = w->free;
  if (w->limit_ms == 0)
    return NULL;
  w->free = c->next;
  *c = (struct watched){.connection = connection};
  timers_set(&w->due, &c->due, now_ms + w->limit_ms); /* room was made with the record, and at the start */
  if (w->next.position == 0)
    look_again(w, now_ms);
  return c;
}

void idle_forget(struct idle *w, struct watched *c)
{
  if (!c)
    return;
  timers_cancel(&w->due, &c->due);
  c->next = w->free;
  w->free = c;
}

/* The connection may have come to its end already, without prog having noticed: then there is nothing to shut down. */
static void end(struct watched *c, struct traffic const *traffic)
{
  c->traffic = *traffic;
  c->ended = shutdown(c->connection, SHUT_RDWR) == 0;
}

/* What has moved since it was last looked at did so `quiet_ms` ago at the earliest; nothing has: it was time then, already.
 * Who can't be asked any more counts as silent. */
static void look(struct idle *w, struct watched *c, int64_t now_ms)
{
  struct activity a = {0};
  bool known = activity_of(c->connection, &a);
  if (!known || a.moved == c->moved || a.quiet_ms >= w->limit_ms) {
    end(c, &a.traffic);
    return;
  }
  c->moved = a.moved;
  timers_set(&w->due, &c->due, now_ms - a.quiet_ms + w->limit_ms);
}

void idle_check(struct idle *w, int64_t now_ms)
{
  struct timer *timer;
  for (int n = 0; n < IDLE_BURST && (timer = timers_expired(&w->due, now_ms)); n++)
    look(w, (struct watched *)(void *)timer, now_ms);
  look_again(w, now_ms + 1);
}
