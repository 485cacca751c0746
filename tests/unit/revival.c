/* revival.c - a helper that fails is started again at once, then ever later, and never while the old one is there. */
#include "../../src/tcpserver/revival.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "tap.h"

static struct timers timers;
static struct revival r;

static void fresh(int64_t age_ms)
{
  timers_cancel(&timers, &r.timer);
  r = (struct revival){.timers = &timers};
  revival_started(&r, 0);
  r.started_ms -= age_ms;
}

/* What the plan is: how long from now nothing is to be started, in seconds, rounded. */
static int64_t delay_s(void)
{
  return (r.restart_ms - clock_ms() + 500) / 1000;
}

/* A child that does nothing until it is ended. */
static pid_t child(void)
{
  pid_t pid = fork();
  if (pid == -1)
    abort();
  if (pid == 0)
    for (;;)
      pause();
  return pid;
}

static void test_delays(void)
{
  static int const expected[] = {0, 1, 2, 4, 8, 16, 32, 60, 60};
  bool right = true;
  fresh(0);
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    revival_failed(&r);
    right = right && delay_s() == expected[i] && r.timer.position != 0;
  }
  ok(right, "at once, then after 1, 2, 4 ... 60 seconds");
  r.started_ms -= 61000;
  revival_failed(&r);
  ok(delay_s() == 0, "at once again after one that lasted");
}

static void test_not_started(void)
{
  fresh(3600000);
  revival_failed(&r);
  revival_not_started(&r);
  revival_not_started(&r);
  ok(delay_s() == 2, "if none can be started the delays grow, however long ago the last one was");
}

static void test_due(void)
{
  fresh(0);
  revival_failed(&r);
  timers_cancel(&timers, &r.timer);
  ok(revival_due(&r), "without a delay it is due");
  revival_failed(&r);
  timers_cancel(&timers, &r.timer);
  ok(!revival_due(&r) && r.timer.deadline_ms == r.restart_ms,
     "with one it is not, and will be looked at then");
}

static void test_process(void)
{
  siginfo_t end;
  pid_t pid = child();
  fresh(0);
  revival_started(&r, pid);
  revival_failed(&r);
  ok(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT) == 0 && end.si_status == SIGKILL,
     "one that failed is killed");
  ok(revival_due(&r) && waitpid(pid, NULL, WNOHANG) == -1, "the next is due when it has been waited for");
  pid = child();
  revival_started(&r, pid);
  timers_cancel(&timers, &r.timer);
  r.restart_ms = 0;
  ok(!revival_due(&r) && r.timer.position != 0, "while it is there nothing is due");
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  revival_reaped(&r, pid);
  ok(revival_due(&r), "it is if somebody else has waited for it");
}

int main(void)
{
  test_delays();
  test_not_started();
  test_due();
  test_process();
  timers_free(&timers);
  return tap_done();
}
