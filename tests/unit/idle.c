/* Unit tests for idle: who is looked at when, and who is shut down, with a kernel of the test's own. */
#include "../../src/tcpserver/idle.h"

#include <errno.h>
#include <sys/socket.h>

#include "tap.h"

#define LIMIT_MS 1000
#define MANY     20000

static struct timers timers = TIMERS_ZERO;
static struct idle idle;
static int64_t now;

/* What the kernel would say of each connection. */
static struct {
  uint64_t moved;
  int64_t last_ms;
  bool unknown, closed;
} peer[MANY];
static int asked, shut;

bool activity_of(int connection, struct activity *out)
{
  asked++;
  if (peer[connection].unknown)
    return false;
  *out = (struct activity){.traffic = {.in = 5000000000, .out = peer[connection].moved},
                           .moved = peer[connection].moved,
                           .quiet_ms = now - peer[connection].last_ms};
  return true;
}

int shutdown(int connection, int how)
{
  errno = ENOTCONN;
  if (how != SHUT_RDWR || peer[connection].closed)
    return -1;
  shut++;
  return 0;
}

static struct watched *watch(int connection)
{
  return idle_prepare(&idle) == 0 ? idle_watch(&idle, connection, now) : NULL;
}

static void move(int connection)
{
  peer[connection].moved++;
  peer[connection].last_ms = now;
}

/* As the server does it: time passes, and each timer that expires is handled once. */
static void pass(int64_t ms)
{
  for (int64_t end = now + ms; now < end;) {
    struct timer *timer;
    now++;
    while ((timer = timers_expired(&timers, now)))
      idle_check(&idle, now);
  }
}

static void test_one(void)
{
  struct watched *c = watch(0);
  pass(LIMIT_MS - 1);
  ok(asked == 0, "nobody is asked for before the time");
  pass(1);
  ok(c->ended && shut == 1, "a connection on which nothing has moved is shut down");
  pass(5 * LIMIT_MS);
  ok(asked == 1 && shut == 1, "... once, and nobody asks again");
  idle_forget(&idle, c);

  c = watch(1);
  ok(!c->ended, "a record that is used again knows nothing of before");
  pass(400);
  move(1);
  pass(600);
  ok(!c->ended && asked == 2, "one on which something moved in time is not shut down");
  pass(399);
  ok(!c->ended && asked == 2, "... nor asked for before it could be idle");
  pass(1);
  ok(c->ended && asked == 3, "... but then");
  ok(c->traffic.in == 5000000000 && c->traffic.out == 1, "what had gone through it is kept");
  idle_forget(&idle, c);

  c = watch(2);
  pass(10);
  move(2);
  now += 3 * LIMIT_MS; /* the server was busy, or stopped */
  pass(1);
  ok(c->ended, "what moved too long ago does not help");
  idle_forget(&idle, c);

  c = watch(6);
  move(6);
  for (int i = 0; i < 20 && !c->ended; i++) {
    pass(LIMIT_MS / 10);
    peer[6].last_ms = now; /* it says the same again */
  }
  ok(c->ended, "who only repeats himself is ended by twice the time");
  idle_forget(&idle, c);

  c = watch(3);
  peer[3].closed = true;
  pass(3 * LIMIT_MS);
  ok(!c->ended, "a connection that has ended by itself was not idle");
  idle_forget(&idle, c);

  c = watch(4);
  peer[4].unknown = true;
  pass(LIMIT_MS);
  ok(c->ended, "one of which the system does not tell is shut down, not let alone");
  idle_forget(&idle, c);
  idle_forget(&idle, NULL);
}

static void test_busy(void)
{
  struct watched *c = watch(5);
  int before = asked;
  for (int i = 0; i < 100 * LIMIT_MS; i++) {
    pass(1);
    move(5);
  }
  ok(!c->ended && asked - before <= 101, "who is never idle costs one question in that time");
  idle_forget(&idle, c);
  pass(2 * LIMIT_MS);
  ok(asked - before <= 101, "... and none any more when he has gone");
}

static void test_many(void)
{
  static struct watched *c[MANY];
  int rounds = 0, ended = 0;
  asked = shut = 0;
  for (int i = 0; i < MANY; i++) {
    peer[i].closed = peer[i].unknown = false;
    peer[i].moved = 0;
    c[i] = watch(i);
  }
  for (int i = 0; i < MANY; i += 2)
    idle_forget(&idle, c[i]);
  now += LIMIT_MS;
  for (struct timer *timer; shut < MANY / 2 && rounds < MANY; rounds++, now++) {
    int before = asked;
    while ((timer = timers_expired(&timers, now)))
      idle_check(&idle, now);
    if (asked - before > IDLE_BURST)
      break;
  }
  for (int i = 1; i < MANY; i += 2)
    ended += c[i]->ended;
  ok(shut == MANY / 2 && asked == MANY / 2 && ended == MANY / 2,
     "10,000 that are idle at the same time are ended");
  ok(rounds == (MANY / 2 + IDLE_BURST - 1) / IDLE_BURST, "... at most %d at a time, and no time is lost",
     IDLE_BURST);
  for (int i = 1; i < MANY; i += 2)
    idle_forget(&idle, c[i]);
  pass(3 * LIMIT_MS);
  ok(asked == MANY / 2, "... and nobody who had gone before is asked for");
}

int main(void)
{
  int64_t next;
  idle = (struct idle){.timers = &timers};
  timers_reserve(&timers, IDLE_TIMERS);
  ok(idle_prepare(&idle) == 0 && !idle_watch(&idle, 0, now) && !timers_next(&timers, &next),
     "without a limit nothing is watched");
  idle.limit_ms = LIMIT_MS;
  test_one();
  test_busy();
  test_many();
  return tap_done();
}
