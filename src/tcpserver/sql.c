/* sql.c - see sql.h. */
#include "sql.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "helper.h"
#include "helperstart.h"
#include "sources.h"
#include "sqlmessage.h"

/* It reads a file, and waits for a database, an hour at most. */
#define START_MS 3660000

/* It says at least every SQL_ALIVE_S that it lives. */
#define SILENCE_MS (3 * SQL_ALIVE_S * 1000)

static char const has_ended[] = "tcpsql has ended";

static void break_off(struct sql *s, char const *why)
{
  if (!s->trouble)
    s->trouble = why;
}

/* --- Starting it --------------------------------------------------------------------------------------------- */

static int start(struct sql *s, char path[HELPER_PATH_SIZE])
{
  struct helper new;
  if (sqlmessage_start(&new, path, s->dbconf, s->environment) == -1)
    return -1;
  s->fd = new.fd;
  s->is_ready = s->hopeless = false;
  revival_started(&s->revival, new.pid);
  return 0;
}

void sql_start(struct sql *s)
{
  char path[HELPER_PATH_SIZE] = "tcpsql";
  s->table = (struct ruletable)RULETABLE_ZERO;
  if (start(s, path) == -1)
    strerr_diefusys(111, "run ", path);
}

static int send_message(struct sql *s, enum sqlmessage_kind kind, void const *payload)
{
  return message_send(s->fd, sqlmessage_row(kind), 0, payload, NULL);
}

static int send_begin(struct sql *s)
{
  static struct ids who;
  return ids_of_process(&who) == -1 ? -1 : send_message(s, SQL_BEGIN, &who);
}

void sql_stop(struct sql *s)
{
  revival_kill(&s->revival);
}

/* --- What it sends ------------------------------------------------------------------------------------------- */

static void are_fresh(struct sql *s)
{
  if (!s->table.image)
    return;
  s->fresh_ms = clock_ms();
  s->told = s->told_stale = false;
}

/* Until the new ones are there the old ones are; if they are none, too. */
static void take_image(struct sql *s, int descriptor)
{
  struct ruletable new;
  int result = ruletable_open(&new, descriptor), error = errno;
  close(descriptor);
  s->has_tried = true;
  if (result == -1) {
    /* Another one will send them again; this one would go on to say that they are fresh. */
    break_off(s, error == EPROTO ? "tcpsql has sent what are no rules" : "there is no memory for them");
    return;
  }
  ruletable_close(&s->table);
  s->table = new;
  are_fresh(s);
  report_rules(s->report, ruletable_rows(&new));
}

static void take_ready(struct sql *s, struct message const *m)
{
  struct sql_ready r;
  memcpy(&r, m->payload, sizeof r);
  if (s->is_ready || r.stale_s == 0) {
    break_off(s, "tcpsql has sent what makes no sense");
    return;
  }
  s->is_ready = true;
  s->stale_ms = r.stale_s * INT64_C(1000);
}

static void heed(struct sql *s, struct message const *m)
{
  switch ((enum sqlmessage_kind)m->header.kind) {
  case SQL_READY: take_ready(s, m); break;
  case SQL_IMAGE: take_image(s, m->descriptor[0]); break;
  case SQL_FRESH: are_fresh(s); break;
  case SQL_TRIED: s->has_tried = true; break;
  case SQL_ALIVE:
  case SQL_BEGIN:
  case SQL_RELOAD:
  case SQL_LIBRARY:
  case SQL_REFUSED:
  case SQL_FAILED: break; /* all but the first are not in sqlmessage_from_helper */
  }
}

/* False if there is nothing more at the moment. */
static bool receive(struct sql *s)
{
  struct message m;
  switch (message_receive(s->fd, sqlmessage_from_helper,
                          sizeof sqlmessage_from_helper / sizeof sqlmessage_from_helper[0], &m)) {
  case MESSAGE_RECEIVED:
    timers_set(s->timers, &s->overdue, clock_ms() + SILENCE_MS);
    heed(s, &m);
    return true;
  case MESSAGE_NONE: return false;
  case MESSAGE_END: break_off(s, has_ended); break;
  case MESSAGE_REFUSED:
    break_off(s, errno == EPROTO ? "tcpsql has sent what makes no sense" : has_ended);
    break;
  }
  return false;
}

void sql_event(struct sql *s)
{
  /* It sends few messages: a second one is not looked for. */
  if (s->fd != -1 && !s->trouble)
    receive(s);
}

static int watch(struct sql *s)
{
  return events_watch(s->events, s->fd, EVENTS_IN, (struct event){.kind = EVENT_SQL});
}

void sql_begin(struct sql *s)
{
  int64_t deadline_ms = clock_ms() + START_MS;
  /* If it has ended already that is told by its end. */
  if (send_begin(s) == -1 && errno != EPIPE && errno != ECONNRESET)
    strerr_diefusys(111, "tell tcpsql who we are");
  while (!s->has_tried && !s->trouble)
    if (!receive(s) && !s->trouble && !helperstart_wait(s->fd, deadline_ms, "tcpsql"))
      break_off(s, "tcpsql does not get ready");
  if (s->trouble && !s->is_ready)
    helperstart_end(s->fd, s->revival.pid, s->trouble == has_ended, "get rules from a database", s->trouble);
  if (watch(s) == -1)
    strerr_diefusys(111, "watch tcpsql");
}

/* --- Afterwards ---------------------------------------------------------------------------------------------- */

void sql_reload(struct sql *s)
{
  /* If its socket is full it has been told often enough already. */
  if (s->fd != -1 && !s->trouble && send_message(s, SQL_RELOAD, NULL) == -1 && errno != EAGAIN &&
      errno != EWOULDBLOCK)
    break_off(s, has_ended);
}

static void tell(struct sql *s, char const *why)
{
  if (!s->told)
    report_warning(s->report, "get rules from a database", "", why);
  s->told = true;
}

static void restart(struct sql *s)
{
  char path[HELPER_PATH_SIZE];
  if (!revival_due(&s->revival))
    return;
  if (start(s, path) == -1) {
    int error = errno;
    tell(s, strerror(error));
    s->hopeless = error != EAGAIN && error != ENOMEM && error != EMFILE && error != ENFILE;
    revival_not_started(&s->revival);
  } else if (watch(s) == -1 || send_begin(s) == -1)
    break_off(s, has_ended);
  else
    timers_set(s->timers, &s->overdue, clock_ms() + SILENCE_MS);
}

bool sql_time(struct sql *s, struct timer const *timer)
{
  if (timer == &s->revival.timer)
    restart(s);
  else if (timer == &s->overdue)
    break_off(s, "tcpsql says nothing any more");
  else
    return false;
  return true;
}

void sql_reaped(struct sql *s, pid_t pid)
{
  revival_reaped(&s->revival, pid);
}

static bool are_good(struct sql const *s)
{
  return s->table.image && clock_ms() - s->fresh_ms <= s->stale_ms;
}

static void give_up(struct sql *s, char const *why)
{
  tell(s, why);
  s->hopeless = !s->is_ready;
  events_forget(s->events, s->fd);
  close(s->fd);
  s->fd = -1;
  timers_cancel(s->timers, &s->overdue);
  revival_failed(&s->revival);
}

void sql_settle(struct sql *s)
{
  char const *why = s->trouble;
  /* Not written to for nothing, each time round the loop: that would be a page to copy (loop.c). */
  if (why) {
    s->trouble = NULL;
    give_up(s, why);
  }
  if (!s->hopeless || are_good(s))
    return;
  report_flush(s->report);
  strerr_dief(111, "there are no rules, and no new tcpsql gets ready");
}

/* --- Connections --------------------------------------------------------------------------------------------- */

static enum outcome refuse(struct sql *s, struct connection *c)
{
  if (!s->told_stale)
    report_warning(s->report, "use the rules of ", s->dbconf,
                   s->table.image ? "the database has been away for too long" : "there are none yet");
  s->told_stale = true;
  c->refusal = REFUSAL_SQL;
  return DENY;
}

static size_t name_len(char const *variable)
{
  return strcspn(variable, "=");
}

/* True if the verdict sets or unsets the variable of this item. */
static bool has_edit(struct rules_verdict const *v, char const *variable)
{
  size_t len = name_len(variable), position = 0;
  struct rules_edit edit;
  while (rules_edit_next(v, &position, &edit))
    if (name_len(edit.variable) == len && memcmp(edit.variable, variable, len) == 0)
      return true;
  return false;
}

static bool append(struct sql *s, size_t *len, char const *items, size_t items_len)
{
  if (items_len > sizeof s->joined - *len)
    return false;
  memcpy(s->joined + *len, items, items_len);
  *len += items_len;
  return true;
}

/* What the access stage found, and before it those variables of the database that it has nothing to say about. False if that is
 * too much. */
static bool join(struct sql *s, struct connection *c)
{
  struct rules_verdict const *first = c->verdict;
  struct rules_edit edit;
  size_t len = 0, position = 0;
  if (s->verdict.edits_len == 0)
    return true;
  c->verdict = &s->verdict;
  if (!first)
    return true;
  while (rules_edit_next(&s->verdict, &position, &edit))
    /* With the sign before it and the NUL behind it. */
    if (!has_edit(first, edit.variable) && !append(s, &len, edit.variable - 1, strlen(edit.variable) + 2))
      return false;
  if (!append(s, &len, first->edits, first->edits_len))
    return false;
  s->verdict.decision = first->decision;
  s->verdict.waits = first->waits;
  s->verdict.edits = s->joined;
  s->verdict.edits_len = len;
  return true;
}

static enum outcome refuse_as_too_much(struct sql *s, struct connection *c, int error)
{
  report_dropped(s->report, "use the rules of ", s->dbconf,
                 error == E2BIG ? "too many match, or set too much" : "they are damaged");
  c->verdict = NULL;
  c->refusal = REFUSAL_SQL;
  return DENY;
}

enum outcome sql_stage(void *sql, struct connection *c)
{
  struct sql *s = sql;
  uint16_t port = c->arrival_known ? c->arrival.local_port : s->listener->port;
  if (!are_good(s))
    return refuse(s, c);
  if (ruletable_lookup(&s->table, &c->remote, port, &s->verdict, s->edits) == -1)
    return refuse_as_too_much(s, c, errno);
  if (s->verdict.decision != RULES_DENY)
    return join(s, c) ? PASS : refuse_as_too_much(s, c, E2BIG);
  c->verdict = &s->verdict;
  c->refusal = REFUSAL_RULE;
  return DENY;
}
