/* sql.c - see sql.h. */
#include "sql.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "sqlmessage.h"

/* It says at least every SQL_ALIVE_S that it lives. */
#define SILENCE_MS (3 * SQL_ALIVE_S * 1000)

/* --- tcpsql -------------------------------------------------------------------------------------------------- */

static int run(void *sql, struct helper *new, char path[HELPER_PATH_SIZE])
{
  struct sql *s = sql;
  return sqlmessage_start(new, path, s->dbconf, s->environment);
}

static void are_fresh(struct sql *s)
{
  if (!s->table.image)
    return;
  s->fresh_ms = clock_ms();
  s->keeper.told = s->told_stale = false;
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
    keeper_break_off(&s->keeper,
                     error == EPROTO ? "tcpsql has sent what are no rules" : "there is no memory for them");
    return;
  }
  ruletable_close(&s->table);
  s->table = new;
  are_fresh(s);
  report_rules(s->report, ruletable_rows(&new));
}

static bool take_ready(struct sql *s, struct message const *m)
{
  struct sql_ready r;
  memcpy(&r, m->payload, sizeof r);
  if (s->keeper.is_ready || r.stale_s == 0)
    return false;
  s->keeper.is_ready = true;
  s->stale_ms = r.stale_s * INT64_C(1000);
  return true;
}

static bool heed(void *sql, struct message const *m)
{
  struct sql *s = sql;
  timers_set(s->timers, &s->keeper.overdue, clock_ms() + SILENCE_MS);
  switch ((enum sqlmessage_kind)m->header.kind) {
  case SQL_READY: return take_ready(s, m);
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
  return true;
}

static struct keeper_kind const tcpsql = {
    .program = "tcpsql",
    .if_absent = "",
    .purpose = "get rules from a database",
    .upkeep = "get rules from a database",
    .has_ended = "tcpsql has ended",
    .makes_no_sense = "tcpsql has sent what makes no sense",
    .never_ready = "tcpsql does not get ready",
    .not_ready_again = "tcpsql says nothing any more",
    .is_overdue = "tcpsql says nothing any more",
    .last_words = "there are no rules, and no new tcpsql gets ready",
    .event = EVENT_SQL_KEEPER,
    .start_ms = 3660000, /* it reads a file, and waits for a database, an hour at most */
    .restart_ms = SILENCE_MS,
    .begin = &sqlmessage_to_helper[0],
    .reload = &sqlmessage_to_helper[1],
    .from = sqlmessage_from_helper,
    .from_kinds = sizeof sqlmessage_from_helper / sizeof sqlmessage_from_helper[0],
    .run = run,
    .heed = heed,
};

void sql_start(struct sql *s)
{
  s->table = (struct ruletable)RULETABLE_ZERO;
  s->keeper = (struct keeper){
      .kind = &tcpsql, .owner = s, .report = s->report, .events = s->events, .timers = s->timers};
  keeper_start(&s->keeper);
}

void sql_begin(struct sql *s)
{
  keeper_begin(&s->keeper, &s->has_tried);
}

static bool are_good(struct sql const *s)
{
  return s->table.image && clock_ms() - s->fresh_ms <= s->stale_ms;
}

void sql_settle(struct sql *s)
{
  /* Not written to for nothing, each time round the loop: that would be a page to copy (loop.c). */
  if (s->keeper.trouble)
    keeper_give_up(&s->keeper);
  if (s->keeper.hopeless && !are_good(s))
    keeper_despair(&s->keeper);
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
