/* keeper.c - see keeper.h. */
#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "ids.h"

/* How long, if it has nobody to talk to any more, its end is waited for, and how often it is looked for. */
#define END_MS        5000
#define REAP_EVERY_MS 10

void keeper_break_off(struct keeper *k, char const *why)
{
  if (!k->trouble)
    k->trouble = why;
}

/* --- Starting it --------------------------------------------------------------------------------------------- */

/* 0, or -1 with errno. */
static int start(struct keeper *k, char path[HELPER_PATH_SIZE])
{
  struct helper new;
  if (k->kind->run(k->owner, &new, path) == -1)
    return -1;
  k->fd = new.fd;
  k->is_ready = k->hopeless = false;
  revival_started(&k->revival, new.pid);
  return 0;
}

void keeper_start(struct keeper *k)
{
  char path[HELPER_PATH_SIZE] = "";
  int error;
  k->revival.timers = k->timers;
  if (start(k, path) == 0)
    return;
  error = errno;
  strerr_die(111, PROG, ": fatal: unable to run ", path, ": ", strerror(error),
             error == ENOENT ? k->kind->if_absent : "");
}

/* What we are now, those that it keeps going will be. */
static int send_begin(struct keeper *k)
{
  struct ids who;
  return ids_of_process(&who) == -1 ? -1 : message_send(k->fd, k->kind->begin, 0, &who, NULL);
}

void keeper_stop(struct keeper *k)
{
  revival_kill(&k->revival);
}

/* --- What it sends ------------------------------------------------------------------------------------------- */

/* False if there is nothing more at the moment. */
static bool receive(struct keeper *k)
{
  struct message m;
  switch (message_receive(k->fd, k->kind->from, k->kind->from_kinds, &m)) {
  case MESSAGE_RECEIVED:
    if (!k->kind->heed(k->owner, &m))
      keeper_break_off(k, k->kind->makes_no_sense);
    return true;
  case MESSAGE_NONE: break;
  case MESSAGE_END: keeper_break_off(k, k->kind->has_ended); break;
  case MESSAGE_REFUSED:
    keeper_break_off(k, errno == EPROTO ? k->kind->makes_no_sense : k->kind->has_ended);
    break;
  }
  return false;
}

void keeper_event(struct keeper *k)
{
  /* It sends few messages: a second one is not looked for. */
  if (k->fd != -1 && !k->trouble)
    receive(k);
}

/* --- The start of tcpserver ---------------------------------------------------------------------------------- */

/* Until there may be a message. False if the deadline has passed. */
static bool wait_for_message(struct keeper const *k, int64_t deadline_ms)
{
  struct pollfd p = {.fd = k->fd, .events = POLLIN};
  if (clock_ms() >= deadline_ms)
    return false;
  if (poll(&p, 1, clock_wait_ms(deadline_ms)) == -1 && errno != EINTR)
    strerr_diefusys(111, "wait for ", k->kind->program);
  return true;
}

/* Its exit status, or 0 if it has none: it was killed, or does not end though nobody listens to it. */
static int exit_status(struct keeper const *k)
{
  int status;
  close(k->fd);
  for (int64_t until_ms = clock_ms() + END_MS; clock_ms() < until_ms; poll(NULL, 0, REAP_EVERY_MS)) {
    pid_t pid = waitpid(k->revival.pid, &status, WNOHANG);
    if (pid == k->revival.pid)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    if (pid == -1 && errno != EINTR)
      return 0;
  }
  return 0;
}

/* With 100 or 111 it has said why. */
static _Noreturn void end_as_it_does(struct keeper const *k)
{
  int status = k->trouble == k->kind->has_ended ? exit_status(k) : 0;
  if (status != 100 && status != 111)
    strerr_dief(111, "unable to ", k->kind->purpose, ": ", k->trouble);
  _exit(status);
}

static int watch(struct keeper *k)
{
  return events_watch(k->events, k->fd, EVENTS_IN, (struct event){.kind = k->kind->event});
}

void keeper_begin(struct keeper *k, bool const *enough)
{
  int64_t deadline_ms = clock_ms() + k->kind->start_ms;
  /* If it has ended already that is told by its end. */
  if (send_begin(k) == -1 && errno != EPIPE && errno != ECONNRESET)
    strerr_diefusys(111, "tell ", k->kind->program, " who we are");
  while (!*enough && !k->trouble)
    if (!receive(k) && !k->trouble && !wait_for_message(k, deadline_ms))
      keeper_break_off(k, k->kind->never_ready);
  if (k->trouble && !k->is_ready)
    end_as_it_does(k);
  if (watch(k) == -1)
    strerr_diefusys(111, "watch ", k->kind->program);
}

/* --- Afterwards ---------------------------------------------------------------------------------------------- */

void keeper_reload(struct keeper *k)
{
  /* If its socket is full it has been told often enough already. */
  if (k->fd != -1 && !k->trouble && message_send(k->fd, k->kind->reload, 0, NULL, NULL) == -1 &&
      errno != EAGAIN && errno != EWOULDBLOCK)
    keeper_break_off(k, k->kind->has_ended);
}

static void tell(struct keeper *k, char const *why)
{
  if (!k->told)
    report_warning(k->report, k->kind->upkeep, "", why);
  k->told = true;
}

static bool is_shortage(int error)
{
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

static void restart(struct keeper *k)
{
  char path[HELPER_PATH_SIZE];
  if (!revival_due(&k->revival))
    return;
  if (start(k, path) == -1) {
    int error = errno;
    tell(k, strerror(error));
    k->hopeless = !is_shortage(error);
    revival_not_started(&k->revival);
  } else if (watch(k) == -1 || send_begin(k) == -1)
    keeper_break_off(k, k->kind->has_ended);
  else
    timers_set(k->timers, &k->overdue, clock_ms() + k->kind->restart_ms);
}

bool keeper_time(struct keeper *k, struct timer const *timer)
{
  if (timer == &k->revival.timer)
    restart(k);
  else if (timer == &k->overdue)
    keeper_break_off(k, k->is_ready ? k->kind->is_overdue : k->kind->not_ready_again);
  else
    return false;
  return true;
}

void keeper_reaped(struct keeper *k, pid_t pid)
{
  revival_reaped(&k->revival, pid);
}

void keeper_give_up(struct keeper *k)
{
  tell(k, k->trouble);
  k->trouble = NULL;
  k->hopeless = !k->is_ready;
  events_forget(k->events, k->fd);
  close(k->fd);
  k->fd = -1;
  timers_cancel(k->timers, &k->overdue);
  revival_failed(&k->revival);
}

void keeper_despair(struct keeper const *k)
{
  report_flush(k->report);
  strerr_dief(111, k->kind->last_words);
}
