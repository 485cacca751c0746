/* reaper.c - see reaper.h. */
#include "reaper.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "signals.h"
#include "sources.h"
#include "spawn.h"

/* How often children without a pidfd are asked, when they are many. */
#define SWEEP_EVERY_MS 50

void reaper_init(struct reaper *r, struct children *children, struct events *events, struct timers *timers,
                 void (*ended)(void *, struct child *, int), void (*stranger)(void *, pid_t), void *context)
{
  *r = (struct reaper){.children = children,
                       .events = events,
                       .timers = timers,
                       .ended = ended,
                       .stranger = stranger,
                       .context = context};
  signals_catch_child(true);
}

static void set_pidfd(struct reaper *r, struct child *child, int pidfd)
{
  struct event const what = {.kind = EVENT_CHILD, .number = children_index(r->children, child)};
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
  for (unsigned int i = 0; i < r->few; i++)
    set_pidfd(r, &r->children->child[r->member[i].index], spawn_pidfd(r->member[i].pid));
  r->few = 0;
  signals_catch_child(r->children->without_pidfd > 0);
}

static void add_member(struct reaper *r, struct child *child)
{
  r->member[r->few].pid = child->pid;
  r->member[r->few++].index = children_index(r->children, child);
}

static void become_few(struct reaper *r)
{
  r->many = false;
  for (uint32_t i = 0; i < r->children->used; i++) {
    struct child *child = &r->children->child[i];
    if (child->pid == 0)
      continue;
    if (child->pidfd != -1)
      close(child->pidfd);
    child->pidfd = -1;
    add_member(r, child);
  }
  r->children->without_pidfd = 0;
  timers_cancel(r->timers, &r->sweep);
  signals_catch_child(true);
  /* Some may have ended while the signal was not caught. */
  reaper_signal(r);
}

bool reaper_wants_pidfd(struct reaper *r)
{
  if (!r->many && r->few == REAPER_MANY)
    become_many(r);
  return r->many;
}

void reaper_started(struct reaper *r, struct child *child)
{
  if (!r->many) {
    add_member(r, child);
    return;
  }
  set_pidfd(r, child, child->pidfd);
  if (child->pidfd != -1)
    return;
  signals_catch_child(true);
  /* It may have ended before the signal was caught. */
  reaper_signal(r);
}

/* The child is gone from the table when this returns. */
static void ended(struct reaper *r, struct child *child, int wait_status)
{
  bool watched = child->pidfd != -1;
  if (watched)
    close(child->pidfd); /* which also ends the watch */
  else if (r->many)
    r->children->without_pidfd--;
  child->pidfd = -1;
  r->ended(r->context, child, wait_status);
  if (r->many && r->children->count <= REAPER_FEW)
    become_few(r);
}

static void ask(struct reaper *r, struct child *child)
{
  int wait_status = 0;
  pid_t pid = waitpid(child->pid, &wait_status, WNOHANG);
  if (pid == child->pid || (pid == -1 && errno == ECHILD))
    ended(r, child, wait_status);
}

static void reap_few(struct reaper *r)
{
  while (r->few > 0) {
    int wait_status;
    unsigned int i = 0;
    pid_t pid = waitpid(-1, &wait_status, WNOHANG);
    if (pid <= 0)
      return;
    while (i < r->few && r->member[i].pid != pid)
      i++;
    if (i < r->few) {
      struct child *child = &r->children->child[r->member[i].index];
      r->member[i] = r->member[--r->few];
      ended(r, child, wait_status);
    } else
      r->stranger(r->context, pid);
  }
}

static void sweep(struct reaper *r)
{
  for (uint32_t i = 0; r->many && i < r->children->used && r->children->without_pidfd > 0; i++)
    if (r->children->child[i].pid != 0 && r->children->child[i].pidfd == -1)
      ask(r, &r->children->child[i]);
}

void reaper_signal(struct reaper *r)
{
  if (!r->many)
    reap_few(r);
  else if (r->sweep.position == 0 && r->children->without_pidfd > 0)
    timers_set(r->timers, &r->sweep, clock_ms() + SWEEP_EVERY_MS); /* room was made at the start */
}

void reaper_event(struct reaper *r, uint32_t index)
{
  struct child *child = &r->children->child[index];
  pid_t pid = child->pid;
  if (pid == 0 || child->pidfd == -1)
    return;
  ask(r, child);
  /* It has ended, but somebody who traces it has not let it go: asking is for later, or this would spin. */
  if (r->many && child->pid == pid && child->pidfd != -1) {
    close(child->pidfd);
    set_pidfd(r, child, -1);
    signals_catch_child(true);
    reaper_signal(r);
  }
}

void reaper_time(struct reaper *r)
{
  sweep(r);
}
