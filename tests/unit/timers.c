/* Timers: they come out when they are due, in order, and only those that are still set. */
#include "timers.h"

#include <stdlib.h>

#include "tap.h"

enum { MANY = 300, STEPS = 60000 };

static struct timer timer[MANY];

/* Every parent is at or before its children, and every timer knows where it is. */
static bool heap_is_sound(struct timers const *t)
{
  for (size_t i = 0; i < t->count; i++) {
    if (t->heap[i]->position != i + 1)
      return false;
    if (i > 0 && t->heap[(i - 1) / 2]->deadline_ms > t->heap[i]->deadline_ms)
      return false;
  }
  return true;
}

/* The same thing without any cleverness: an array that is searched from end to end. */
struct naive {
  bool set[MANY];
  int64_t deadline_ms[MANY];
};

static bool naive_next(struct naive const *n, int64_t *deadline_ms)
{
  bool any = false;
  for (size_t i = 0; i < MANY; i++)
    if (n->set[i] && (!any || n->deadline_ms[i] < *deadline_ms)) {
      *deadline_ms = n->deadline_ms[i];
      any = true;
    }
  return any;
}

static bool same_next(struct timers const *t, struct naive const *n)
{
  int64_t ours = 0, naives = 0;
  bool any = timers_next(t, &ours);
  return naive_next(n, &naives) == any && (!any || ours == naives);
}

/* Takes everything that is due from both; false if they disagree about what is. */
static bool same_expired(struct timers *t, struct naive *n, int64_t now_ms)
{
  struct timer *due;
  int64_t next = 0;
  while ((due = timers_expired(t, now_ms))) {
    size_t i = (size_t)(due - timer);
    if (!naive_next(n, &next) || !n->set[i] || n->deadline_ms[i] != next || due->position != 0)
      return false;
    n->set[i] = false;
  }
  return !naive_next(n, &next) || next > now_ms;
}

static bool random_steps_agree(unsigned int seed)
{
  struct timers t = TIMERS_ZERO;
  static struct naive n;
  int64_t now_ms = 0;
  bool agree = true;

  n = (struct naive){.set = {false}};
  srandom(seed);
  for (int step = 0; step < STEPS && agree; step++) {
    size_t i = (size_t)random() % MANY;
    switch (random() % 8) {
    case 0:
      timers_cancel(&t, &timer[i]);
      n.set[i] = false;
      break;
    case 1:
      now_ms += random() % 20;
      agree = same_expired(&t, &n, now_ms);
      break;
    default: /* many equal deadlines, and some that are due already */
      n.deadline_ms[i] = now_ms - 10 + random() % 200;
      n.set[i] = true;
      agree = timers_set(&t, &timer[i], n.deadline_ms[i]) == 0;
    }
    agree = agree && same_next(&t, &n) && (step % 64 != 0 || heap_is_sound(&t));
  }
  timers_free(&t);
  for (size_t i = 0; i < MANY; i++)
    agree = agree && timer[i].position == 0;
  return agree;
}

static void test_reserve(void)
{
  static struct timer some[100];
  struct timers t = TIMERS_ZERO;
  struct timer **heap;
  ok(timers_reserve(&t, 60) == 0 && timers_reserve(&t, 40) == 0, "room for some timers, and for some more");
  heap = t.heap;
  for (int i = 0; i < 100; i++)
    if (timers_set(&t, &some[i], i) == -1)
      ok(0, "timer %d has none", i);
  ok(t.count == 100 && t.heap == heap, "is there: no memory is taken when they are set");
  ok(timers_set_if_unset(&t, &some[7], 1000) == 0 && some[7].deadline_ms == 7, "one that is set stays so");
  timers_cancel(&t, &some[7]);
  ok(timers_set_if_unset(&t, &some[7], 1000) == 0 && some[7].deadline_ms == 1000,
     "... one that is not is set");
  timers_free(&t);
}

int main(void)
{
  struct timers t = TIMERS_ZERO;
  struct timer a = {0}, b = {0}, c = {0};
  int64_t next = -1;

  ok(!timers_next(&t, &next) && next == -1, "without timers there is no next deadline");
  ok(timers_expired(&t, INT64_MAX) == NULL, "without timers nothing expires");
  timers_cancel(&t, &a);
  ok(t.count == 0, "cancelling a timer that is not set does nothing");

  ok(timers_set(&t, &a, 300) == 0 && timers_set(&t, &b, 100) == 0 && timers_set(&t, &c, 200) == 0,
     "three timers can be set");
  ok(timers_next(&t, &next) && next == 100, "the earliest is the next");
  ok(timers_expired(&t, 99) == NULL, "a timer is not due a millisecond early");
  ok(timers_expired(&t, 100) == &b && b.position == 0, "a timer is due at its deadline, and then not set");
  ok(timers_expired(&t, 100) == NULL, "it expires once");
  ok(timers_set(&t, &a, 50) == 0 && t.count == 2 && timers_next(&t, &next) && next == 50,
     "setting a set timer moves it forward");
  ok(timers_set(&t, &a, 250) == 0 && t.count == 2 && timers_next(&t, &next) && next == 200,
     "setting a set timer moves it back");
  timers_cancel(&t, &c);
  ok(c.position == 0 && timers_next(&t, &next) && next == 250, "a cancelled timer is never next");
  timers_cancel(&t, &c);
  ok(t.count == 1, "cancelling twice does no harm");
  ok(timers_set(&t, &b, INT64_MIN) == 0 && timers_set(&t, &c, INT64_MAX) == 0,
     "extreme deadlines are accepted");
  ok(timers_expired(&t, INT64_MIN) == &b && timers_expired(&t, INT64_MAX - 1) == &a &&
         timers_expired(&t, INT64_MAX - 1) == NULL && timers_expired(&t, INT64_MAX) == &c,
     "extreme deadlines are ordered like any others");
  timers_free(&t);
  ok(t.heap == NULL && t.count == 0 && t.capacity == 0, "freeing leaves an empty heap");
  ok(timers_set(&t, &a, 1) == 0 && timers_next(&t, &next) && next == 1, "a freed heap can be used again");
  timers_free(&t);
  ok(a.position == 0, "freeing forgets the timers that were set");

  for (unsigned int seed = 1; seed <= 5; seed++)
    ok(random_steps_agree(seed), "random steps agree with a plain list (seed %u)", seed);
  test_reserve();
  return tap_done();
}
