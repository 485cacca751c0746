/* revival.c - see revival.h. */
#include "revival.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "clock.h"

/* Starting anew: at once, then after 1, 2, 4 … 60 seconds; at once again after a helper that lasted so long. */
#define RESTART_FIRST_MS 1000
#define RESTART_MAX_MS   60000
#define LASTED_MS        60000

/* How often a process that was killed is waited for. */
#define REAP_EVERY_MS 10

void revival_started(struct revival *r, pid_t pid)
{
  r->pid = pid;
  r->started_ms = clock_ms();
}

int revival_kill(struct revival const *r)
{
  return r->pid > 0 ? kill(r->pid, SIGKILL) : 0;
}

void revival_reaped(struct revival *r, pid_t pid)
{
  if (r->pid == pid)
    r->pid = 0;
}

/* True if there is no such child any more. */
static bool reap(struct revival *r)
{
  pid_t pid = r->pid == 0 ? 0 : waitpid(r->pid, NULL, WNOHANG);
  if (pid == r->pid || (pid == -1 && errno == ECHILD))
    r->pid = 0;
  return r->pid == 0;
}

void revival_not_started(struct revival *r)
{
  int64_t now = clock_ms(), delay = RESTART_MAX_MS;
  if (r->failures == 0)
    delay = 0;
  else if (r->failures < 7)
    delay = (int64_t)RESTART_FIRST_MS << (r->failures - 1);
  r->failures++;
  r->restart_ms = now + (delay < RESTART_MAX_MS ? delay : RESTART_MAX_MS);
  timers_set(r->timers, &r->timer, now);
}

void revival_failed(struct revival *r)
{
  if (!reap(r) && revival_kill(r) == -1 && errno == EPERM)
    r->pid = 0;
  if (clock_ms() - r->started_ms >= LASTED_MS)
    r->failures = 0;
  revival_not_started(r);
}

bool revival_due(struct revival *r)
{
  int64_t now = clock_ms();
  if (!reap(r))
    timers_set(r->timers, &r->timer, now + REAP_EVERY_MS);
  else if (now < r->restart_ms)
    timers_set(r->timers, &r->timer, r->restart_ms);
  else
    return true;
  return false;
}
