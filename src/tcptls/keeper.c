/* keeper.c - see keeper.h. Each worker has at most one question to answer at a time: whether the keys that it was sent
 * last are sound. Everything that is to be told to somebody is a fact about what he knows already, compared in
 * advance(); so a socket that has no room only means to try again. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/selfpipe.h>
#include <skalibs/strerr.h>

#include "clock.h"
#include "decimal.h"
#include "descriptors.h"
#include "events.h"
#include "helperface.h"
#include "message.h"
#include "tickets.h"
#include "timers.h"
#include "tls.h"
#include "warning.h"
#include "worker.h"

#define die(...)         strerr_die(111, PROG, ": fatal: ", __VA_ARGS__)
#define die_system(what) strerr_diesys(111, PROG, ": fatal: ", what)
#define warn(...)        strerr_warn(PROG, ": warning: ", __VA_ARGS__)

enum { CONTROL = 0 };

enum {
  /* A worker that has ended is replaced so soon: not at once, because if tcpserver has ended, too, there is no need. */
  RESTART_MS = 50,
  /* Each time later than the time before if it does not live that long. */
  RESTART_MAX_MS = 30000,
  LONG_LIFE_MS = 10000
};

enum stage {
  STAGE_ABSENT,
  STAGE_LEARNING, /* it has no keys yet */
  STAGE_SERVING
};

struct member {
  enum stage stage;
  pid_t pid;
  int pair;              /* to the worker */
  int channel;           /* tcpserver's end of the channel until it has been sent; else -1 */
  bool asked;            /* it has been sent keys, and has not answered */
  unsigned int material; /* number of what it was sent last */
  unsigned int tickets;  /* likewise */
  bool full;             /* watched for room */
  int64_t started_ms, delay_ms;
  struct timer restart; /* set while absent */
};

static struct keeper {
  struct options const *options;
  struct ids begin;
  struct events events;
  struct timers timers;
  struct member member[WORKERS_MAX];
  unsigned int members;
  int signals; /* readable when a child has ended */

  int material; /* what is in use */
  unsigned int material_number;
  int candidate;        /* what is to be judged, or -1 */
  struct member *judge; /* who does it; may be null while nobody can */
  bool reload;          /* again, when that is over */

  struct tls_tickets tickets;
  unsigned int tickets_number;
  struct timer rotate;

  bool begun, started; /* all that there shall be */
  bool ready, told_ready;
  bool control_full; /* watched for room */
  bool ended;
} keeper;

enum source { SOURCE_CONTROL, SOURCE_SIGNAL, SOURCE_WORKER };

/* --- Keys ----------------------------------------------------------------------------------------------------- */

static void rotate_tickets(struct keeper *k)
{
  if (tickets_rotate(&k->tickets) == -1)
    strerr_warnsys(PROG, ": warning: ", "unable to make new keys for session tickets");
  else
    k->tickets_number++;
  if (timers_set(&k->timers, &k->rotate, clock_ms() + TICKETS_ROTATE_S * INT64_C(1000)) == -1)
    die_system("unable to start");
}

static void drop_candidate(struct keeper *k)
{
  close(k->candidate);
  k->candidate = -1;
  k->judge = NULL;
}

static void reload(struct keeper *k)
{
  char problem[MATERIAL_PROBLEM_SIZE];
  if (!k->ready || k->candidate != -1) {
    k->reload = true;
    return;
  }
  k->reload = false;
  k->candidate = material_read(&k->options->files, problem, warn_of_file);
  if (k->candidate == -1)
    warn("keys and certificates stay as they were: ", problem);
}

/* --- What comes from workers ----------------------------------------------------------------------------------- */

static void restart_later(struct keeper *k, struct member *m)
{
  int64_t now = clock_ms();
  m->delay_ms = now - m->started_ms >= LONG_LIFE_MS || m->delay_ms == 0 ? RESTART_MS
                : m->delay_ms * 2 > RESTART_MAX_MS                      ? RESTART_MAX_MS
                                                                        : m->delay_ms * 2;
  if (timers_set(&k->timers, &m->restart, now + m->delay_ms) == -1)
    die_system("unable to start a worker again");
}

/* Its socket has ended, or it has. It may go on with the connections that it has, and what becomes of it is told when it
 * ends. */
static void leave(struct keeper *k, struct member *m)
{
  if (m->stage == STAGE_ABSENT)
    return;
  m->stage = STAGE_ABSENT;
  m->asked = false;
  events_forget(&k->events, m->pair);
  close(m->pair);
  if (m->channel != -1)
    close(m->channel);
  m->channel = -1;
  if (k->judge == m) {
    warn("keys and certificates stay as they were: a worker has ended of the new ones");
    drop_candidate(k);
  }
  if (k->ready)
    restart_later(k, m);
}

/* --- Starting workers ------------------------------------------------------------------------------------------ */

/* In the new process. */
static _Noreturn void become_worker(struct keeper *k, int pair, int channel)
{
  selfpipe_finish();
  signal(SIGCHLD, SIG_DFL);
  if (dup2(pair, WORKER_KEEPER) == -1 || dup2(channel, WORKER_CHANNEL) == -1)
    die_system("unable to set up a worker's descriptors");
  descriptors_close_others();
  explicit_bzero(&k->tickets, sizeof k->tickets);
  worker_run(k->options, &k->begin);
  exit(0);
}

/* 0, or -1 with errno. */
static int start(struct keeper *k, struct member *m)
{
  int pair[2], channel[2], error;
  struct event const who = {.kind = SOURCE_WORKER, .number = (uint32_t)(m - k->member)};
  if (message_pair(pair) == -1)
    return -1;
  if (message_pair(channel) == -1) {
    error = errno;
    close(pair[0]);
    close(pair[1]);
    errno = error;
    return -1;
  }
  m->pid = events_watch(&k->events, pair[0], EVENTS_IN, who) == -1 ? -1 : fork();
  if (m->pid == 0)
    become_worker(k, pair[1], channel[1]);
  error = errno;
  close(pair[1]);
  close(channel[1]);
  if (m->pid == -1) {
    events_forget(&k->events, pair[0]);
    close(pair[0]);
    close(channel[0]);
    errno = error;
    return -1;
  }
  m->stage = STAGE_LEARNING;
  m->pair = pair[0];
  m->channel = channel[0];
  m->material = m->tickets = 0;
  m->full = false;
  m->started_ms = clock_ms();
  return 0;
}

static void start_again(struct keeper *k, struct member *m)
{
  if (start(k, m) == 0)
    return;
  strerr_warnsys(PROG, ": warning: ", "unable to start a worker");
  m->started_ms = clock_ms();
  restart_later(k, m);
}

/* --- Saying what there is to say ------------------------------------------------------------------------------- */

static bool is_full(void)
{
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
}

static bool is_gone(void)
{
  return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN;
}

static void watch_room(struct keeper *k, int fd, bool *full, bool now, struct event who)
{
  if (*full != now && events_change(&k->events, fd, now ? EVENTS_IN | EVENTS_OUT : EVENTS_IN, who) == -1)
    die_system("unable to wait for events");
  *full = now;
}

/* False if it has to wait. Who is gone is found to be so by reading. */
static bool tell_worker(struct keeper *k, struct member *m, enum tls_kind kind, void const *payload,
                        int const *descriptor)
{
  struct event const who = {.kind = SOURCE_WORKER, .number = (uint32_t)(m - k->member)};
  int result = message_send(m->pair, tls_row(kind), 0, payload, descriptor);
  if (result == -1 && !is_full() && !is_gone())
    die_system("unable to send keys to a worker");
  watch_room(k, m->pair, &m->full, result == -1 && is_full(), who);
  return result == 0;
}

static bool tell_tcpserver(struct keeper *k, enum tls_kind kind, void const *payload, int const *descriptor)
{
  int result = message_send(CONTROL, tls_row(kind), 0, payload, descriptor);
  if (result == -1 && !is_full() && !is_gone())
    die_system("unable to send a worker's channel");
  watch_room(k, CONTROL, &k->control_full, result == -1 && is_full(), (struct event){.kind = SOURCE_CONTROL});
  return result == 0;
}

static void send_keys(struct keeper *k, struct member *m)
{
  bool judges = k->candidate != -1 && !k->judge && m->stage == STAGE_SERVING;
  /* One warns of what it finds: the first, and whoever judges. */
  struct tls_material const how = {.warn = judges || !k->started};
  if (m->tickets != k->tickets_number) {
    if (!tell_worker(k, m, TLS_TICKETS, &k->tickets, NULL))
      return;
    m->tickets = k->tickets_number;
  }
  if (m->asked || (m->material == k->material_number && !judges))
    return;
  if (!tell_worker(k, m, TLS_MATERIAL, &how, judges ? &k->candidate : &k->material))
    return;
  m->asked = true;
  if (judges)
    k->judge = m;
  else
    m->material = k->material_number;
}

static void send_channel(struct keeper *k, struct member *m)
{
  struct tls_worker who = {.pid = (uint32_t)m->pid};
  if (!tell_tcpserver(k, TLS_WORKER, &who, &m->channel))
    return;
  close(m->channel);
  m->channel = -1;
}

/* The first worker finds out whether the keys are sound before there are others. */
static void start_others(struct keeper *k)
{
  k->started = true;
  for (unsigned int i = 1; i < k->members; i++)
    if (start(k, &k->member[i]) == -1)
      die_system("unable to start a worker");
}

static bool all_serve(struct keeper const *k)
{
  for (unsigned int i = 0; i < k->members; i++)
    if (k->member[i].stage != STAGE_SERVING || k->member[i].channel != -1)
      return false;
  return true;
}

static void advance(struct keeper *k)
{
  if (!k->begun)
    return;
  if (!k->started && k->member[0].stage == STAGE_SERVING)
    start_others(k);
  if (k->ready && k->reload)
    reload(k);
  for (unsigned int i = 0; i < k->members; i++) {
    struct member *m = &k->member[i];
    if (m->stage != STAGE_ABSENT)
      send_keys(k, m);
    if (m->stage == STAGE_SERVING && m->channel != -1)
      send_channel(k, m);
  }
  if (!k->ready && all_serve(k))
    k->ready = true;
  if (k->ready && !k->told_ready)
    k->told_ready = tell_tcpserver(k, TLS_READY, NULL, NULL);
}

/* --- Messages from workers -------------------------------------------------------------------------------------- */

static void found_sound(struct keeper *k, struct member *m)
{
  m->asked = false;
  m->stage = STAGE_SERVING;
  if (k->judge != m)
    return;
  close(k->material);
  k->material = k->candidate;
  k->candidate = -1;
  k->judge = NULL;
  m->material = ++k->material_number;
  if (k->options->verbose)
    strerr_warn(PROG, ": keys and certificates reread");
}

static void found_unsound(struct keeper *k, struct member *m, struct message const *message)
{
  struct tls_refusal refusal;
  memcpy(&refusal, message->payload, sizeof refusal);
  if (!tls_refusal_is_sound(&refusal))
    tls_set_text(refusal.reason, sizeof refusal.reason, "a worker can't say why");
  m->asked = false;
  if (!k->ready)
    die(refusal.reason);
  if (k->judge == m) {
    warn("keys and certificates stay as they were: ", refusal.reason);
    drop_candidate(k);
    return;
  }
  /* Others have found them sound: it may be short of memory. */
  warn("a worker can't use the keys and certificates: ", refusal.reason);
  if (m->stage == STAGE_LEARNING)
    leave(k, m);
}

static void from_worker(struct keeper *k, struct member *m)
{
  static struct message message;
  while (m->stage != STAGE_ABSENT)
    switch (message_receive(m->pair, tls_from_worker, sizeof tls_from_worker / sizeof tls_from_worker[0],
                            &message)) {
    case MESSAGE_RECEIVED:
      if (!m->asked)
        leave(k, m);
      else if (message.header.kind == TLS_SOUND)
        found_sound(k, m);
      else
        found_unsound(k, m, &message);
      break;
    case MESSAGE_NONE: return;
    case MESSAGE_END:
    case MESSAGE_REFUSED: leave(k, m); break;
    }
}

/* --- Children --------------------------------------------------------------------------------------------------- */

static void tell_end(pid_t pid, int status)
{
  char number[DECIMAL_SIZE], code[DECIMAL_SIZE];
  bool killed = WIFSIGNALED(status);
  decimal_print(number, (uint64_t)pid);
  decimal_print(code, (uint64_t)(killed ? WTERMSIG(status) : WEXITSTATUS(status)));
  warn("worker ", number, killed ? " was killed by signal " : " exited ", code);
}

static void reap(struct keeper *k)
{
  int status;
  pid_t pid;
  while (selfpipe_read() > 0)
    ;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (status != 0)
      tell_end(pid, status);
    for (unsigned int i = 0; i < k->members; i++)
      if (k->member[i].stage != STAGE_ABSENT && k->member[i].pid == pid)
        leave(k, &k->member[i]);
  }
}

/* --- Messages from tcpserver ------------------------------------------------------------------------------------- */

static void begin(struct keeper *k, struct message const *m)
{
  if (k->begun)
    die("got a second beginning");
  memcpy(&k->begin, m->payload, sizeof k->begin);
  if (!ids_are_sound(&k->begin))
    die("got ids that make no sense");
  k->begun = true;
  rotate_tickets(k);
  if (k->tickets.count == 0)
    die("unable to start without random numbers");
  if (start(k, &k->member[0]) == -1)
    die_system("unable to start a worker");
}

static void from_tcpserver(struct keeper *k)
{
  static struct message m;
  for (;;)
    switch (message_receive(CONTROL, tls_to_keeper, sizeof tls_to_keeper / sizeof tls_to_keeper[0], &m)) {
    case MESSAGE_RECEIVED:
      if (m.header.kind == TLS_BEGIN)
        begin(k, &m);
      else
        reload(k);
      break;
    case MESSAGE_NONE: return;
    case MESSAGE_END: k->ended = true; return;
    case MESSAGE_REFUSED:
      if (errno == ECONNRESET) {
        k->ended = true;
        return;
      }
      if (errno == EPROTO)
        die("got a message that makes no sense");
      die_system("unable to receive messages");
    }
}

/* --- The loop ------------------------------------------------------------------------------------------------------ */

static void expire(struct keeper *k)
{
  struct timer *t;
  while ((t = timers_expired(&k->timers, clock_ms())))
    if (t == &k->rotate)
      rotate_tickets(k);
    else
      start_again(k, (struct member *)(void *)((char *)t - offsetof(struct member, restart)));
}

/* Before tcpserver has been told that all is well nothing that happens to a worker is well. */
static void check_start(struct keeper const *k)
{
  if (!k->begun || k->ready)
    return;
  for (unsigned int i = 0; i < (k->started ? k->members : 1); i++)
    if (k->member[i].stage == STAGE_ABSENT)
      die("a worker has ended at once");
}

static void turn(struct keeper *k)
{
  struct event event[EVENTS_BATCH];
  int64_t deadline_ms;
  int count =
      events_wait(&k->events, event, timers_next(&k->timers, &deadline_ms) ? clock_wait_ms(deadline_ms) : -1);
  if (count == -1)
    die_system("unable to wait for events");
  for (int i = 0; i < count && !k->ended; i++)
    switch ((enum source)event[i].kind) {
    case SOURCE_CONTROL: from_tcpserver(k); break;
    case SOURCE_SIGNAL: reap(k); break;
    case SOURCE_WORKER: from_worker(k, &k->member[event[i].number]); break;
    }
  if (k->ended)
    return;
  expire(k);
  check_start(k);
  advance(k);
}

static void prepare_signals(struct keeper *k)
{
  helperface_ignore_signals();
  signal(SIGCHLD, SIG_DFL);
  k->signals = selfpipe_init();
  if (k->signals == -1 || selfpipe_trap(SIGCHLD) == -1)
    die_system("unable to catch signals");
}

void keeper_run(struct options const *o)
{
  struct keeper *k = &keeper;
  char problem[MATERIAL_PROBLEM_SIZE];

  *k = (struct keeper){.options = o, .members = o->workers, .material_number = 1, .candidate = -1};
  for (unsigned int i = 0; i < k->members; i++)
    k->member[i].channel = -1;
  if (message_adopt(CONTROL) == -1)
    die_system("descriptor 0 is not a socket for messages");
  prepare_signals(k);
  k->material = material_read(&o->files, problem, warn_of_file);
  if (k->material == -1)
    die(problem);
  if (events_init(&k->events) == -1 ||
      events_watch(&k->events, CONTROL, EVENTS_IN, (struct event){.kind = SOURCE_CONTROL}) == -1 ||
      events_watch(&k->events, k->signals, EVENTS_IN, (struct event){.kind = SOURCE_SIGNAL}) == -1)
    die_system("unable to start");
  while (!k->ended)
    turn(k);
}
