/* report.c - see report.h. */
#include "report.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "decimal.h"

/* No line is longer: some fields of FIELD_MAX, addresses, a rule's key, numbers. */
#define LONGEST_LINE 2048
#define FIELD_MAX    100
#define SENTENCE_MAX 256

/* How long a log that is full may stop us. */
#define LOG_STALL_MS 1000

static struct {
  char const *text;
  enum { PLAIN, KEY, NUMBER, HEADER, TLS } detail;
} const reason[REFUSALS] = {
    [REFUSAL_NONE] = {"none", PLAIN},       [REFUSAL_RULE] = {"rule ", KEY},
    [REFUSAL_NORULES] = {"norules", PLAIN}, [REFUSAL_PERIP] = {"perip ", NUMBER},
    [REFUSAL_PERNET] = {"pernet ", NUMBER}, [REFUSAL_RATE] = {"rate", PLAIN},
    [REFUSAL_LOAD] = {"load", PLAIN},       [REFUSAL_TIME] = {"time", PLAIN},
    [REFUSAL_BANNER] = {"banner", PLAIN},   [REFUSAL_FORK] = {"fork", PLAIN},
    [REFUSAL_LOOKUP] = {"lookup", PLAIN},   [REFUSAL_TLS] = {"tls ", TLS},
    [REFUSAL_SQL] = {"sql", PLAIN},         [REFUSAL_PROXY] = {"proxy ", HEADER},
};

/* Writes all of it. If the log takes nothing for a second, or nobody reads it, serving goes on without. It is
 * async-signal-safe: a child that shares our memory calls it, too. */
static void write_log(char const *text, size_t len)
{
  struct pollfd log = {.fd = 2, .events = POLLOUT};
  while (len > 0) {
    ssize_t n = write(2, text, len);
    if (n >= 0) {
      text += n;
      len -= (size_t)n;
    } else if (errno == EAGAIN) {
      /* Some program has made the log nonblocking for everybody. */
      if (poll(&log, 1, LOG_STALL_MS) != 1)
        return;
    } else if (errno != EINTR)
      return;
  }
}

enum report_pending report_pending(struct report const *r)
{
  return r->used == 0 ? REPORT_NOTHING : r->pressing ? REPORT_PRESSING : REPORT_PATIENT;
}

static void empty(struct report *r)
{
  r->used = 0;
  r->pressing = false;
}

void report_flush(struct report *r)
{
  if (r->used == 0)
    return;
  write_log(r->text, r->used);
  empty(r);
}

static void put_bytes(struct report *r, char const *text, size_t len)
{
  if (len > sizeof r->text - r->used)
    len = sizeof r->text - r->used;
  memcpy(r->text + r->used, text, len);
  r->used += len;
}

static void put(struct report *r, char const *text)
{
  put_bytes(r, text, strlen(text));
}

static void put_number(struct report *r, uint64_t number)
{
  char text[DECIMAL_SIZE];
  size_t len = decimal_print(text, number);
  put_bytes(r, text, len);
}

/* Text that somebody else chose: as ucspi-tcp shows it. */
static void put_field(struct report *r, char const *text, char const *forbidden)
{
  size_t i;
  for (i = 0; i < FIELD_MAX && text[i]; i++) {
    bool plain = text[i] > 32 && text[i] < 127 && !strchr(forbidden, text[i]);
    put_bytes(r, plain ? text + i : "?", 1);
  }
  if (text[i])
    put(r, "...");
}

/* A field among colons, or nothing for null. */
static void put_text(struct report *r, char const *text)
{
  if (text)
    put_field(r, text, "%:");
}

/* Words that a helper chose, at the end of a line. */
static void put_sentence(struct report *r, char const *text)
{
  for (size_t i = 0; i < SENTENCE_MAX && text[i]; i++)
    put_bytes(r, text[i] >= 32 && text[i] < 127 ? text + i : "?", 1);
}

static void put_address(struct report *r, struct address const *a)
{
  char text[ADDRESS_TEXT_SIZE];
  size_t len = address_print_bracketed(text, a);
  put_bytes(r, text, len);
}

/* Of an end, which can wait for other lines. */
static void begin_patiently(struct report *r)
{
  if (sizeof r->text - r->used < LONGEST_LINE)
    report_flush(r);
  put(r, PROG);
  put(r, ": ");
}

static void begin(struct report *r)
{
  begin_patiently(r);
  r->pressing = true;
}

static void put_endpoints(struct report *r, struct connection const *c)
{
  char const *local_host = r->local_host ? r->local_host : c->local_host;
  put(r, " ");
  put_text(r, local_host);
  put(r, ":");
  put_address(r, &c->arrival.local);
  put(r, ":");
  put_number(r, c->arrival.local_port);
  put(r, " ");
  put_text(r, c->host);
  put(r, ":");
  put_address(r, &c->remote);
  put(r, ":");
  put_text(r, c->info);
  put(r, ":");
  put_number(r, c->remote_port);
}

void report_status(struct report *r, unsigned int running, unsigned int limit)
{
  if (r->verbosity < VERBOSITY_STATUS)
    return;
  begin_patiently(r);
  put(r, "status: ");
  put_number(r, running);
  put(r, "/");
  put_number(r, limit);
  put(r, "\n");
}

void report_rules(struct report *r, uint64_t rows)
{
  if (r->verbosity < VERBOSITY_STATUS)
    return;
  begin(r);
  put(r, "sql: ");
  put_number(r, rows);
  put(r, " rows\n");
}

void report_deny(struct report *r, struct connection const *c)
{
  if (r->verbosity < VERBOSITY_STATUS)
    return;
  begin(r);
  put(r, "deny 0");
  put_endpoints(r, c);
  put(r, " ");
  put(r, reason[c->refusal].text);
  switch (reason[c->refusal].detail) {
  case PLAIN: break;
  case KEY:
    /* The empty key would leave nothing to see. */
    put_field(r, c->verdict->key[0] ? c->verdict->key : ":", c->verdict->key[0] ? "%" : "");
    break;
  case NUMBER: put_number(r, c->number); break;
  case HEADER:
    put(r, c->header_problem ? "header: " : "not listed");
    put_sentence(r, c->header_problem ? c->header_problem : "");
    break;
  case TLS: put_sentence(r, c->tls_refusal ? c->tls_refusal->reason : "out of memory"); break;
  }
  put(r, "\n");
}

void report_compose_start(struct report *r, struct connection const *c, unsigned int running,
                          unsigned int limit)
{
  if (sizeof r->text - r->used < 3 * LONGEST_LINE)
    report_flush(r);
  r->start = r->used;
  r->told = false;
  report_status(r, running, limit);
  begin(r);
  put(r, "pid ");
  r->hole[0] = r->used;
  put(r, " from ");
  put_address(r, &c->remote);
  if (r->verbosity >= VERBOSITY_DETAIL) {
    put(r, " connections ");
    put_number(r, c->from_address);
  }
  put(r, "\n");
  begin(r);
  put(r, "ok ");
  r->hole[1] = r->used;
  put_endpoints(r, c);
  put(r, "\n");
}

static size_t copy(char *to, char const *from, size_t len)
{
  memcpy(to, from, len);
  return len;
}

static void write_with_pid(struct report const *r, pid_t pid)
{
  char text[sizeof r->text + 2 * DECIMAL_SIZE], number[DECIMAL_SIZE];
  size_t digits = decimal_print(number, (uint64_t)pid), len;
  len = copy(text, r->text, r->hole[0]);
  len += copy(text + len, number, digits);
  len += copy(text + len, r->text + r->hole[0], r->hole[1] - r->hole[0]);
  len += copy(text + len, number, digits);
  len += copy(text + len, r->text + r->hole[1], r->used - r->hole[1]);
  write_log(text, len); /* in one piece, so that lines stay whole */
}

/* Runs in a child that shares the parent's memory. */
void report_write_start(void *report, pid_t pid)
{
  struct timespec const at_once = {0, 0};
  struct report *r = report;
  sigset_t set;
  errno = 0;
  write_with_pid(r, pid);
  r->told = true;
  if (errno != EPIPE)
    return;
  /* Nobody reads the log any more. The SIGPIPE that waits must not reach prog when its signal mask is set. */
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  sigtimedwait(&set, NULL, &at_once);
}

void report_entrusted(struct report *r)
{
  r->told = true;
}

void report_started(struct report *r, pid_t pid)
{
  if (!r->told)
    write_with_pid(r, pid);
  empty(r);
}

void report_not_started(struct report *r)
{
  r->used = r->start;
}

static void put_seconds(struct report *r, int64_t ms)
{
  uint64_t hundredths = ms > 0 ? (uint64_t)ms / 10 : 0;
  put_number(r, hundredths / 100);
  put(r, ".");
  put_number(r, hundredths % 100 / 10);
  put_number(r, hundredths % 10);
}

void report_end(struct report *r, struct child const *child, int wait_status)
{
  if (r->verbosity < VERBOSITY_STATUS)
    return;
  begin_patiently(r);
  put(r, "end ");
  put_number(r, (uint64_t)child->pid);
  put(r, " status ");
  put_number(r, (unsigned int)wait_status);
  if (r->verbosity >= VERBOSITY_DETAIL) {
    put(r, WIFSIGNALED(wait_status) ? " signal " : " exit ");
    put_number(r,
               (unsigned int)(WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status)));
    put(r, " seconds ");
    put_seconds(r, clock_ms() - child->started_ms);
    put(r, " in ");
    put_number(r, child->traffic.in);
    put(r, " out ");
    put_number(r, child->traffic.out);
    put(r, " from ");
    put_address(r, &child->remote);
  }
  put(r, child->idle ? " idle\n" : "\n");
}

void report_table(struct report *r, struct children const *t, uint32_t waiting, unsigned int limit,
                  size_t addresses)
{
  int64_t now = clock_ms();
  if (r->verbosity < VERBOSITY_ERRORS)
    return;
  begin(r);
  put(r, "table: ");
  put_number(r, t->count);
  put(r, "/");
  put_number(r, limit);
  put(r, " connections, ");
  put_number(r, addresses);
  put(r, " addresses");
  if (waiting > 0) {
    put(r, ", ");
    put_number(r, waiting);
    put(r, " waiting");
  }
  put(r, "\n");
  for (uint32_t i = 0; i < t->used; i++) {
    struct child const *child = &t->child[i];
    if (child->pid == 0)
      continue;
    begin(r);
    put(r, "table: pid ");
    put_number(r, (uint64_t)child->pid);
    put(r, " from ");
    put_address(r, &child->remote);
    put(r, ":");
    put_number(r, child->remote_port);
    put(r, " seconds ");
    put_number(r, (uint64_t)(now - child->started_ms) / 1000);
    put(r, "\n");
  }
}

void report_refusals(struct report *r, uint64_t const count[REFUSALS])
{
  uint64_t total = 0;
  char const *before = ": ";
  for (size_t i = 0; i < REFUSALS; i++)
    total += count[i];
  if (r->verbosity < VERBOSITY_ERRORS || total == 0)
    return;
  begin(r);
  put(r, "table: refused ");
  put_number(r, total);
  for (size_t i = 0; i < REFUSALS; i++) {
    if (count[i] == 0)
      continue;
    put(r, before);
    put_bytes(r, reason[i].text, strcspn(reason[i].text, " "));
    put(r, " ");
    put_number(r, count[i]);
    before = ", ";
  }
  put(r, "\n");
}

void report_pause(struct report *r, struct rate const *rate)
{
  if (r->verbosity < VERBOSITY_STATUS)
    return;
  begin(r);
  put(r, "pause rate ");
  put_number(r, rate->count);
  put(r, "/");
  put_number(r, rate->seconds);
  put(r, "\n");
}

void report_resume(struct report *r)
{
  if (r->verbosity < VERBOSITY_STATUS)
    return;
  begin(r);
  put(r, "resume\n");
}

static void put_failure(struct report *r, char const *kind, char const *verb, char const *name,
                        char const *why)
{
  if (r->verbosity < VERBOSITY_ERRORS)
    return;
  begin(r);
  put(r, kind);
  put(r, "unable to ");
  put(r, verb);
  put_bytes(r, name, strnlen(name, 1024));
  put(r, ": ");
  put(r, why);
  put(r, "\n");
}

void report_dropped(struct report *r, char const *verb, char const *name, char const *why)
{
  put_failure(r, "warning: dropping connection, ", verb, name, why);
}

void report_warning(struct report *r, char const *verb, char const *name, char const *why)
{
  put_failure(r, "warning: ", verb, name, why);
}

void report_shortage(struct report *r, struct connection *c, char const *verb)
{
  report_dropped(r, verb, "", strerror(errno));
  c->refusal = REFUSAL_FORK;
}
