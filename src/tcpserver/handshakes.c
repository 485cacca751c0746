/* handshakes.c - see handshakes.h. An answer only ever moves one record, that of a connection which this worker was given,
 * to those that are due; whatever else a worker does ends it. */
#include "handshakes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "decimal.h"
#include "message.h"
#include "sources.h"
#include "tls.h"

/* It ends handshakes itself that take too long: after this much more an answer is not waited for. */
#define PATIENCE_SLACK_MS 5000

/* When what the system had no room for is tried again. */
#define RETRY_MS 50

/* Answers that are taken before other events are looked at. */
#define ANSWERS_BURST 64

/* tcptls reads some files and starts some processes. */
#define START_MS 60000

/* It replaces a worker at once, and if workers keep failing it tries again every 30 seconds. */
#define BEREFT_MS 35000

/* --- Refusals ------------------------------------------------------------------------------------------------ */

/* The connection waits no longer, and the stage will refuse it. */
static void refuse(struct handshakes *h, struct waiting *w, enum refusal refusal)
{
  w->connection.refusal = refusal;
  waiting_move(h->table, w, WAITING_DUE);
}

static void refuse_saying(struct handshakes *h, struct waiting *w, char const *why)
{
  struct connection *c = &w->connection;
  c->tls_refusal = malloc(sizeof *c->tls_refusal);
  if (c->tls_refusal)
    tls_set_text(c->tls_refusal->reason, sizeof c->tls_refusal->reason, why);
  refuse(h, w, REFUSAL_TLS);
}

/* The system is short of something. */
static void refuse_for_want(struct handshakes *h, struct waiting *w, char const *verb)
{
  report_shortage(h->report, &w->connection, verb);
  waiting_move(h->table, w, WAITING_DUE);
}

/* --- Workers ------------------------------------------------------------------------------------------------- */

static void break_off(struct handshakes *h, struct worker *worker, enum worker_trouble why)
{
  if (!worker->trouble)
    worker->trouble = why;
  h->unsettled = true;
}

static struct event event_of(struct handshakes const *h, struct worker const *worker)
{
  return (struct event){.kind = EVENT_WORKER, .number = (uint32_t)(worker - h->worker)};
}

/* Where one that is new finds its place. Null with errno: E2BIG if there are too many, or ENOMEM. */
static struct worker *find_place(struct handshakes *h)
{
  for (uint32_t i = 0; i < h->places; i++)
    if (h->worker[i].channel == -1)
      return &h->worker[i];
  errno = E2BIG;
  if (h->places == WORKERS_MAX || timers_reserve(h->timers, 1) == -1)
    return NULL;
  return &h->worker[h->places++];
}

static void hand_over_all(struct handshakes *h);

/* The channel is ours from now on. Null, or what is wrong with it. */
static char const *new_worker(struct handshakes *h, pid_t pid, int channel)
{
  struct worker *worker;
  errno = 0;
  worker = message_adopt(channel) == 0 ? find_place(h) : NULL;
  if (!worker) {
    close(channel);
    return errno == ENOMEM ? strerror(errno) : "tcptls has sent what is no channel, or too many";
  }
  *worker = (struct worker){.channel = channel, .pid = pid, .generation = h->generation};
  if (events_watch(h->events, channel, EVENTS_IN, event_of(h, worker)) == -1) {
    worker->channel = -1;
    close(channel);
    return strerror(errno);
  }
  hand_over_all(h);
  return NULL;
}

static bool is_usable(struct worker const *worker)
{
  return worker->channel != -1 && !worker->trouble && !worker->retiring;
}

static bool have_workers(struct handshakes const *h)
{
  for (uint32_t i = 0; i < h->places; i++)
    if (is_usable(&h->worker[i]))
      return true;
  return false;
}

/* The one that has the fewest handshakes to do and room for another; of several the next in turn. Null: none has room. */
static struct worker *choose(struct handshakes *h)
{
  struct worker *best = NULL;
  for (uint32_t n = 1; n <= h->places; n++) {
    struct worker *worker = &h->worker[(h->last + n) % h->places];
    if (is_usable(worker) && !worker->full && (!best || worker->handshakes < best->handshakes))
      best = worker;
  }
  return best;
}

static void watch_for_room(struct handshakes *h, struct worker *worker, bool wanted)
{
  if (wanted == worker->full)
    return;
  worker->full = wanted;
  if (events_change(h->events, worker->channel, EVENTS_IN | (wanted ? EVENTS_OUT : 0u),
                    event_of(h, worker)) == -1)
    break_off(h, worker, WORKER_CANNOT_BE_WATCHED);
}

/* --- tcptls -------------------------------------------------------------------------------------------------- */

static int run(void *handshakes, struct helper *new, char path[HELPER_PATH_SIZE])
{
  struct handshakes *h = handshakes;
  char const **argv = h->options->tls_argv;
  argv[0] = path;
  argv[1] = h->options->verbosity >= VERBOSITY_STATUS ? "-Hv" : "-H";
  if (helper_path(path, HELPER_BESIDE, "tcptls") == -1 || helper_start(new, argv, h->environment) == -1)
    return -1;
  h->generation++;
  return 0;
}

static bool take_worker(struct handshakes *h, struct message const *m)
{
  struct tls_worker worker;
  char const *problem;
  memcpy(&worker, m->payload, sizeof worker);
  if (!tls_worker_is_sound(&worker)) {
    close(m->descriptor[0]);
    return false;
  }
  problem = new_worker(h, (pid_t)worker.pid, m->descriptor[0]);
  if (problem)
    keeper_break_off(&h->keeper, problem);
  else
    timers_cancel(h->timers, &h->keeper.overdue);
  return true;
}

/* A new one has given all its workers: those of the one before it get no more to do. */
static bool take_ready(struct handshakes *h)
{
  if (h->keeper.is_ready)
    return false;
  h->keeper.is_ready = true;
  h->keeper.told = false;
  timers_cancel(h->timers, &h->keeper.overdue);
  for (uint32_t i = 0; i < h->places; i++)
    if (h->worker[i].generation != h->generation)
      h->worker[i].retiring = true;
  h->unsettled = true;
  return true;
}

static bool heed(void *handshakes, struct message const *m)
{
  return m->header.kind == TLS_WORKER ? take_worker(handshakes, m) : take_ready(handshakes);
}

static struct keeper_kind const tcptls = {
    .program = "tcptls",
    .if_absent = " (it is made where OpenSSL 3 is when ucspi-tcpmux is built)",
    .purpose = "speak TLS",
    .upkeep = "keep TLS workers going",
    .has_ended = "tcptls has ended",
    .makes_no_sense = "tcptls has sent what makes no sense",
    .never_ready = "tcptls is not ready after a minute",
    .not_ready_again = "tcptls does not get ready",
    .is_overdue = "tcptls starts no worker",
    .last_words = "nothing is left that speaks TLS, and no new tcptls gets ready",
    .event = EVENT_TLS_KEEPER,
    .start_ms = START_MS,
    .restart_ms = START_MS,
    .begin = &tls_to_keeper[0],
    .reload = &tls_to_keeper[1],
    .from = tls_from_keeper,
    .from_kinds = sizeof tls_from_keeper / sizeof tls_from_keeper[0],
    .run = run,
    .heed = heed,
};

/* --- Handing over -------------------------------------------------------------------------------------------- */

static int64_t patience_ms(struct handshakes const *h)
{
  return (int64_t)h->options->handshake_s * 1000 + PATIENCE_SLACK_MS;
}

/* The worker has it. With -V the client's socket stays here, too: its counters can't be read through anything else. */
static void handed_over(struct handshakes *h, struct waiting *w, struct worker *worker, int program)
{
  struct connection *c = &w->connection;
  int64_t now = clock_ms();
  c->program = program;
  if (h->report->verbosity < VERBOSITY_DETAIL) {
    close(c->fd);
    c->fd = -1;
  }
  w->worker = (uint32_t)(worker - h->worker);
  w->since_ms = now;
  waiting_move(h->table, w, WAITING_TLS_ASKED);
  h->last = w->worker;
  worker->handshakes++;
  pulse_expect(&worker->pulse, h->timers, now);
}

/* What the client has not been sent in clear goes inside. */
static bool greet(struct banner const *b, int program)
{
  return !b || send(program, b->text, b->len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)b->len;
}

static void try_again_later(struct handshakes *h)
{
  timers_set_if_unset(h->timers, &h->retry, clock_ms() + RETRY_MS);
}

static void not_sent(struct handshakes *h, struct worker *worker, int error)
{
  if (error == EAGAIN || error == EWOULDBLOCK)
    watch_for_room(h, worker, true);
  else if (error == ETOOMANYREFS || error == ENOBUFS || error == ENOMEM || error == EMFILE)
    try_again_later(h);
  else
    break_off(h, worker, WORKER_HAS_ENDED);
}

/* Either the connection is in another list afterwards, or the worker can't be chosen now, or there is to be a retry. */
static void hand_over(struct handshakes *h, struct waiting *w, struct worker *worker)
{
  static struct tls_open const open;
  int pair[2], both[2], error;
  if (tls_pair(pair) == -1) {
    refuse_for_want(h, w, "make a pair of sockets");
    /* Or all that wait would be refused within a moment. */
    try_again_later(h);
    return;
  }
  both[0] = w->connection.fd;
  both[1] = pair[1];
  if (!greet(h->banner, pair[0]))
    refuse(h, w, REFUSAL_BANNER);
  else if (message_send(worker->channel, tls_row(TLS_OPEN), w->id, &open, both) == 0) {
    close(pair[1]);
    handed_over(h, w, worker, pair[0]);
    return;
  } else {
    error = errno;
    not_sent(h, worker, error);
  }
  close(pair[0]);
  close(pair[1]);
}

static void hand_over_all(struct handshakes *h)
{
  struct waiting *w;
  struct worker *worker;
  while (h->retry.position == 0 && (w = waiting_first(h->table, WAITING_TLS_UNSENT)) && (worker = choose(h)))
    hand_over(h, w, worker);
}

static enum outcome no_memory(struct handshakes *h, struct connection *c)
{
  report_shortage(h->report, c, "wait for TLS");
  return DENY;
}

enum outcome handshakes_stage(void *handshakes, struct connection *c)
{
  struct handshakes *h = handshakes;
  int64_t now;
  if (c->tls)
    return PASS;
  if (c->refusal != REFUSAL_NONE)
    return DENY;
  /* What is asked of the client's socket is asked now. */
  if (!connection_find_arrival(c, h->listener))
    return no_memory(h, c);
  connection_set_options(c, h->options);
  /* The verdict is for this round only. */
  c->verdict = NULL;
  now = clock_ms();
  if (!waiting_add(h->table, c, WAITING_TLS_UNSENT, now))
    return no_memory(h, c);
  timers_set_if_unset(h->timers, &h->patience, now + patience_ms(h));
  hand_over_all(h);
  return WAIT;
}

/* --- Answers ------------------------------------------------------------------------------------------------- */

/* The record that the answer is about, or null if nobody waits for that any more, which is legal. False: no worker of ours
 * would answer that. */
static bool find_asked(struct handshakes *h, struct worker *worker, uint32_t id, struct waiting **out)
{
  struct waiting *w = waiting_find(h->table, id);
  *out = NULL;
  if (!w || w->list != WAITING_TLS_ASKED)
    return true;
  if (w->worker != (uint32_t)(worker - h->worker))
    return false;
  worker->handshakes--;
  *out = w;
  return true;
}

static bool take_facts(struct handshakes *h, struct worker *worker, struct message const *m)
{
  struct waiting *w;
  struct tls_facts facts;
  memcpy(&facts, m->payload, sizeof facts);
  if (!tls_facts_is_sound(&facts) || !find_asked(h, worker, m->header.id, &w))
    return false;
  if (!w)
    return true;
  w->connection.tls = malloc(sizeof facts);
  if (!w->connection.tls) {
    refuse_for_want(h, w, "speak TLS");
    return true;
  }
  *w->connection.tls = facts;
  waiting_move(h->table, w, WAITING_DUE);
  return true;
}

static bool take_refusal(struct handshakes *h, struct worker *worker, struct message const *m)
{
  struct waiting *w;
  struct tls_refusal refusal;
  memcpy(&refusal, m->payload, sizeof refusal);
  if (!tls_refusal_is_sound(&refusal) || !find_asked(h, worker, m->header.id, &w))
    return false;
  if (w)
    refuse_saying(h, w, refusal.reason);
  return true;
}

/* False if no worker of ours would have sent that. */
static bool take_message(struct handshakes *h, struct worker *worker, struct message const *m)
{
  if (m->header.kind == TLS_DONE)
    return take_facts(h, worker, m);
  if (m->header.kind == TLS_REFUSED)
    return take_refusal(h, worker, m);
  return true; /* TLS_PONG */
}

static void receive(struct handshakes *h, struct worker *worker)
{
  struct message m;
  bool heard = false;
  /* Without a handshake under way there is hardly a second message: it is not looked for. */
  for (int i = 0; i < ANSWERS_BURST && !worker->trouble && (i == 0 || worker->handshakes > 0); i++) {
    switch (message_receive(worker->channel, tls_from_relay, sizeof tls_from_relay / sizeof tls_from_relay[0],
                            &m)) {
    case MESSAGE_RECEIVED:
      if (take_message(h, worker, &m))
        heard = true;
      else
        break_off(h, worker, WORKER_SENT_NONSENSE);
      break;
    case MESSAGE_NONE: i = ANSWERS_BURST; break;
    case MESSAGE_END: break_off(h, worker, WORKER_HAS_ENDED); break;
    case MESSAGE_REFUSED:
      break_off(h, worker, errno == EPROTO ? WORKER_SENT_NONSENSE : WORKER_HAS_ENDED);
      break;
    }
  }
  if (worker->retiring && worker->handshakes == 0)
    h->unsettled = true;
  if (heard)
    pulse_heard(&worker->pulse, clock_ms());
}

void handshakes_event(struct handshakes *h, uint32_t index, unsigned int ready)
{
  struct worker *worker = &h->worker[index];
  if (worker->channel == -1 || worker->trouble)
    return;
  if (ready & (EVENTS_IN | EVENTS_FAILED))
    receive(h, worker);
  if ((ready & EVENTS_OUT) && !worker->trouble) {
    watch_for_room(h, worker, false);
    pulse_heard(&worker->pulse, clock_ms()); /* it reads */
    hand_over_all(h);
  }
}

/* --- Time ---------------------------------------------------------------------------------------------------- */

static void check_alive(struct handshakes *h, struct worker *worker)
{
  if (worker->handshakes == 0)
    return;
  switch (pulse_check(&worker->pulse, h->timers, clock_ms())) {
  case PULSE_DEAD: break_off(h, worker, WORKER_IS_SILENT); break;
  case PULSE_ASKS:
    /* If there is no room for this, that there is some soon shows as much. */
    if (message_send(worker->channel, tls_row(TLS_PING), 0, NULL, NULL) == -1)
      not_sent(h, worker, errno);
    break;
  case PULSE_WAITS: break;
  }
}

/* Both lists are in the order of their age. */
static struct waiting *oldest(struct handshakes *h)
{
  struct waiting *asked = waiting_first(h->table, WAITING_TLS_ASKED);
  struct waiting *unsent = waiting_first(h->table, WAITING_TLS_UNSENT);
  if (!asked || !unsent)
    return asked ? asked : unsent;
  return asked->since_ms < unsent->since_ms ? asked : unsent;
}

static void lose_patience(struct handshakes *h)
{
  int64_t now = clock_ms();
  struct waiting *w;
  while ((w = oldest(h)) && w->since_ms + patience_ms(h) <= now) {
    bool asked = w->list == WAITING_TLS_ASKED;
    if (asked)
      h->worker[w->worker].handshakes--;
    refuse_saying(h, w, asked ? "tcptls does not answer" : "no tcptls is free");
  }
  if (w)
    timers_set(h->timers, &h->patience, w->since_ms + patience_ms(h));
}

bool handshakes_time(struct handshakes *h, struct timer const *timer)
{
  if (keeper_time(&h->keeper, timer)) {
    h->unsettled = true;
    return true;
  }
  if (timer == &h->patience) {
    lose_patience(h);
    return true;
  }
  if (timer == &h->retry) {
    hand_over_all(h);
    return true;
  }
  for (uint32_t i = 0; i < h->places; i++)
    if (timer == &h->worker[i].pulse.timer) {
      check_alive(h, &h->worker[i]);
      return true;
    }
  return false;
}

void handshakes_keeper_event(struct handshakes *h)
{
  keeper_event(&h->keeper);
  h->unsettled = true;
}

void handshakes_reload(struct handshakes *h)
{
  keeper_reload(&h->keeper);
  h->unsettled = true;
}

/* --- Settling ------------------------------------------------------------------------------------------------ */

/* Nobody will answer those whom it was given. */
static void orphan(struct handshakes *h, struct worker const *worker, char const *why)
{
  uint32_t index = (uint32_t)(worker - h->worker);
  struct waiting *w = waiting_first(h->table, WAITING_TLS_ASKED), *next;
  for (; w; w = next) {
    next = waiting_next(h->table, w);
    if (w->worker == index)
      refuse_saying(h, w, why);
  }
}

/* Our end of its channel is closed. One that is in order ends when it has nothing to relay any more, and tcptls replaces it;
 * one that is not may never end. As long as its channel has no end the number is that of this process. */
static void dismiss(struct handshakes *h, struct worker *worker)
{
  events_forget(h->events, worker->channel);
  close(worker->channel);
  timers_cancel(h->timers, &worker->pulse.timer);
  worker->channel = -1;
  worker->trouble = WORKER_IS_FINE;
}

static void lost(struct handshakes *h, struct worker *worker)
{
  static char const *const why[] = {[WORKER_HAS_ENDED] = "it has ended",
                                    [WORKER_SENT_NONSENSE] = "it has sent what is no answer",
                                    [WORKER_IS_SILENT] = "it does not answer",
                                    [WORKER_CANNOT_BE_WATCHED] = "it can't be watched"};
  char number[DECIMAL_SIZE];
  bool ended = worker->trouble == WORKER_HAS_ENDED;
  decimal_print(number, (uint64_t)worker->pid);
  if (!ended)
    kill(worker->pid, SIGKILL);
  report_warning(h->report, "go on with TLS worker ", number, why[worker->trouble]);
  orphan(h, worker, ended ? "tcptls has ended" : "tcptls has failed");
  dismiss(h, worker);
}

/* There is none left: tcptls must give one soon. */
static void expect_worker(struct handshakes *h)
{
  if (h->keeper.hopeless)
    keeper_despair(&h->keeper);
  if (h->keeper.fd != -1)
    timers_set_if_unset(h->timers, &h->keeper.overdue, clock_ms() + BEREFT_MS);
}

void handshakes_settle(struct handshakes *h)
{
  if (!h->unsettled)
    return;
  h->unsettled = false;
  for (uint32_t i = 0; i < h->places; i++) {
    struct worker *worker = &h->worker[i];
    if (worker->channel != -1 && worker->trouble)
      lost(h, worker);
    else if (worker->channel != -1 && worker->retiring && worker->handshakes == 0)
      dismiss(h, worker);
  }
  if (h->keeper.trouble)
    keeper_give_up(&h->keeper);
  if (!have_workers(h))
    expect_worker(h);
  hand_over_all(h);
}

/* --- The start ----------------------------------------------------------------------------------------------- */

void handshakes_start(struct handshakes *h)
{
  h->keeper = (struct keeper){
      .kind = &tcptls, .owner = h, .report = h->report, .events = h->events, .timers = h->timers};
  keeper_start(&h->keeper);
}

void handshakes_begin(struct handshakes *h)
{
  keeper_begin(&h->keeper, &h->keeper.is_ready);
}
