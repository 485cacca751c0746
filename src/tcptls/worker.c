/* worker.c - see worker.h. Everybody gets a turn: in each one at most so many new connections are taken, and every
 * session that can go on does one bounded step. What tcpserver has no room for yet waits in a list, and as long as there is
 * such a list no new connections are taken. */
#include "worker.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "confine.h"
#include "context.h"
#include "descriptors.h"
#include "events.h"
#include "facts.h"
#include "conduit.h"
#include "material.h"
#include "helperface.h"
#include "message.h"
#include "problem.h"
#include "timers.h"
#include "warning.h"

#define die(...)         strerr_die(111, PROG, ": fatal: ", __VA_ARGS__)
#define die_system(what) strerr_diesys(111, PROG, ": fatal: ", what)

enum {
  MESSAGES_IN_A_ROW = 64,
  /* A handshake may take milliseconds, and thousands may come at once: in each turn they have so long, and who is served
   * already waits no longer. */
  HANDSHAKES_MS = 10,
  /* Descriptors that are no connection's: the standard ones, epoll's, those of a message that is one too many, and what
   * libraries may open. */
  DESCRIPTORS_OTHER = 16,
  DESCRIPTORS_EACH = 2,
  CONNECTIONS_OF_BLOCK = 64
};

/* What tcpserver is told of a connection. */
enum answer {
  ANSWER_LATER,   /* the handshake goes on */
  ANSWER_DONE,    /* to be told when it is its turn */
  ANSWER_REFUSED, /* likewise; nothing else is left of the connection */
  ANSWER_GIVEN
};

struct connection {
  struct connection *next; /* in the list of free ones */
  struct connection *next_ready, *next_answer;
  uint32_t index, id;
  bool open;  /* there is a conduit */
  bool ready; /* in one of the lists of those whose turn it is */
  enum answer answer;
  struct conduit conduit;
  struct timer deadline;
  struct tls_refusal refusal; /* with ANSWER_REFUSED */
};

struct list {
  struct connection *first, **end;
};

enum source { SOURCE_KEEPER, SOURCE_CHANNEL, SOURCE_NET, SOURCE_PLAIN };

static struct worker {
  struct options const *options;
  struct events events;
  struct timers timers;
  struct server_context *context; /* null until the first material has come */
  unsigned char digest[32];       /* of the material that it is made from */
  struct tickets tickets;
  struct timer tickets_stale; /* no new keys have come for too long */
  struct connection **block;  /* of CONNECTIONS_OF_BLOCK each; they stay where they are */
  size_t blocks;
  struct connection *unused;
  size_t count, limit;           /* connections in use */
  struct list relaying, shaking; /* those whose turn it is */
  struct list answers;
  bool has_keeper, has_channel;
  bool channel_full; /* watched for room, and not for questions */
  bool pong_due;     /* the answer to a ping had no room */
  uint32_t pong_id;
  int64_t now_ms; /* of this turn */
} worker;

/* --- Connections --------------------------------------------------------------------------------------------- */

static void list_init(struct list *l)
{
  l->first = NULL;
  l->end = &l->first;
}

static void to_ready(struct worker *w, struct connection *c)
{
  struct list *l = c->conduit.session.state == SESSION_SHAKING ? &w->shaking : &w->relaying;
  if (c->ready)
    return;
  c->ready = true;
  c->next_ready = NULL;
  *l->end = c;
  l->end = &c->next_ready;
}

static void to_answers(struct worker *w, struct connection *c, enum answer answer)
{
  c->answer = answer;
  c->next_answer = NULL;
  *w->answers.end = c;
  w->answers.end = &c->next_answer;
}

static bool add_block(struct worker *w)
{
  struct connection *block, **more = reallocarray(w->block, w->blocks + 1, sizeof(struct connection *));
  if (!more)
    return false;
  w->block = more;
  block = calloc(CONNECTIONS_OF_BLOCK, sizeof *block);
  if (!block)
    return false;
  for (size_t i = CONNECTIONS_OF_BLOCK; i-- > 0;) {
    block[i].index = (uint32_t)(w->blocks * CONNECTIONS_OF_BLOCK + i);
    block[i].next = w->unused;
    w->unused = &block[i];
  }
  w->block[w->blocks++] = block;
  return true;
}

/* Null if memory is short. */
static struct connection *take(struct worker *w)
{
  struct connection *c;
  if (!w->unused && !add_block(w))
    return NULL;
  c = w->unused;
  w->unused = c->next;
  w->count++;
  c->open = false;
  return c;
}

static void give_back(struct worker *w, struct connection *c)
{
  timers_cancel(&w->timers, &c->deadline);
  c->next = w->unused;
  w->unused = c;
  w->count--;
}

static struct connection *connection_at(struct worker *w, uint32_t index)
{
  return &w->block[index / CONNECTIONS_OF_BLOCK][index % CONNECTIONS_OF_BLOCK];
}

static void close_conduit(struct connection *c)
{
  conduit_close(&c->conduit);
  c->open = false;
}

/* --- What becomes of a session ------------------------------------------------------------------------------- */

static void refuse(struct worker *w, struct connection *c, char const *reason)
{
  tls_set_text(c->refusal.reason, sizeof c->refusal.reason, reason && *reason ? reason : "handshake failed");
  if (c->open)
    close_conduit(c);
  timers_cancel(&w->timers, &c->deadline);
  if (w->has_channel)
    to_answers(w, c, ANSWER_REFUSED);
  else
    give_back(w, c);
}

static void set_deadline(struct worker *w, struct connection *c)
{
  int64_t deadline_ms;
  if (!conduit_deadline(&c->conduit, &w->options->times, &deadline_ms))
    timers_cancel(&w->timers, &c->deadline);
  else if (c->deadline.position == 0 && timers_set(&w->timers, &c->deadline, deadline_ms) == -1)
    session_abort(&c->conduit.session, "out of memory", true);
  else if (c->deadline.deadline_ms > deadline_ms)
    timers_set(&w->timers, &c->deadline, deadline_ms);
  /* A later one is looked up when the earlier one comes: a deadline that moves with each octet need not be set again
   * with each of them. */
}

/* After a step, or when its time is up. */
static void settle(struct worker *w, struct connection *c)
{
  struct session const *s = &c->conduit.session;
  if (s->state != SESSION_OVER)
    set_deadline(w, c);
  if (c->answer == ANSWER_LATER) {
    if (conduit_is_made(&c->conduit)) {
      if (w->has_channel)
        to_answers(w, c, ANSWER_DONE);
      else
        c->answer = ANSWER_GIVEN;
    } else if (s->state == SESSION_OVER) {
      refuse(w, c, s->failure);
      return;
    }
  }
  /* With ANSWER_DONE the facts are still to be told. */
  if (s->state == SESSION_OVER && c->answer == ANSWER_GIVEN) {
    close_conduit(c);
    give_back(w, c);
  }
}

static void step(struct worker *w, struct connection *c)
{
  if (!c->open || c->conduit.session.state == SESSION_OVER)
    return;
  if (conduit_step(&c->conduit, w->now_ms) == SESSION_MORE && c->conduit.session.state != SESSION_OVER)
    to_ready(w, c);
  settle(w, c);
}

/* Those whose turn it was when this turn began. */
static void step_relaying(struct worker *w)
{
  struct connection *c = w->relaying.first, *next;
  list_init(&w->relaying);
  for (; c; c = next) {
    next = c->next_ready;
    c->ready = false;
    step(w, c);
  }
}

/* As many as there is time for, at least one; the others are the first of the next turn. */
static void step_shaking(struct worker *w)
{
  int64_t until_ms = w->now_ms + HANDSHAKES_MS;
  struct connection *c;
  while ((c = w->shaking.first)) {
    w->shaking.first = c->next_ready;
    if (!w->shaking.first)
      list_init(&w->shaking);
    c->ready = false;
    step(w, c);
    if (clock_ms() >= until_ms)
      return;
  }
}

static void expire(struct worker *w)
{
  struct timer *t;
  while ((t = timers_expired(&w->timers, w->now_ms))) {
    struct connection *c;
    if (t == &w->tickets_stale) {
      explicit_bzero(&w->tickets, sizeof w->tickets);
      continue;
    }
    c = (struct connection *)(void *)((char *)t - offsetof(struct connection, deadline));
    if (!c->open || c->conduit.session.state == SESSION_OVER)
      continue;
    conduit_expire(&c->conduit, &w->options->times, w->now_ms);
    settle(w, c);
  }
}

/* --- The channel: connections in, answers out ----------------------------------------------------------------- */

static void watch_channel(struct worker *w, bool full)
{
  struct event const who = {.kind = SOURCE_CHANNEL};
  if (full == w->channel_full)
    return;
  if (events_change(&w->events, WORKER_CHANNEL, full ? EVENTS_OUT : EVENTS_IN, who) == -1)
    die_system("unable to wait for events");
  w->channel_full = full;
}

static void forget_answers(struct worker *w)
{
  struct connection *c = w->answers.first, *next;
  list_init(&w->answers);
  for (; c; c = next) {
    next = c->next_answer;
    if (c->answer == ANSWER_REFUSED) {
      give_back(w, c);
      continue;
    }
    c->answer = ANSWER_GIVEN;
    settle(w, c);
  }
}

static void end_keeper(struct worker *w)
{
  if (!w->has_keeper)
    return;
  w->has_keeper = false;
  events_forget(&w->events, WORKER_KEEPER);
  close(WORKER_KEEPER);
}

/* tcpserver has gone, or wants nothing more of us. Who is served already is served to the end; for the others nobody
 * would start a program. The keeper may replace us meanwhile. */
static void end_channel(struct worker *w)
{
  w->has_channel = false;
  events_forget(&w->events, WORKER_CHANNEL);
  close(WORKER_CHANNEL);
  forget_answers(w);
  for (size_t i = 0; i < w->blocks * CONNECTIONS_OF_BLOCK; i++) {
    struct connection *c = connection_at(w, (uint32_t)i);
    if (!c->open || c->conduit.session.state != SESSION_SHAKING)
      continue;
    session_abort(&c->conduit.session, "tcpserver has ended", true);
    settle(w, c);
  }
  end_keeper(w);
}

static int send_answer(uint32_t id, enum tls_kind kind, void const *payload)
{
  return message_send(WORKER_CHANNEL, tls_row(kind), id, payload, NULL);
}

static int send_done(struct connection const *c)
{
  static struct tls_facts facts;
  memset(&facts, 0, sizeof facts);
  facts_of(&facts, c->conduit.session.ssl);
  return send_answer(c->id, TLS_DONE, &facts);
}

/* False if the message must wait, or nobody will take it any more. */
static bool sent(struct worker *w, int result)
{
  if (result == 0)
    return true;
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
    watch_channel(w, true);
  else if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
    end_channel(w);
  else
    die_system("unable to send answers");
  return false;
}

static void send_answers(struct worker *w)
{
  if (!w->has_channel)
    return;
  if (w->pong_due && !sent(w, send_answer(w->pong_id, TLS_PONG, NULL)))
    return;
  w->pong_due = false;
  while (w->answers.first) {
    struct connection *c = w->answers.first;
    if (!sent(w, c->answer == ANSWER_DONE ? send_done(c) : send_answer(c->id, TLS_REFUSED, &c->refusal)))
      return;
    w->answers.first = c->next_answer;
    if (!w->answers.first)
      w->answers.end = &w->answers.first;
    if (c->answer == ANSWER_REFUSED)
      give_back(w, c);
    else {
      c->answer = ANSWER_GIVEN;
      settle(w, c);
    }
  }
  watch_channel(w, false);
}

/* Others may hold net, too. */
static void close_both(int net, int plain)
{
  shutdown(net, SHUT_RDWR);
  close(net);
  close(plain);
}

/* There is not even memory to remember that it is to be refused. */
static void refuse_unrecorded(struct worker *w, struct message const *m)
{
  struct tls_refusal refusal;
  close_both(m->descriptor[0], m->descriptor[1]);
  tls_set_text(refusal.reason, sizeof refusal.reason, "out of memory");
  if (!sent(w, send_answer(m->header.id, TLS_REFUSED, &refusal)) && w->has_channel)
    die("out of memory");
}

/* Whatever becomes of it, both descriptors are ours. */
static void open_connection(struct worker *w, struct message const *m)
{
  struct connection *c = take(w);
  int net = m->descriptor[0], plain = m->descriptor[1];
  char const *problem = NULL;

  if (!c) {
    refuse_unrecorded(w, m);
    return;
  }
  c->id = m->header.id;
  c->answer = ANSWER_LATER;
  if (!w->context)
    problem = "no certificate yet";
  else if (w->count > w->limit)
    problem = "too many connections";
  else if (conduit_open(&c->conduit, &w->events, server_context_ssl(w->context), true, net, plain,
                        (struct event){.kind = SOURCE_NET, .number = c->index},
                        (struct event){.kind = SOURCE_PLAIN, .number = c->index}, w->now_ms) == -1)
    problem = "out of memory";
  if (problem) {
    close_both(net, plain);
    refuse(w, c, problem);
    return;
  }
  c->open = true;
  to_ready(w, c);
}

static void take_message(struct worker *w, struct message const *m)
{
  struct tls_open open;
  switch ((enum tls_kind)m->header.kind) {
  case TLS_OPEN:
    memcpy(&open, m->payload, sizeof open);
    if (!tls_open_is_sound(&open))
      die("got a connection with a name that makes no sense");
    open_connection(w, m);
    break;
  case TLS_PING:
    w->pong_due = true;
    w->pong_id = m->header.id;
    break;
  case TLS_DONE:
  case TLS_REFUSED:
  case TLS_PONG:
  case TLS_BEGIN:
  case TLS_RELOAD:
  case TLS_WORKER:
  case TLS_READY:
  case TLS_MATERIAL:
  case TLS_TICKETS:
  case TLS_SOUND:
  case TLS_UNSOUND: break; /* not in tls_to_relay */
  }
}

static void receive(struct worker *w)
{
  static struct message m;
  for (int i = 0; i < MESSAGES_IN_A_ROW; i++) {
    send_answers(w);
    if (!w->has_channel || w->channel_full)
      return;
    switch (message_receive(WORKER_CHANNEL, tls_to_relay, sizeof tls_to_relay / sizeof tls_to_relay[0], &m)) {
    case MESSAGE_RECEIVED: take_message(w, &m); break;
    case MESSAGE_NONE: return;
    case MESSAGE_END: end_channel(w); return;
    case MESSAGE_REFUSED:
      if (errno == ECONNRESET) {
        end_channel(w);
        return;
      }
      if (errno == EPROTO)
        die("got a message that is no connection");
      die_system("unable to receive connections");
    }
  }
}

/* --- The keeper: keys in -------------------------------------------------------------------------------------- */

/* It sends the next material only after the answer to the last: there is room. If not, it has ended. */
static void tell_keeper(struct worker const *w, enum tls_kind kind, struct tls_refusal const *refusal)
{
  if (!w->has_keeper)
    return;
  if (message_send(WORKER_KEEPER, tls_row(kind), 0, refusal, NULL) == -1 && errno != EPIPE &&
      errno != ECONNRESET)
    die_system("unable to answer");
}

static void serve_meanwhile(void);

/* tcpserver wakes up the keeper for other reasons, too: what is in use already is not read again, because as long as a
 * connection lasts what it was made from is kept. */
static bool is_in_use(struct worker const *w, unsigned char const digest[32])
{
  return w->context && memcmp(digest, w->digest, sizeof w->digest) == 0;
}

/* Null with the problem. */
static struct server_context *parse(struct worker *w, int fd, char problem[CONTEXT_PROBLEM_SIZE])
{
  struct material material;
  struct server_context *context;
  struct tls_policy policy = w->options->policy;
  unsigned char digest[sizeof w->digest];
  problem[0] = '\0';
  policy.pause = serve_meanwhile;
  if (material_open(&material, fd) == -1) {
    tls_set_text(problem, CONTEXT_PROBLEM_SIZE, strerror(errno));
    return NULL;
  }
  if (material_digest(&material, digest) == -1) {
    tls_set_text(problem, CONTEXT_PROBLEM_SIZE, "out of memory");
    context = NULL;
  } else if (is_in_use(w, digest))
    context = w->context;
  else
    context = server_context_new(&policy, &material, &w->tickets, problem);
  if (context)
    memcpy(w->digest, digest, sizeof digest);
  material_close(&material);
  return context;
}

static void take_material(struct worker *w, struct message const *m)
{
  int fd = m->descriptor[0];
  struct tls_material how;
  char problem[CONTEXT_PROBLEM_SIZE];
  struct server_context *context = parse(w, fd, problem);
  struct tls_refusal refusal;
  memcpy(&how, m->payload, sizeof how);
  close(fd);
  if (context) {
    if (how.warn)
      server_context_check_dates(context, time(NULL), warn_of_file);
    if (context != w->context)
      server_context_free(w->context);
    w->context = context;
    tell_keeper(w, TLS_SOUND, NULL);
    return;
  }
  tls_set_text(refusal.reason, sizeof refusal.reason, *problem ? problem : "unknown problem");
  tell_keeper(w, TLS_UNSOUND, &refusal);
}

/* A key that is used for longer than a keeper that lives would have it used reveals more than it should, once it is
 * known to somebody: with no news there are no tickets. */
static void take_tickets(struct worker *w, struct message const *m)
{
  struct tls_tickets keys;
  memcpy(&keys, m->payload, sizeof keys);
  if (!tls_tickets_is_sound(&keys))
    die("got keys for tickets that make no sense");
  w->tickets.keys = keys;
  explicit_bzero(&keys, sizeof keys);
  if (timers_set(&w->timers, &w->tickets_stale, w->now_ms + 2 * TICKETS_ROTATE_S * INT64_C(1000)) == -1)
    die("out of memory");
}

static void receive_keys(struct worker *w)
{
  static struct message m;
  while (w->has_keeper)
    switch (
        message_receive(WORKER_KEEPER, tls_to_worker, sizeof tls_to_worker / sizeof tls_to_worker[0], &m)) {
    case MESSAGE_RECEIVED:
      if (m.header.kind == TLS_MATERIAL)
        take_material(w, &m);
      else {
        take_tickets(w, &m);
        explicit_bzero(m.payload, sizeof m.payload);
      }
      break;
    case MESSAGE_NONE: return;
    case MESSAGE_REFUSED:
      if (errno != ECONNRESET)
        die_system("unable to receive keys");
      end_keeper(w);
      break;
    case MESSAGE_END: end_keeper(w); break;
    }
}

/* --- The loop ------------------------------------------------------------------------------------------------- */

static int wait_ms(struct worker const *w)
{
  int64_t deadline_ms;
  if (w->relaying.first || w->shaking.first)
    return 0;
  return timers_next(&w->timers, &deadline_ms) ? clock_wait_ms(deadline_ms) : -1;
}

/* True if the keeper has sent something. */
static bool serve(struct worker *w, int most_ms)
{
  struct event event[EVENTS_BATCH];
  bool from_keeper = false, from_channel;
  int count = events_wait(&w->events, event, most_ms);
  if (count == -1)
    die_system("unable to wait for events");
  w->now_ms = clock_ms();
  /* When there is so much to do, it may be long till the channel is told of: tcpserver would think that nobody is here. */
  from_channel = w->has_channel && count == EVENTS_BATCH;
  for (int i = 0; i < count; i++)
    switch ((enum source)event[i].kind) {
    case SOURCE_KEEPER: from_keeper = true; break;
    case SOURCE_CHANNEL: from_channel = true; break;
    case SOURCE_NET:
    case SOURCE_PLAIN: to_ready(w, connection_at(w, event[i].number)); break;
    }
  if (from_channel)
    receive(w);
  step_relaying(w);
  step_shaking(w);
  expire(w);
  send_answers(w);
  return from_keeper;
}

/* While keys and certificates are read that thousands of connections need not wait for. */
static void serve_meanwhile(void)
{
  serve(&worker, 0);
}

static void turn(struct worker *w)
{
  if (serve(w, wait_ms(w)))
    receive_keys(w);
}

void worker_run(struct options const *o, struct ids const *who)
{
  struct worker *w = &worker;
  unsigned int descriptors;
  confine_worker(who);
  helperface_ignore_signals();
  descriptors = descriptors_allow(UINT_MAX);
  *w = (struct worker){.options = o, .has_keeper = true, .has_channel = true, .now_ms = clock_ms()};
  w->limit = descriptors > DESCRIPTORS_OTHER ? (descriptors - DESCRIPTORS_OTHER) / DESCRIPTORS_EACH : 1;
  list_init(&w->relaying);
  list_init(&w->shaking);
  list_init(&w->answers);
  if (events_init(&w->events) == -1 ||
      events_watch(&w->events, WORKER_KEEPER, EVENTS_IN, (struct event){.kind = SOURCE_KEEPER}) == -1 ||
      events_watch(&w->events, WORKER_CHANNEL, EVENTS_IN, (struct event){.kind = SOURCE_CHANNEL}) == -1)
    die_system("unable to start");
  while (w->has_channel || w->count != 0)
    turn(w);
}
