/* reaper.c - see reaper.h. */
#include "reaper.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "sources.h"
#include "spawn.h"

/* How often children without a pidfd are asked, when they are many. */
#define SWEEP_EVERY_MS 50

void reaper_init(struct reaper *r, struct children *children, struct events *events, struct timers *timers,
                 void (*over)(void *, struct child *), void (*ended)(void *, struct child *, int),
                 void (*stranger)(void *, pid_t), void *context)
{
  *r = (struct reaper){.children = children,
                       .events = events,
                       .timers = timers,
                       .over = over,
                       .ended = ended,
                       .stranger = stranger,
                       .context = context};
}

static struct child *member_child(struct reaper const *r, unsigned int i)
{
  return &r->children->child[r->member[i].index];
}

static void add_member(struct reaper *r, struct child *child)
{
  child->young = true;
  r->member[r->young].pid = child->pid;
  r->member[r->young].index = children_index(r->children, child);
  r->member[r->young++].asked = 0;
}

static struct child *remove_member(struct reaper *r, unsigned int i)
{
  struct child *child = member_child(r, i);
  child->young = false;
  r->member[i] = r->member[--r->young];
  return child;
}

/* --- From few to many, and back ---------------------------------------------------------------------------------- */

/* Not one that others will need the number of. */
static int spare_pidfd(pid_t pid)
{
  struct rlimit limit;
  int pidfd = spawn_pidfd(pid);
  if (pidfd == -1 || getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
      (rlim_t)pidfd + REAPER_SPARE_DESCRIPTORS < limit.rlim_cur)
    return pidfd;
  close(pidfd);
  return -1;
}

static void sweep_soon(struct reaper *r)
{
  if (r->sweep.position == 0 && r->children->without_pidfd > 0)
    timers_set(r->timers, &r->sweep, clock_ms() + SWEEP_EVERY_MS); /* room was made at the start */
}

/* It is young no longer. If it has ended meanwhile the pidfd will say so. */
static void grow_old(struct reaper *r, unsigned int i)
{
  struct child *child = remove_member(r, i);
  struct event const what = {.kind = EVENT_CHILD, .number = children_index(r->children, child)};
  int pidfd = spare_pidfd(child->pid);
  if (pidfd != -1 && events_watch(r->events, pidfd, EVENTS_IN, what) == -1) {
    close(pidfd);
    pidfd = -1;
  }
  child->pidfd = pidfd;
  if (pidfd == -1)
    r->children->without_pidfd++;
}

static void become_many(struct reaper *r)
{
  r->many = true;
  while (r->young > 0)
    grow_old(r, r->young - 1);
}

/* Whoever has been asked most often has been there for longest. */
static unsigned int oldest_member(struct reaper const *r)
{
  unsigned int oldest = 0;
  for (unsigned int i = 1; i < r->young; i++)
    if (r->member[i].asked > r->member[oldest].asked)
      oldest = i;
  return oldest;
}

void reaper_started(struct reaper *r, struct child *child)
{
  if (!r->many && r->young == REAPER_MANY)
    become_many(r);
  if (r->many && r->young == REAPER_YOUNG)
    grow_old(r, oldest_member(r));
  add_member(r, child);
}

static void lose_pidfd(struct child *child)
{
  if (child->pidfd != -1)
    close(child->pidfd); /* which also ends the watch */
  child->pidfd = -1;
}

static void become_few(struct reaper *r)
{
  r->many = false;
  for (uint32_t i = 0; i < r->children->used; i++) {
    struct child *child = &r->children->child[i];
    if (child->pid == 0 || child->young)
      continue;
    lose_pidfd(child);
    add_member(r, child);
  }
  r->children->without_pidfd = 0;
  timers_cancel(r->timers, &r->sweep);
}

/* --- Ends ---------------------------------------------------------------------------------------------------------- */

static bool has_ended(struct child const *child, int *wait_status)
{
  pid_t pid = waitpid(child->pid, wait_status, WNOHANG);
  return pid == child->pid || (pid == -1 && errno == ECHILD);
}

/* Such a child is gone from the table when this returns. */
static void young_ended(struct reaper *r, unsigned int i, int wait_status)
{
  r->ended(r->context, remove_member(r, i), wait_status);
}

static void old_ended(struct reaper *r, struct child *child, int wait_status)
{
  if (child->pidfd == -1)
    r->children->without_pidfd--;
  lose_pidfd(child);
  r->ended(r->context, child, wait_status);
}

static unsigned int find_member(struct reaper const *r, pid_t pid)
{
  unsigned int i = 0;
  while (i < r->young && r->member[i].pid != pid)
    i++;
  return i;
}

static void ask_few(struct reaper *r)
{
  while (r->young > 0) {
    int wait_status;
    unsigned int i;
    pid_t pid = waitpid(-1, &wait_status, WNOHANG);
    if (pid <= 0)
      return;
    i = find_member(r, pid);
    if (i < r->young)
      young_ended(r, i, wait_status);
    else
      r->stranger(r->context, pid);
  }
}

static void ask_young(struct reaper *r)
{
  unsigned int i = 0;
  while (i < r->young) {
    int wait_status = 0;
    if (has_ended(member_child(r, i), &wait_status))
      young_ended(r, i, wait_status);
    else if (++r->member[i].asked == REAPER_ASKED)
      grow_old(r, i);
    else
      i++;
  }
}

/* After some have ended: those that were old may have done so, too, of whom no event will tell when they have no pidfd any
 * more. */
static void settle(struct reaper *r)
{
  if (!r->many || r->children->count > REAPER_FEW)
    return;
  become_few(r);
  ask_few(r);
}

void reaper_signal(struct reaper *r, pid_t pid)
{
  unsigned int i = find_member(r, pid);
  if (i < r->young)
    r->over(r->context, member_child(r, i));
  if (!r->many) {
    ask_few(r);
    return;
  }
  ask_young(r);
  sweep_soon(r);
  settle(r);
}

void reaper_event(struct reaper *r, uint32_t index)
{
  struct child *child = &r->children->child[index];
  int wait_status = 0;
  if (child->pid == 0 || child->pidfd == -1)
    return;
  if (has_ended(child, &wait_status))
    old_ended(r, child, wait_status);
  else {
    /* It has ended, but somebody who traces it has not let it go: asking is for later, or this would spin. */
    lose_pidfd(child);
    r->children->without_pidfd++;
    sweep_soon(r);
  }
  settle(r);
}

void reaper_time(struct reaper *r)
{
  for (uint32_t i = 0; i < r->children->used && r->children->without_pidfd > 0; i++) {
    struct child *child = &r->children->child[i];
    int wait_status = 0;
    if (child->pid != 0 && !child->young && child->pidfd == -1 && has_ended(child, &wait_status))
      old_ended(r, child, wait_status);
  }
  settle(r);
}
