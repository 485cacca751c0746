/* loop.c - see loop.h. One thread, and one place where it waits: for the listener, signals, and pidfds. */
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "access.h"
#include "admission.h"
#include "banner.h"
#include "children.h"
#include "clock.h"
#include "decimal.h"
#include "events.h"
#include "handshakes.h"
#include "idle.h"
#include "keeper.h"
#include "launch.h"
#include "limits.h"
#include "names.h"
#include "plugins.h"
#include "opening.h"
#include "pace.h"
#include "proxy.h"
#include "reaper.h"
#include "report.h"
#include "signals.h"
#include "sources.h"
#include "sql.h"
#include "throttle.h"
#include "timers.h"
#include "traffic.h"
#include "unforked.h"

/* Connections that are accepted, and programs that are started, before other events are looked at. */
#define ACCEPT_BURST_MAX 64
#define LAUNCH_BURST_MAX 8
/* After so many in a row to which as many came as were asked for, more are asked for. */
#define FULL_BURSTS 8
/* Before the listener is closed: enough for a backlog of 4096, and not for ever where others listen at it, too. */
#define LAST_BURSTS_MAX 512

/* How long lines of ends wait for somebody to come, whose program's lines take them along. */
#define LOG_WAIT_MS 1
/* And how often it is looked who comes before they are written all the same: there may always be something. */
#define LOG_ROUNDS_MAX 64

/* Connections whose answers are looked at likewise. */
#define ANSWER_BURST_MAX 64

/* How many may wait without -w: so many for each program, and at least so many. */
#define WAITING_PER_PROGRAM 100
#define WAITING_LEAST       4000

/* How often the log is told that as many wait as may. */
#define CROWDED_EVERY_MS 60000

/* How long accepting rests when the system is short of something. */
#define SHORTAGE_REST_MS 100

/* Of what a refused peer has sent, how much is taken so that it reads our last words instead of a reset. */
#define FAREWELL_DRAIN 65536

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): its parts begin with pages. */
struct server {
  /* What children that have copies of our memory (plugins.h) need not see, and connections change: each page of the rest
   * that is changed while such a child lives must be copied for it. */
  struct options const *options;
  struct listener *listener;
  struct events events;
  struct timers timers;
  struct timer rest; /* accepting rests until then */
  bool rest_of_all;  /* … and launching too */
  bool accepting;    /* the listener is watched */
  bool stopping;     /* SIGALRM came */
  bool done;
  unsigned int burst;       /* how many connections to try for at a time */
  unsigned int full_bursts; /* in a row, to which as many came */
  unsigned int log_rounds;  /* in a row, in which lines for the log waited */
  /* Stages of admission: the last that has connections wait; where one goes on that was admitted but found no place;
   * launch. */
  size_t last_wait, resumption, launching;
  struct children children;
  struct reaper reaper;
  struct idle idle;
  struct limits limits;
  struct pace pace;
  struct opening opening;
  struct throttle throttle;
  struct waiting_table waiting;
  uint64_t refused[REFUSALS]; /* since the start */
  /* Parts of this are in the arguments and the environment of such a child, or it calls them. */
  _Alignas(4096) struct access access;
  struct launch launch;
  struct plugins plugins;
  struct admission admission;
  struct report report;
  struct banner banner;
  struct proxy proxy;
  struct names names;
  struct handshakes handshakes;
  struct sql sql;
  int64_t crowded_until_ms; /* the log knows that as many wait as may */
};

/* Among the variables of the program it would make mappings more, each of which has to be copied for such a child, too. */
static struct server *server;

/* A place under -c. None while there are no processes: those that are ready would be refused one after the other. */
static bool has_place(struct server const *s)
{
  bool short_of_processes = s->rest.position != 0 && s->rest_of_all;
  return s->children.count < s->limits.concurrency && !short_of_processes;
}

static bool has_room_to_wait(struct server const *s)
{
  return s->waiting.limit == 0 || waiting_total(&s->waiting) < s->waiting.limit;
}

/* Those that are ready to be served go before new ones. */
static bool may_accept(struct server const *s)
{
  uint32_t ready = waiting_count(&s->waiting, WAITING_READY);
  return !s->stopping && (uint64_t)s->children.count + ready < s->limits.concurrency && has_room_to_wait(s) &&
         s->rest.position == 0 && !throttle_pauses(&s->throttle);
}

/* ... and whether -K does, too, which is asked when there is somebody. */
static bool may_take_one(struct server *s)
{
  return may_accept(s) && throttle_admits(&s->throttle);
}

static void rest(struct server *s, bool of_all)
{
  s->rest_of_all = of_all;
  /* There is room in the heap: reserve_timers() saw to it. */
  timers_set(&s->timers, &s->rest, clock_ms() + SHORTAGE_REST_MS);
}

/* Not more often than now and then: whoever fills the room could fill the log as well. */
static void tell_when_crowded(struct server *s)
{
  struct {
    bool wanted;
    char const *name;
  } const what[] = {
      {s->options->proxies > 0, "PROXY headers"}, {s->names.wanted != 0, "names"}, {s->options->tls, "TLS"}};
  char const *word = " wait for ";
  char why[DECIMAL_SIZE + sizeof " wait for PROXY headers or names or TLS already"], *end = why;
  if (has_room_to_wait(s) || clock_ms() < s->crowded_until_ms)
    return;
  s->crowded_until_ms = clock_ms() + CROWDED_EVERY_MS;
  end += decimal_print(end, s->waiting.limit);
  for (size_t i = 0; i < sizeof what / sizeof what[0]; i++)
    if (what[i].wanted) {
      end = stpcpy(stpcpy(end, word), what[i].name);
      word = " or ";
    }
  stpcpy(end, " already");
  report_warning(&s->report, "accept connections", "", why);
}

/* Watches the listener exactly while a connection could be taken. */
static void adjust_accepting(struct server *s)
{
  struct event const what = {.kind = EVENT_LISTENER};
  bool wanted = may_accept(s);
  tell_when_crowded(s);
  if (wanted == s->accepting)
    return;
  if (!wanted)
    events_forget(&s->events, s->listener->fd);
  else if (events_watch(&s->events, s->listener->fd, EVENTS_IN, what) == -1) {
    report_warning(&s->report, "watch the listening socket", "", strerror(errno));
    rest(s, false);
    return;
  }
  s->accepting = wanted;
}

/* The text that a rule sends along with a refusal, inside TLS if that is to be spoken. Best effort: one write, and then the
 * peer's own data are taken off the socket, because closing it with unread data would reset the connection. */
static void say_farewell(struct server const *s, struct connection const *c)
{
  size_t offset = 0;
  char const *text;
  char drain[4096];
  ssize_t left = FAREWELL_DRAIN, n;
  int fd = connection_for_program(c);

  if ((s->options->tls && !c->tls) || !c->verdict)
    return;
  text = rules_next_value(c->verdict, &offset, "DIEMSG");
  if (!text || send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE) == -1 ||
      send(fd, "\r\n", 2, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 || shutdown(fd, SHUT_WR) == -1)
    return;
  while (left > 0 && (n = recv(fd, drain, sizeof drain, MSG_DONTWAIT)) > 0)
    left -= n;
}

static void refused(struct server *s, struct connection *c)
{
  s->refused[c->refusal]++;
  if (s->report.verbosity >= VERBOSITY_STATUS) {
    connection_find_arrival(c, s->listener);
    report_deny(&s->report, c);
  }
  if (c->refusal == REFUSAL_FORK)
    rest(s, true);
  if (c->counted)
    limits_leave(&s->limits, &c->remote);
  say_farewell(s, c);
  connection_end(c);
}

/* Errors of one connection that was lost before it was taken (accept(2) on Linux passes on those of the network,
 * too): the next one may be waiting. All other errors may last. */
static bool is_of_connection(int error)
{
  static int const known[] = {
      ECONNABORTED, EINTR,        EPROTO,      ENOPROTOOPT, ENETDOWN,
      EHOSTDOWN,    EHOSTUNREACH, ENETUNREACH, EOPNOTSUPP,  ETIMEDOUT,
#ifdef ENONET
      ENONET,
#endif
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (error == known[i])
      return true;
  return false;
}

enum accepted { ACCEPTED_NONE, ACCEPTED_GONE, ACCEPTED_ONE };

static enum accepted accept_failed(struct server *s, int error)
{
  if (error == EAGAIN || error == EWOULDBLOCK)
    return ACCEPTED_NONE;
  if (error == EINVAL || error == EBADF || error == ENOTSOCK) {
    report_flush(&s->report);
    strerr_dief(111, "the listening socket can't be used any more: ", strerror(error));
  }
  report_warning(&s->report, "accept a connection", "", strerror(error));
  if (is_of_connection(error))
    return ACCEPTED_GONE;
  rest(s, false);
  return ACCEPTED_NONE;
}

/* ACCEPTED_GONE: there was one, but its peer has left: that happens, and the next one may be waiting. */
static enum accepted accept_one(struct server *s, struct connection *c)
{
  struct sockaddr_storage ss;
  socklen_t len = sizeof ss;
  *c = (struct connection)CONNECTION_ZERO;
  c->fd = accept4(s->listener->fd, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC);
  if (c->fd == -1)
    return accept_failed(s, errno);
  if (address_from_sockaddr(&c->remote, &c->remote_port, (struct sockaddr *)&ss))
    return ACCEPTED_ONE;
  connection_end(c);
  return ACCEPTED_GONE;
}

/* Asking once more than there are connections costs what making a socket does: more are asked for only after more have come
 * for some time. */
static void adjust_burst(struct server *s, bool all_came)
{
  if (!all_came) {
    s->burst = s->burst > 1 ? s->burst / 2 : 1;
    s->full_bursts = 0;
  } else if (++s->full_bursts >= FULL_BURSTS && s->burst < ACCEPT_BURST_MAX)
    s->burst *= 2;
}

/* False if there are no more. */
static bool accept_burst(struct server *s)
{
  struct connection c;
  enum accepted accepted = ACCEPTED_GONE;
  unsigned int tried = 0, launched = 0;

  access_batch(&s->access);
  while (tried++ < s->burst && launched < LAUNCH_BURST_MAX && accepted != ACCEPTED_NONE && may_take_one(s)) {
    accepted = accept_one(s, &c);
    if (accepted != ACCEPTED_ONE)
      continue;
    switch (admission_run(&s->admission, &c)) {
    case PASS:
      throttle_count(&s->throttle);
      connection_end(&c);
      launched++;
      break;
    case WAIT: throttle_count(&s->throttle); break;
    case DENY: refused(s, &c); break;
    }
  }
  adjust_burst(s, accepted != ACCEPTED_NONE);
  return accepted != ACCEPTED_NONE;
}

/* Somebody is at the listener. */
static void welcome(struct server *s)
{
  if (!s->accepting || throttle_pauses(&s->throttle))
    return;
  if (throttle_admits(&s->throttle))
    accept_burst(s);
  else
    throttle_begin(&s->throttle);
}

/* The next one that something can be done for: serve it if there is a place for its program, or at least see
 * whether it is refused. */
static struct waiting *next_answered(struct server *s)
{
  struct waiting *ready = has_place(s) ? waiting_first(&s->waiting, WAITING_READY) : NULL;
  return ready ? ready : waiting_first(&s->waiting, WAITING_DUE);
}

/* The connection waits no longer, and is the caller's. */
static struct connection take(struct server *s, struct waiting *w)
{
  struct connection c = w->connection;
  waiting_unwatch(w, &s->events);
  names_release(&s->names, w);
  return c;
}

/* All places under -c are taken: it goes on waiting, unless it is refused. What rules say is not kept: they are asked again
 * when there is a place. */
static void keep_ready(struct server *s, struct waiting *w)
{
  struct connection c = w->connection;
  if (admission_run_to(&s->admission, &c, s->launching) != DENY) {
    c.stage = s->resumption;
    c.verdict = NULL;
    w->connection = c;
    waiting_move(&s->waiting, w, WAITING_READY);
    /* If it can't be watched for the end of its connection prog will find that out. */
    waiting_watch(w, &s->events, 0);
    return;
  }
  take(s, w);
  refused(s, &c);
}

/* Who will have to wait for something else needs no place for that. */
static bool needs_place(struct server const *s, struct waiting const *w)
{
  return w->connection.stage >= s->last_wait;
}

/* True if a program has been started. */
static bool go_on(struct server *s, struct waiting *w)
{
  struct connection c;
  enum outcome outcome;
  if (!has_place(s) && needs_place(s, w)) {
    keep_ready(s, w);
    return false;
  }
  c = take(s, w);
  outcome = admission_run(&s->admission, &c);
  if (outcome == DENY)
    refused(s, &c);
  else if (outcome == PASS)
    connection_end(&c);
  return outcome == PASS;
}

static void serve_answered(struct server *s)
{
  struct waiting *w;
  unsigned int launched = 0;
  access_batch(&s->access);
  for (unsigned int n = 0; n < ANSWER_BURST_MAX && launched < LAUNCH_BURST_MAX && (w = next_answered(s)); n++)
    if (go_on(s, w))
      launched++;
}

/* A connection that waited has been reset. */
static void gone(struct server *s, struct waiting *w)
{
  struct connection c = take(s, w);
  if (c.counted)
    limits_leave(&s->limits, &c.remote);
  connection_end(&c);
}

static void handle_waiting(struct server *s, struct event const *event)
{
  struct waiting *w = waiting_find(&s->waiting, event->number);
  if (!w || w->list == WAITING_NAMES_CANCELLED)
    return;
  if (event->ready & EVENTS_FAILED)
    gone(s, w);
  else if (w->list == WAITING_PROXY)
    proxy_event(&s->proxy, w);
}

static void stranger_ended(void *context, pid_t pid)
{
  struct server *s = context;
  names_reaped(&s->names, pid);
  keeper_reaped(&s->handshakes.keeper, pid);
  keeper_reaped(&s->sql.keeper, pid);
}

/* The program has ended, and with it the connection, if it was kept here: before anything else, because the client sees it
 * only then. */
static void over(void *context, struct child *child)
{
  struct server *s = context;
  bool idle = child->watched && child->watched->ended;
  if (idle)
    child->idle = true;
  if (child->connection != -1 && s->report.verbosity >= VERBOSITY_DETAIL)
    child->traffic = idle ? child->watched->traffic : traffic_of(child->connection);
  idle_forget(&s->idle, child->watched);
  child->watched = NULL;
  if (child->connection != -1)
    close(child->connection);
  child->connection = -1;
}

static void ended(void *context, struct child *child, int wait_status)
{
  struct server *s = context;
  over(s, child);
  report_end(&s->report, child, wait_status);
  limits_leave(&s->limits, &child->remote);
  children_remove(&s->children, child);
  report_status(&s->report, s->children.count, s->limits.concurrency);
}

static void reload(struct server *s)
{
  launch_restore_environment(&s->launch);
  if (s->limits.concurrency_file && limits_read_concurrency(&s->limits) == -1)
    report_warning(&s->report, "read a limit from ", s->limits.concurrency_file, limits_problem(errno));
  launch_raise_nofile(&s->launch);
  if (s->options->rules)
    access_open(&s->access);
  opening_reload(&s->opening);
  if (s->options->dbconf)
    keeper_reload(&s->sql.keeper);
  if (s->options->tls)
    handshakes_reload(&s->handshakes);
  plugins_reload(&s->plugins, &s->report);
  s->launch.own_environment = environ;
  report_status(&s->report, s->children.count, s->limits.concurrency);
}

/* Those that the system has accepted already would be reset with the socket: they are served, as far as there is room. */
static void stop_accepting(struct server *s)
{
  unsigned int bursts = 0;
  while (bursts++ < LAST_BURSTS_MAX && may_take_one(s) && accept_burst(s))
    ;
  s->stopping = true;
  throttle_stop(&s->throttle);
  adjust_accepting(s);
  if (s->listener->fd != -1)
    close(s->listener->fd);
  s->listener->fd = -1;
}

static void obey_next(struct server *s)
{
  pid_t pid;
  switch (signals_read(&pid)) {
  case SIGTERM: s->done = true; break;
  case SIGALRM: stop_accepting(s); break;
  case SIGHUP: reload(s); break;
  case SIGUSR1:
    report_table(&s->report, &s->children, waiting_total(&s->waiting), s->limits.concurrency,
                 s->limits.addresses.count);
    report_refusals(&s->report, s->refused);
    break;
  case SIGCHLD: reaper_signal(&s->reaper, pid); break;
  default: break;
  }
}

static void handle(struct server *s, struct event const *event)
{
  switch ((enum event_kind)event->kind) {
  case EVENT_LISTENER: welcome(s); break;
  case EVENT_SIGNAL: obey_next(s); break;
  case EVENT_CHILD: reaper_event(&s->reaper, event->number); break;
  case EVENT_HELPER: names_event(&s->names, event->ready); break;
  case EVENT_TLS_KEEPER: handshakes_keeper_event(&s->handshakes); break;
  case EVENT_WORKER: handshakes_event(&s->handshakes, event->number, event->ready); break;
  case EVENT_SQL_KEEPER: keeper_event(&s->sql.keeper); break;
  case EVENT_WAITING: handle_waiting(s, event); break;
  }
}

static void handle_timers(struct server *s)
{
  struct timer const *timer;
  int64_t now = clock_ms();
  while ((timer = timers_expired(&s->timers, now)))
    if (timer == &s->reaper.sweep)
      reaper_time(&s->reaper);
    else if (timer == &s->idle.next)
      idle_check(&s->idle, now);
    else if (!throttle_time(&s->throttle, timer) && !names_time(&s->names, timer) &&
             !proxy_time(&s->proxy, timer) && !keeper_time(&s->sql.keeper, timer))
      handshakes_time(&s->handshakes, timer);
}

static void wait_and_handle(struct server *s)
{
  struct event event[EVENTS_BATCH];
  int64_t deadline_ms;
  bool timed = timers_next(&s->timers, &deadline_ms);
  int wait_ms = timed ? clock_wait_ms(deadline_ms) : -1, n;
  enum report_pending lines = report_pending(&s->report);
  s->log_rounds = lines == REPORT_NOTHING ? 0 : s->log_rounds + 1;
  if (lines == REPORT_PATIENT && (wait_ms == -1 || wait_ms > LOG_WAIT_MS))
    wait_ms = LOG_WAIT_MS;
  if (lines == REPORT_PRESSING)
    wait_ms = 0;
  n = events_wait(&s->events, event, next_answered(s) ? 0 : wait_ms);
  if (n == -1)
    strerr_diefusys(111, "wait for events");
  /* Whoever comes goes first: the log is written when nobody does, or with the lines of the next program. */
  if (n == 0 || s->log_rounds >= LOG_ROUNDS_MAX) {
    report_flush(&s->report);
    s->log_rounds = 0;
  }
  for (int i = 0; i < n; i++)
    handle(s, &event[i]);
  if (timed)
    handle_timers(s);
}

/* Timers are set when the system is short of memory, of all times. */
static void reserve_timers(struct server *s)
{
  /* rest, the throttle's and the reaper's */
  if (timers_reserve(&s->timers, 3 + IDLE_TIMERS + PROXY_TIMERS + NAMES_TIMERS + SQL_TIMERS +
                                     (s->options->tls ? HANDSHAKES_TIMERS : 0)) == -1)
    strerr_diefusys(111, "prepare");
}

static void list_checks(struct server *s, bool again)
{
  struct admission *a = &s->admission;
  bool rules = s->options->rules || s->options->dbconf;
  s->resumption = a->stages;
  if (s->options->rules)
    admission_add(a, "access", access_stage, &s->access);
  if (s->options->dbconf)
    admission_add(a, "sql", sql_stage, &s->sql);
  if (rules)
    admission_add(a, "opening", opening_stage, &s->opening);
  if (rules || (!again && s->pace.each.count != 0))
    admission_add(a, "pace", pace_stage, &s->pace);
  if (rules || !again)
    admission_add(a, "limits", limits_stage, &s->limits);
}

/* A stage that waits, and rules again, which may ask for what has become known, set other limits, and have changed: what
 * they said is not kept. */
static void list_wait(struct server *s, char const *name, enum outcome (*run)(void *, struct connection *),
                      void *state)
{
  s->last_wait = s->admission.stages;
  admission_add(&s->admission, name, run, state);
  list_checks(s, true);
}

static void prepare_idle(struct server *s)
{
  s->idle.limit_ms = (int64_t)s->options->idle_s * 1000;
  s->idle.timers = &s->timers;
  if (s->idle.limit_ms > 0 && !activity_is_known(s->listener->fd))
    strerr_dief(111, "unable to watch for idle connections (-T): this system does not tell what moves");
}

static void list_stages(struct server *s)
{
  if (s->options->proxies > 0) {
    s->last_wait = s->admission.stages;
    admission_add(&s->admission, "proxy", proxy_stage, &s->proxy);
  }
  if (s->options->banner && !s->options->tls)
    admission_add(&s->admission, "banner", banner_stage, &s->banner);
  list_checks(s, false);
  if (s->names.wanted)
    list_wait(s, "names", names_stage, &s->names);
  if (s->options->tls)
    list_wait(s, "tls", handshakes_stage, &s->handshakes);
  s->launching = s->admission.stages;
  admission_add(&s->admission, "launch", launch_stage, &s->launch);
}

static void prepare_limits(struct server *s)
{
  struct options const *o = s->options;
  struct limits *l = &s->limits;
  l->report = &s->report;
  l->concurrency = o->concurrency;
  l->concurrency_file = o->concurrency_file;
  l->per_address = o->per_address;
  l->address_bits6 = o->address_bits6;
  hashtable_init(&l->addresses);
  hashtable_init(&l->networks);
  if (l->concurrency_file && limits_read_concurrency(l) == -1)
    strerr_diefu(111, "read a limit from ", l->concurrency_file, ": ", limits_problem(errno));
}

static void prepare_rates(struct server *s)
{
  struct options const *o = s->options;
  if (pace_init(&s->pace, &o->rate_each, o->address_bits6) == -1)
    strerr_diefusys(111, "prepare");
  s->pace.report = &s->report;
  s->throttle = (struct throttle){.rate = o->rate_all, .timers = &s->timers, .report = &s->report};
}

static unsigned int waiting_wanted(struct options const *o, unsigned int concurrency)
{
  uint64_t derived = (uint64_t)concurrency * WAITING_PER_PROGRAM;
  if (names_wanted(o) == 0 && !o->tls && o->proxies == 0)
    return 0;
  if (o->waiting != 0)
    return o->waiting;
  if (derived < WAITING_LEAST)
    derived = WAITING_LEAST;
  return derived < WAITING_MAX ? (unsigned int)derived : WAITING_MAX;
}

static void prepare_proxy(struct server *s)
{
  s->proxy.options = s->options;
  s->proxy.report = &s->report;
  s->proxy.events = &s->events;
  s->proxy.timers = &s->timers;
  s->proxy.table = &s->waiting;
}

static void prepare_names(struct server *s)
{
  s->names.options = s->options;
  s->names.listener = s->listener;
  s->names.report = &s->report;
  s->names.events = &s->events;
  s->names.timers = s->names.revival.timers = &s->timers;
  s->names.environment = s->launch.base.entry;
  s->names.wanted = names_wanted(s->options);
  s->names.table = &s->waiting;
  names_start(&s->names);
}

static void start_handshakes(struct server *s)
{
  s->handshakes.options = s->options;
  s->handshakes.listener = s->listener;
  s->handshakes.report = &s->report;
  s->handshakes.events = &s->events;
  s->handshakes.timers = &s->timers;
  s->handshakes.table = &s->waiting;
  s->handshakes.banner = s->options->banner ? &s->banner : NULL;
  s->handshakes.environment = s->launch.base.entry;
  handshakes_start(&s->handshakes);
}

static void start_sql(struct server *s)
{
  s->sql.dbconf = s->options->dbconf;
  s->sql.listener = s->listener;
  s->sql.report = &s->report;
  s->sql.events = &s->events;
  s->sql.timers = &s->timers;
  s->sql.environment = s->launch.base.entry;
  sql_start(&s->sql);
}

void loop_begin(struct options const *o, struct listener *l, char const *const *environment)
{
  struct server *s = unforked_allocate(sizeof *s, offsetof(struct server, access));
  if (!s)
    strerr_diefusys(111, "prepare");
  server = s;
  s->options = o;
  s->listener = l;
  s->report.verbosity = o->verbosity;
  s->report.local_host = o->local_host;
  s->launch.options = o;
  s->launch.report = &s->report;
  launch_load_environment(&s->launch, environment);
  if (o->tls)
    start_handshakes(s);
  if (o->dbconf)
    start_sql(s);
}

void loop_prepare(void)
{
  struct server *s = server;
  struct options const *o = s->options;
  int signals;
  s->burst = 1;
  s->children = (struct children)CHILDREN_ZERO;
  prepare_limits(s);
  prepare_idle(s);
  prepare_rates(s);
  if (o->banner)
    banner_load(&s->banner, o->banner);
  access_init(&s->access, o->rules, o->rules_optional, names_pending(o), &s->report);
  s->launch.listener = s->listener;
  s->launch.limits = &s->limits;
  s->launch.children = &s->children;
  s->launch.reaper = &s->reaper;
  s->launch.idle = &s->idle;
  s->launch.waiting = waiting_wanted(o, s->limits.concurrency);
  plugins_load(&s->plugins, o->prog[0], &s->report);
  s->launch.service = s->plugins.service;
  launch_init(&s->launch);
  if (events_init(&s->events) == -1)
    strerr_diefusys(111, "wait for events");
  waiting_init(&s->waiting);
  s->waiting.limit = s->launch.waiting == 0 ? 0 : launch_room_to_wait(&s->launch);
  if (o->tls)
    handshakes_begin(&s->handshakes);
  if (o->dbconf)
    sql_begin(&s->sql);
  signals = signals_init();
  if (events_watch(&s->events, signals, EVENTS_IN, (struct event){.kind = EVENT_SIGNAL}) == -1)
    strerr_diefusys(111, "catch signals");
  spawner_take_low(&s->launch.spawner, signals);
  reaper_init(&s->reaper, &s->children, &s->events, &s->timers, over, ended, stranger_ended, s);
  prepare_proxy(s);
  prepare_names(s);
  reserve_timers(s);
  list_stages(s);
  if (o->rules)
    access_open(&s->access);
  report_status(&s->report, 0, s->limits.concurrency);
}

int loop_run(void)
{
  /* All that is called from here has its frames from the top of a page on, and most often on that page alone, which has to
   * be copied for each child that has a copy of our memory; not on two, as it happens. */
  _Alignas(4096) char volatile landing = 0;
  struct server *s = server;
  (void)landing;
  while (!s->done && !(s->stopping && s->children.count == 0 && waiting_total(&s->waiting) == 0)) {
    names_settle(&s->names);
    handshakes_settle(&s->handshakes);
    sql_settle(&s->sql);
    if (next_answered(s))
      serve_answered(s);
    adjust_accepting(s);
    wait_and_handle(s);
  }
  names_stop(&s->names);
  keeper_stop(&s->sql.keeper);
  report_flush(&s->report);
  return 0;
}
