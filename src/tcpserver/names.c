/* names.c - see names.h. What a helper sends only ever moves one record, that of a question it was asked, from one
 * list to another; whatever else it does ends it. */
#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "sources.h"

/* It should have answered within its own time limits: after this much more the answer is not waited for. */
#define PATIENCE_SLACK_MS 5000

/* Answers that are taken before other events are looked at. */
#define ANSWERS_BURST 64

uint32_t names_wanted(struct options const *o)
{
  return lookup_wanted(&(struct lookup_wishes){.remote_host = o->remote_host,
                                               .paranoid = o->paranoid,
                                               .local_host = !o->local_host,
                                               .info_timeout_s = o->remote_info ? o->info_timeout_s : 0});
}

static unsigned int facts_for_rules(uint32_t wanted)
{
  return (wanted & LOOKUP_REMOTE_HOST ? RULES_NEED_HOST : 0u) | (wanted & LOOKUP_INFO ? RULES_NEED_INFO : 0u);
}

unsigned int names_pending(struct options const *o)
{
  return facts_for_rules(names_wanted(o));
}

/* A client's ident server knows of its connection to the proxy, and answers nobody but that. */
static uint32_t wanted_of(struct names const *n, struct connection const *c)
{
  return c->proxied ? n->wanted & ~(uint32_t)LOOKUP_INFO : n->wanted;
}

static int64_t patience_ms(struct names const *n)
{
  int64_t seconds = LOOKUP_DNS_TIMEOUT_S;
  if (n->wanted & LOOKUP_INFO)
    seconds += n->options->info_timeout_s;
  return seconds * 1000 + PATIENCE_SLACK_MS;
}

/* --- The helper -------------------------------------------------------------------------------------------- */

static void break_off(struct names *n, char const *why)
{
  if (!n->trouble)
    n->trouble = why;
}

static unsigned int interest(struct names const *n)
{
  return EVENTS_IN | (n->writing ? EVENTS_OUT : 0u);
}

static int start(struct names *n)
{
  struct helper new;
  if (lookup_start(&new, n->environment, n->table->limit) == -1)
    return -1;
  n->helper = new.fd;
  n->writing = false;
  revival_started(&n->revival, new.pid);
  return events_watch(n->events, new.fd, interest(n), (struct event){.kind = EVENT_HELPER});
}

void names_start(struct names *n)
{
  char path[HELPER_PATH_SIZE];
  n->helper = -1;
  if (n->wanted == 0)
    return;
  if (lookup_path(path) == -1)
    strerr_diefusys(111, "find tcplookup");
  if (start(n) == -1)
    strerr_diefusys(111, "run ", path);
}

void names_stop(struct names *n)
{
  revival_kill(&n->revival);
}

static void tell(struct names *n, char const *why)
{
  if (!n->told)
    report_warning(n->report, "look up names", "", why);
  n->told = true;
}

void names_reaped(struct names *n, pid_t pid)
{
  revival_reaped(&n->revival, pid);
}

static void restart(struct names *n)
{
  if (!revival_due(&n->revival) || start(n) == 0)
    return;
  tell(n, strerror(errno));
  if (n->helper != -1)
    break_off(n, "tcplookup can't be watched");
  else
    revival_not_started(&n->revival);
}

/* Nobody's answer will come: whoever waits for one goes on without. */
static void orphan(struct names *n)
{
  static enum waiting_list const list[] = {WAITING_NAMES_ASKED, WAITING_NAMES_UNSENT,
                                           WAITING_NAMES_CANCELLED};
  struct waiting *w;
  for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
    while ((w = waiting_first(n->table, list[i])))
      waiting_move(n->table, w, list[i] == WAITING_NAMES_CANCELLED ? WAITING_FREE : WAITING_DUE);
}

void names_settle(struct names *n)
{
  if (!n->trouble)
    return;
  tell(n, n->trouble);
  n->trouble = NULL;
  events_forget(n->events, n->helper);
  close(n->helper);
  n->helper = -1;
  timers_cancel(n->timers, &n->pulse.timer);
  timers_cancel(n->timers, &n->patience);
  orphan(n);
  revival_failed(&n->revival);
}

/* --- Questions --------------------------------------------------------------------------------------------- */

/* False if it has to wait for room. */
static bool send_message(struct names *n, enum lookup_kind kind, uint32_t id, void const *payload)
{
  if (message_send(n->helper, lookup_row(kind), id, payload, NULL) == 0)
    return true;
  if (errno != EAGAIN && errno != EWOULDBLOCK)
    break_off(n, "tcplookup has ended");
  return false;
}

static void watch_for_room(struct names *n, bool wanted)
{
  if (wanted == n->writing)
    return;
  n->writing = wanted;
  if (events_change(n->events, n->helper, interest(n), (struct event){.kind = EVENT_HELPER}) == -1)
    break_off(n, "tcplookup can't be watched");
}

static bool send_question(struct names *n, struct waiting *w)
{
  struct lookup_peer q;
  struct connection *c = &w->connection;
  lookup_peer_begin(&q, wanted_of(n, c), n->options->info_timeout_s);
  /* Its peer has reset it, if that is not known: then the next event of this connection drops it. */
  connection_find_arrival(c, n->listener);
  q.local = c->arrival.local;
  q.local_port = c->arrival.local_port;
  q.remote = c->remote;
  q.remote_port = c->remote_port;
  if (!send_message(n, LOOKUP_PEER, w->id, &q))
    return false;
  waiting_move(n->table, w, WAITING_NAMES_ASKED);
  return true;
}

/* Cancellations first: they make room for questions. */
static void send_all(struct names *n)
{
  struct waiting *w;
  bool room = true;
  while (room && (w = waiting_first(n->table, WAITING_NAMES_CANCELLED))) {
    room = send_message(n, LOOKUP_CANCEL, w->id, NULL);
    if (room)
      waiting_move(n->table, w, WAITING_FREE);
  }
  while (room && (w = waiting_first(n->table, WAITING_NAMES_UNSENT)))
    room = send_question(n, w);
  watch_for_room(n, !room && !n->trouble);
}

static enum outcome no_memory(struct names *n, struct connection *c)
{
  report_shortage(n->report, c, "wait for names");
  return DENY;
}

/* An answer about it, without ident: which facts are known, or were not asked for. The strings stay where they are. */
static void give(struct names const *n, struct connection *c, uint32_t known, char const *remote_host,
                 char const *local_host)
{
  c->unavailable = (known & LOOKUP_NAMES_UNASKED ? RULES_NEED_HOST : 0u) |
                   (known & LOOKUP_INFO_UNASKED ? RULES_NEED_INFO : 0u);
  known &= wanted_of(n, c);
  if (known & LOOKUP_REMOTE_HOST)
    c->host = remote_host;
  else if (known & LOOKUP_PARANOID)
    c->unconfirmed = remote_host;
  if (known & LOOKUP_LOCAL_HOST)
    c->local_host = local_host;
}

/* What names of the last second may be taken for this connection, too, depends on where it arrived only if a name of
 * that is wanted. */
static struct address local_address(struct names const *n, struct connection *c)
{
  if (!(n->wanted & LOOKUP_LOCAL_HOST))
    return (struct address){.family = ADDRESS_NONE};
  connection_find_arrival(c, n->listener);
  return c->arrival.local;
}

/* Ident is about one connection and is never remembered. */
static bool answered_lately(struct names *n, struct connection *c, int64_t now)
{
  struct recent_names const *names;
  struct address local;
  if (wanted_of(n, c) & LOOKUP_INFO)
    return false;
  local = local_address(n, c);
  names = recent_find(&n->recent, &c->remote, &local, now);
  if (names)
    give(n, c, names->known, names->remote_host, names->local_host);
  return names != NULL;
}

static void remember(struct names *n, struct connection *c, struct lookup_peer_answer const *a)
{
  struct address local;
  if ((wanted_of(n, c) & LOOKUP_INFO) || (a->known & LOOKUP_NAMES_UNASKED))
    return;
  local = local_address(n, c);
  recent_keep(&n->recent, &c->remote, &local, a, clock_ms());
}

enum outcome names_stage(void *names, struct connection *c)
{
  struct names *n = names;
  struct waiting *w;
  int64_t now;
  if (c->looked_up)
    return PASS;
  c->looked_up = true;
  c->unavailable = facts_for_rules(wanted_of(n, c));
  if (wanted_of(n, c) == 0 || n->helper == -1 || n->trouble)
    return PASS;
  /* The verdict is for this round only. */
  c->verdict = NULL;
  now = clock_ms();
  if (answered_lately(n, c, now))
    return PASS;
  w = waiting_add(n->table, c, WAITING_NAMES_UNSENT, now);
  if (!w)
    return no_memory(n, c);
  if (waiting_watch(w, n->events, 0) == -1) {
    waiting_move(n->table, w, WAITING_FREE);
    return no_memory(n, c);
  }
  pulse_expect(&n->pulse, n->timers, now);
  timers_set_if_unset(n->timers, &n->patience, now + patience_ms(n));
  if (!n->writing)
    send_all(n);
  return WAIT;
}

/* --- Answers ----------------------------------------------------------------------------------------------- */

static char const *copy(char **at, char const *text)
{
  size_t size = strlen(text) + 1;
  char *copied = memcpy(*at, text, size);
  *at += size;
  return copied;
}

/* The connection is due, with what is known of it. Without memory it is as if there had been no answer. */
static void keep_answer(struct names *n, struct waiting *w, struct lookup_peer_answer const *a)
{
  struct connection *c = &w->connection;
  char const *remote_host, *local_host;
  char *at;
  waiting_move(n->table, w, WAITING_DUE);
  remember(n, c, a);
  if ((a->known & wanted_of(n, c)) == 0) {
    give(n, c, a->known, NULL, NULL);
    return;
  }
  c->names = at = malloc(strlen(a->remote_host) + strlen(a->local_host) + strlen(a->info) + 3);
  if (!at)
    return;
  remote_host = copy(&at, a->remote_host);
  local_host = copy(&at, a->local_host);
  give(n, c, a->known, remote_host, local_host);
  if (a->known & wanted_of(n, c) & LOOKUP_INFO)
    c->info = copy(&at, a->info);
}

/* False if no helper of ours would have sent that. */
static bool take_message(struct names *n, struct message const *m)
{
  struct lookup_peer_answer a;
  struct waiting *w;
  if (m->header.kind == LOOKUP_PONG)
    return true;
  if (m->header.kind != LOOKUP_PEER_ANSWER)
    return false;
  memcpy(&a, m->payload, sizeof a);
  if (!lookup_peer_answer_is_sound(&a))
    return false;
  /* An answer that nobody waits for any more is legal. */
  w = waiting_find(n->table, m->header.id);
  if (w && w->list == WAITING_NAMES_ASKED)
    keep_answer(n, w, &a);
  return true;
}

static uint32_t outstanding(struct names const *n)
{
  return waiting_count(n->table, WAITING_NAMES_ASKED) + waiting_count(n->table, WAITING_NAMES_UNSENT) +
         waiting_count(n->table, WAITING_NAMES_CANCELLED);
}

static void receive(struct names *n)
{
  struct message m;
  bool heard = false;
  /* Without a question under way there is hardly a second message: it is not looked for. */
  for (int i = 0; i < ANSWERS_BURST && !n->trouble && (i == 0 || outstanding(n) > 0); i++) {
    switch (
        message_receive(n->helper, lookup_answers, sizeof lookup_answers / sizeof lookup_answers[0], &m)) {
    case MESSAGE_RECEIVED:
      if (take_message(n, &m))
        heard = true;
      else
        break_off(n, "tcplookup has sent what is no answer");
      break;
    case MESSAGE_NONE: i = ANSWERS_BURST; break;
    case MESSAGE_END: break_off(n, "tcplookup has ended"); break;
    case MESSAGE_REFUSED:
      break_off(n, errno == EPROTO ? "tcplookup has sent what is no answer" : "tcplookup has ended");
      break;
    }
  }
  if (!heard)
    return;
  pulse_heard(&n->pulse, clock_ms());
  n->told = false;
}

void names_event(struct names *n, unsigned int ready)
{
  if (n->helper == -1 || n->trouble)
    return;
  if (ready & (EVENTS_IN | EVENTS_FAILED))
    receive(n);
  if ((ready & EVENTS_OUT) && !n->trouble)
    send_all(n);
}

/* --- Time -------------------------------------------------------------------------------------------------- */

static void check_alive(struct names *n)
{
  if (outstanding(n) == 0)
    return;
  switch (pulse_check(&n->pulse, n->timers, clock_ms())) {
  case PULSE_DEAD: break_off(n, "tcplookup does not answer"); break;
  case PULSE_ASKS: send_message(n, LOOKUP_PING, 0, NULL); break;
  case PULSE_WAITS: break;
  }
}

static struct waiting *oldest(struct names *n)
{
  struct waiting *w = waiting_first(n->table, WAITING_NAMES_ASKED);
  return w ? w : waiting_first(n->table, WAITING_NAMES_UNSENT);
}

/* Questions are in the order of their age in both lists, and those that are not sent are the younger ones. */
static void lose_patience(struct names *n)
{
  int64_t now = clock_ms();
  struct waiting *w;
  while ((w = oldest(n)) && w->since_ms + patience_ms(n) <= now) {
    /* If there is no room for this the helper does not read, and will be found out. */
    if (w->list == WAITING_NAMES_ASKED && !n->trouble)
      send_message(n, LOOKUP_CANCEL, w->id, NULL);
    waiting_move(n->table, w, WAITING_DUE);
  }
  if (w)
    timers_set(n->timers, &n->patience, w->since_ms + patience_ms(n));
}

bool names_time(struct names *n, struct timer const *timer)
{
  if (timer == &n->revival.timer)
    restart(n);
  else if (timer == &n->pulse.timer)
    check_alive(n);
  else if (timer == &n->patience)
    lose_patience(n);
  else
    return false;
  return true;
}

void names_release(struct names *n, struct waiting *w)
{
  bool asked = w->list == WAITING_NAMES_ASKED;
  w->connection = (struct connection)CONNECTION_ZERO;
  waiting_move(n->table, w, asked ? WAITING_NAMES_CANCELLED : WAITING_FREE);
  if (asked && n->helper != -1 && !n->trouble && !n->writing)
    send_all(n);
}
