/* Unit tests for events: descriptors are reported as what they were watched for, and only then. */
#include "events.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

enum { PAIRS = 100 };

static struct event once(struct events *e, int *n)
{
  struct event out[EVENTS_BATCH] = {{0}};
  *n = events_wait(e, out, 0);
  return out[0];
}

/* Where edges are: once when it becomes ready, and again when more comes, though nobody has read. */
static void test_edges(void)
{
  struct events e;
  int pair[2], n;
  struct event got;
  if (events_init(&e) == -1 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 ||
      events_watch(&e, pair[0], EVENTS_IN | EVENTS_END | (EVENTS_HAVE_EDGES ? EVENTS_EDGE : 0u),
                   (struct event){.kind = 3}) == -1)
    return;
  ok(write(pair[1], "x", 1) == 1, "something to read");
  got = once(&e, &n);
  ok(n == 1 && got.ready == EVENTS_IN, "is reported");
  once(&e, &n);
  ok(n == (EVENTS_HAVE_EDGES ? 0 : 1), "... once");
  ok(write(pair[1], "x", 1) == 1, "more of it");
  got = once(&e, &n);
  ok(n == 1 && got.ready == EVENTS_IN, "is reported");
  shutdown(pair[1], SHUT_WR);
  got = once(&e, &n);
  ok(n == 1 && (got.ready & EVENTS_END) && !(got.ready & EVENTS_FAILED),
     "... and so is the end, before all is read");
  close(pair[1]);
  got = once(&e, &n);
  ok(n == 1 && (got.ready & EVENTS_FAILED), "... and that nobody is there any more");
  events_forget(&e, pair[0]);
  close(pair[0]);
  events_free(&e);
}

int main(void)
{
  struct events e;
  struct event got;
  int pair[PAIRS][2], n, total = 0;

  ok(events_init(&e) == 0, "made");
  for (int i = 0; i < PAIRS; i++)
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]) == -1 ||
        events_watch(&e, pair[i][0], EVENTS_IN, (struct event){.kind = 7, .number = (uint32_t)i}) == -1)
      return 111;
  once(&e, &n);
  ok(n == 0, "nothing is ready at first");
  ok(write(pair[42][1], "x", 1) == 1, "one is written to");
  got = once(&e, &n);
  ok(n == 1 && got.kind == 7 && got.number == 42 && got.ready == EVENTS_IN, "that one is reported, readable");
  got = once(&e, &n);
  ok(n == 1 && got.number == 42, "... again, as long as nobody has read it");
  ok(events_change(&e, pair[42][0], EVENTS_OUT, (struct event){.kind = 8, .number = 1}) == 0,
     "changed to writing");
  got = once(&e, &n);
  ok(n == 1 && got.kind == 8 && got.number == 1 && got.ready == EVENTS_OUT, "... it is reported as that");
  ok(events_change(&e, pair[42][0], 0, (struct event){.kind = 9, .number = 2}) == 0, "changed to nothing");
  once(&e, &n);
  ok(n == 0, "... it is silent");
  close(pair[42][1]);
  got = once(&e, &n);
  ok(n == 1 && got.kind == 9 && (got.ready & EVENTS_FAILED), "... but for the other end's going away");
  ok(events_forget(&e, pair[42][0]) == 0, "forgotten");
  once(&e, &n);
  ok(n == 0, "... and silent");
  ok(events_forget(&e, pair[42][0]) == -1 && errno == ENOENT, "forgetting twice is an error");
  ok(events_change(&e, pair[42][0], EVENTS_IN, got) == -1 && errno == ENOENT,
     "... and so is changing it then");
  ok(events_watch(&e, pair[41][0], EVENTS_IN, got) == -1 && errno == EEXIST, "watching twice is an error");
  for (int i = 0; i < PAIRS; i += 2)
    if (i != 42 && events_forget(&e, pair[i][0]) == -1)
      return 111;
  for (int i = 0; i < PAIRS; i++)
    if (i != 42 && write(pair[i][1], "x", 1) != 1)
      return 111;
  for (;;) {
    struct event out[EVENTS_BATCH];
    bool odd = true;
    n = events_wait(&e, out, 0);
    for (int i = 0; i < n; i++) {
      odd = odd && out[i].number % 2 == 1;
      events_forget(&e, pair[out[i].number][0]);
    }
    if (!odd)
      return 1;
    if (n <= 0)
      break;
    total += n;
  }
  ok(total == PAIRS / 2, "after half were forgotten, in any order, all the others are reported");
  events_free(&e);
  test_edges();
  return tap_done();
}
