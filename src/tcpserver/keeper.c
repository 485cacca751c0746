/* keeper.c - see keeper.h. */
#include "keeper.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "helper.h"
#include "helperstart.h"
#include "message.h"
#include "sources.h"
#include "tls.h"

/* It reads some files and starts some processes. */
#define START_MS 60000

/* It replaces a worker at once, and if workers keep failing it tries again every 30 seconds. */
#define BEREFT_MS 35000

static char const has_ended[] = "tcptls has ended";

static void break_off(struct keeper *k, char const *why)
{
  if (!k->trouble)
    k->trouble = why;
}

/* --- Starting it --------------------------------------------------------------------------------------------- */

static _Noreturn void cannot_run(char const *path, int error)
{
  char const *why = error == ENOENT ? " (it is made where OpenSSL 3 is when ucspi-tcpmux is built)" : "";
  strerr_die(111, PROG, ": fatal: unable to run ", path, ": ", strerror(error), why);
}

/* 0, or -1 with errno. */
static int start(struct keeper *k, char path[HELPER_PATH_SIZE])
{
  struct helper new;
  char const **argv = k->options->tls_argv;
  if (helper_path(path, HELPER_BESIDE, "tcptls") == -1)
    return -1;
  argv[0] = path;
  argv[1] = k->options->verbosity >= VERBOSITY_STATUS ? "-Hv" : "-H";
  if (helper_start(&new, argv, k->environment) == -1)
    return -1;
  k->fd = new.fd;
  k->generation++;
  k->is_ready = k->hopeless = false;
  revival_started(&k->revival, new.pid);
  return 0;
}

void keeper_start(struct keeper *k)
{
  char path[HELPER_PATH_SIZE] = "tcptls";
  if (start(k, path) == -1)
    cannot_run(path, errno);
}

static int send_message(struct keeper *k, enum tls_kind kind, void const *payload)
{
  return message_send(k->fd, tls_row(kind), 0, payload, NULL);
}

/* What we are now, its workers will be. */
static int send_begin(struct keeper *k)
{
  static struct ids begin;
  if (ids_of_process(&begin) == -1)
    return -1;
  return send_message(k, TLS_BEGIN, &begin);
}

/* --- What it sends ------------------------------------------------------------------------------------------- */

static void take_worker(struct keeper *k, struct message const *m)
{
  struct tls_worker worker;
  char const *problem;
  memcpy(&worker, m->payload, sizeof worker);
  if (!tls_worker_is_sound(&worker)) {
    close(m->descriptor[0]);
    break_off(k, "tcptls has sent what makes no sense");
    return;
  }
  problem = k->new_worker(k->context, (pid_t)worker.pid, m->descriptor[0]);
  if (problem)
    break_off(k, problem);
  else
    timers_cancel(k->timers, &k->overdue);
}

static void take_ready(struct keeper *k)
{
  if (k->is_ready) {
    break_off(k, "tcptls has sent what makes no sense");
    return;
  }
  k->is_ready = true;
  k->told = false;
  timers_cancel(k->timers, &k->overdue);
  k->ready(k->context);
}

/* False if there is nothing more at the moment. */
static bool receive(struct keeper *k)
{
  struct message m;
  switch (message_receive(k->fd, tls_from_keeper, sizeof tls_from_keeper / sizeof tls_from_keeper[0], &m)) {
  case MESSAGE_RECEIVED:
    if (m.header.kind == TLS_WORKER)
      take_worker(k, &m);
    else
      take_ready(k);
    return true;
  case MESSAGE_NONE: return false;
  case MESSAGE_END: break_off(k, has_ended); break;
  case MESSAGE_REFUSED:
    break_off(k, errno == EPROTO ? "tcptls has sent what makes no sense" : has_ended);
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

static int watch(struct keeper *k)
{
  return events_watch(k->events, k->fd, EVENTS_IN, (struct event){.kind = EVENT_KEEPER});
}

void keeper_begin(struct keeper *k)
{
  int64_t deadline_ms = clock_ms() + START_MS;
  /* If it has ended already that is told by its end. */
  if (send_begin(k) == -1 && errno != EPIPE && errno != ECONNRESET)
    strerr_diefusys(111, "tell tcptls who we are");
  while (!k->is_ready && !k->trouble)
    if (!receive(k) && !k->trouble && !helperstart_wait(k->fd, deadline_ms, "tcptls"))
      break_off(k, "tcptls is not ready after a minute");
  if (k->trouble)
    helperstart_end(k->fd, k->revival.pid, k->trouble == has_ended, "speak TLS", k->trouble);
  if (watch(k) == -1)
    strerr_diefusys(111, "watch tcptls");
}

/* --- Afterwards ---------------------------------------------------------------------------------------------- */

void keeper_reload(struct keeper *k)
{
  /* If its socket is full it has been told often enough already. */
  if (k->fd != -1 && !k->trouble && send_message(k, TLS_RELOAD, NULL) == -1 && errno != EAGAIN &&
      errno != EWOULDBLOCK)
    break_off(k, has_ended);
}

void keeper_expect_worker(struct keeper *k)
{
  if (k->fd != -1)
    timers_set_if_unset(k->timers, &k->overdue, clock_ms() + BEREFT_MS);
}

static void tell(struct keeper *k, char const *why)
{
  if (!k->told)
    report_warning(k->report, "keep TLS workers going", "", why);
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
    break_off(k, has_ended);
  else
    timers_set(k->timers, &k->overdue, clock_ms() + START_MS);
}

bool keeper_time(struct keeper *k, struct timer const *timer)
{
  if (timer == &k->revival.timer)
    restart(k);
  else if (timer == &k->overdue)
    break_off(k, k->is_ready ? "tcptls starts no worker" : "tcptls does not get ready");
  else
    return false;
  return true;
}

void keeper_reaped(struct keeper *k, pid_t pid)
{
  revival_reaped(&k->revival, pid);
}

static void give_up(struct keeper *k, char const *why)
{
  tell(k, why);
  k->hopeless = !k->is_ready;
  events_forget(k->events, k->fd);
  close(k->fd);
  k->fd = -1;
  timers_cancel(k->timers, &k->overdue);
  revival_failed(&k->revival);
}

void keeper_settle(struct keeper *k, bool have_workers)
{
  char const *why = k->trouble;
  k->trouble = NULL;
  if (why)
    give_up(k, why);
  if (!k->hopeless || have_workers)
    return;
  report_flush(k->report);
  strerr_dief(111, "nothing is left that speaks TLS, and no new tcptls gets ready");
}
