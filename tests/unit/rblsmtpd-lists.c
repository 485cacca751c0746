/* Which list decides: lists_consult(), which asks all at once and gets its answers in any order, against asking one
 * after the other; and that it waits for no answer that it does not need. The resolver here is the test's own. */
#include "../../src/rblsmtpd/lists.h"

#include <netdb.h>
#include <stdlib.h>

#include "../../src/dns/resolver.h"
#include "../../src/dns/settings.h"
#include "clock.h"
#include "tap.h"

enum { STEPS = 6, CASES = 20000 };

/* --- the resolver ----------------------------------------------------------------------------------------- */

/* What it will answer, in the order in which it was asked. */
static struct {
  enum step_state answer; /* PENDING: nothing, ever */
  int turn;               /* answers come in this order; -1: it has come */
  resolver_done *done;
  void *context;
  enum resolver_type type;
} question[STEPS];
static size_t asked;
/* Of the consultation that has ended, which itself leaves them to the process's end. */
static struct events *used_events;
static struct resolver *used_resolver;
static struct timer now;
static int64_t late_ms;                      /* so much later */
static char const *listed_at = "\x7f\0\0\2"; /* an address */
static char problem[SETTINGS_PROBLEM_SIZE];
static char names[STEPS][256];

void settings_init_servers(struct settings *s)
{
  memset(s, 0, sizeof *s);
  memcpy(s->servers_problem, problem, sizeof problem);
}

int resolver_init(struct resolver *r, struct events *events, uint32_t kind, struct settings const *settings)
{
  memset(r, 0, sizeof *r);
  now.position = 0;
  used_events = events;
  used_resolver = r;
  (void)kind;
  (void)settings;
  return 0;
}

struct resolver_query *resolver_ask(struct resolver *r, char const *name, enum resolver_type type,
                                    resolver_done *done, void *context)
{
  (void)r;
  snprintf(names[asked], sizeof names[asked], "%s", name);
  question[asked].done = done;
  question[asked].context = context;
  question[asked].type = type;
  asked++;
  /* Some fail before they are sent. */
  if (question[asked - 1].answer == STEP_FAILED && question[asked - 1].turn % 2) {
    question[asked - 1].turn = -1;
    return NULL;
  }
  return (struct resolver_query *)(void *)r; /* any that is not null */
}

static void release(void)
{
  if (!used_events)
    return;
  events_free(used_events);
  timers_free(&used_resolver->timers);
  used_events = NULL;
}

void resolver_ready(struct resolver *r, struct event const *e)
{
  (void)r;
  (void)e;
}

static void answer(size_t which)
{
  char octets[4];
  char *addresses[] = {octets, NULL};
  struct hostent host = {.h_addr_list = addresses};
  struct resolver_reply reply = {.outcome = RESOLVER_FAILED, .problem = "some reason"};
  memcpy(octets, listed_at, sizeof octets);
  if (question[which].answer == STEP_UNLISTED)
    reply.outcome = RESOLVER_NONE;
  if (question[which].answer == STEP_LISTED) {
    reply.outcome = RESOLVER_FOUND;
    if (question[which].type == RESOLVER_TXT) {
      reply.text = "listed\r\n and more";
      reply.text_len = 8;
    } else
      reply.data = &host;
  }
  question[which].turn = -1;
  question[which].done(question[which].context, &reply);
}

static bool next_turn(size_t *which)
{
  bool is_there = false;
  for (size_t i = 0; i < asked; i++)
    if (question[i].turn >= 0 && question[i].answer != STEP_PENDING &&
        (!is_there || question[i].turn < question[*which].turn)) {
      *which = i;
      is_there = true;
    }
  return is_there;
}

void resolver_settle(struct resolver *r, int64_t now_ms)
{
  size_t which;
  if (next_turn(&which))
    timers_set(&r->timers, &now, now_ms + late_ms);
}

void resolver_expire(struct resolver *r, int64_t now_ms)
{
  size_t which;
  if (timers_expired(&r->timers, now_ms) && next_turn(&which))
    answer(which);
}

/* --- the reference ---------------------------------------------------------------------------------------- */

/* One list after the other, as ucspi-tcp does it: the state of each is what it will answer. known
 * says which answers are there: nothing is decided if that is not enough. */
struct outcome {
  bool is_decided, refuses, permanent;
  size_t by;
};

static struct outcome one_by_one(struct step const *steps, size_t count, bool const known[])
{
  struct outcome o = {.is_decided = true, .by = count};
  bool must_not_bounce = false;
  for (size_t i = 0; i < count; i++) {
    bool is_white = steps[i].kind == STEP_ALLOW;
    if (!known[i])
      return (struct outcome){.is_decided = false};
    if (question[i].answer == STEP_FAILED) {
      must_not_bounce = true;
      if (is_white ? !steps[i].fails_closed : steps[i].fails_closed)
        return (struct outcome){true, !is_white, false, i};
    }
    if (question[i].answer == STEP_LISTED)
      return (struct outcome){true, !is_white, !is_white && steps[i].permanent && !must_not_bounce, i};
  }
  return o;
}

static void no_delay(struct client const *client, unsigned int delay_s)
{
  (void)client;
  (void)delay_s;
}

static size_t below(size_t n)
{
  return (size_t)rand() % n;
}

/* Steps and answers at random. */
static size_t make_case(struct step steps[STEPS])
{
  static enum step_state const answers[] = {STEP_UNLISTED, STEP_UNLISTED, STEP_LISTED, STEP_FAILED};
  size_t count = below(STEPS) + 1;
  memset(steps, 0, sizeof *steps * STEPS);
  asked = 0;
  for (size_t i = 0; i < count; i++) {
    steps[i].kind = (enum step_kind)below(STEP_DELAY);
    steps[i].base = "list.test:reason";
    steps[i].base_len = strlen("list.test");
    steps[i].reason = "reason for %IP%";
    steps[i].permanent = below(2);
    steps[i].fails_closed = below(2);
    question[i].answer = answers[below(sizeof answers / sizeof *answers)];
    question[i].turn = (int)below(1000);
  }
  return count;
}

static bool agrees(struct verdict const *v, struct step const *steps, struct outcome const *o, size_t count)
{
  size_t by = v->step ? (size_t)(v->step - steps) : count;
  return o->is_decided && (v->decision == DECISION_REFUSE) == o->refuses && v->decision != DECISION_WAIT &&
         v->permanent == o->permanent && by == o->by;
}

/* Was the last answer that came one that was needed? Without it, nothing was decided. */
static bool was_needed(struct step const *steps, size_t count, int last_turn, int const turns[])
{
  bool known[STEPS], before[STEPS];
  for (size_t i = 0; i < count; i++) {
    known[i] = question[i].turn == -1;
    before[i] = known[i] && turns[i] != last_turn;
  }
  return last_turn == -1 ||
         (one_by_one(steps, count, known).is_decided && !one_by_one(steps, count, before).is_decided);
}

static void at_random(void)
{
  struct client client;
  struct step steps[STEPS];
  bool all_agree = true, none_wasted = true, all_asked = true;
  bool const all[STEPS] = {true, true, true, true, true, true};
  client_from_text(&client, "192.0.2.7");
  for (int n = 0; n < CASES; n++) {
    size_t count = make_case(steps);
    int turns[STEPS], last = -1;
    struct outcome expected;
    struct verdict v;
    for (size_t i = 0; i < count; i++) {
      bool fails_at_once = question[i].answer == STEP_FAILED && question[i].turn % 2;
      question[i].turn = question[i].turn * STEPS * 2 + (int)i * 2 + fails_at_once; /* no two are the same */
      turns[i] = fails_at_once ? -1 : question[i].turn;
    }
    expected = one_by_one(steps, count, all);
    v = lists_consult(steps, count, &client, clock_ms() + 60000, no_delay);
    release();
    all_agree = all_agree && agrees(&v, steps, &expected, count);
    all_asked = all_asked && asked == count;
    for (size_t i = 0; i < count; i++)
      if (question[i].turn == -1 && turns[i] > last)
        last = turns[i];
    none_wasted = none_wasted && was_needed(steps, count, last, turns);
  }
  ok(all_agree, "the verdict is that of asking one list after the other, whatever the answers' order");
  ok(none_wasted, "no answer is waited for once the verdict is certain");
  ok(all_asked, "each list is asked once, before any has answered");
}

/* --- single ones ------------------------------------------------------------------------------------------ */

static struct verdict consult(struct step *steps, size_t count, char const *ip, int64_t time_ms)
{
  static struct client client;
  struct verdict v;
  asked = 0;
  client_from_text(&client, ip);
  v = lists_consult(steps, count, &client, clock_ms() + time_ms, no_delay);
  release();
  return v;
}

static struct step list(enum step_kind kind)
{
  return (struct step){.kind = kind, .base = "list.test:reason", .base_len = 9, .reason = "no %IP%"};
}

static void deadline(void)
{
  struct step steps[] = {list(STEP_BLOCK), list(STEP_ALLOW), list(STEP_BLOCK)};
  int64_t start_ms = clock_ms();
  struct verdict v;
  steps[0].fails_closed = true;
  question[0].answer = question[1].answer = question[2].answer = STEP_PENDING;
  question[0].turn = question[1].turn = question[2].turn = 0;
  v = consult(steps, 3, "192.0.2.7", 200);
  ok(clock_ms() - start_ms >= 200 && clock_ms() - start_ms < 5000,
     "lists that say nothing are left at the deadline");
  ok(v.decision == DECISION_REFUSE && v.step == &steps[0] && steps[0].state == STEP_FAILED,
     "... and have failed");
  steps[0] = list(STEP_BLOCK);
  steps[1] = (struct step){.kind = STEP_DELAY, .delay_s = 1};
  steps[2] = list(STEP_BLOCK);
  start_ms = clock_ms();
  v = consult(steps, 3, "192.0.2.7", 100);
  ok(v.decision == DECISION_RUN && clock_ms() - start_ms >= 1100 && clock_ms() - start_ms < 6000,
     "a delay is not cut short by the deadline, and begins when what is before it is known");
  steps[0] = (struct step){.kind = STEP_DELAY, .delay_s = 1};
  steps[1] = list(STEP_BLOCK);
  question[0].answer = STEP_LISTED;
  question[0].turn = 0;
  late_ms = 500;
  v = consult(steps, 2, "192.0.2.7", 200);
  ok(v.decision == DECISION_RUN && steps[1].state == STEP_FAILED,
     "... but does not give lists more time than that");
  late_ms = 0;
}

static void texts(void)
{
  struct step steps[] = {list(STEP_BLOCK)};
  question[0].answer = STEP_LISTED;
  question[0].turn = 0;
  consult(steps, 1, "192.0.2.7", 60000);
  is_string(steps[0].text.octet, "listed??", "what a list says is cleaned");
  is_string(names[0], "7.2.0.192.list.test", "the question is about the address, last octet first");
  ok(question[0].type == RESOLVER_TXT, "... and for a text");
  steps[0] = list(STEP_BLOCK_ADDRESS);
  question[0].turn = 0;
  consult(steps, 1, "2001:db8::abcd", 60000);
  is_string(steps[0].text.octet, "no 2001:db8::abcd", "a text of ours names the address");
  is_string(names[0], "d.c.b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.test",
            "the question is about the address, last digit first");
  ok(question[0].type == RESOLVER_A, "... and for an address");
}

static void problems(void)
{
  struct step steps[] = {list(STEP_BLOCK), list(STEP_ALLOW), list(STEP_BLOCK_ADDRESS)};
  steps[1].fails_closed = true;
  question[0].answer = question[1].answer = STEP_FAILED;
  question[0].turn = 0;
  question[1].turn = 1; /* can't be asked */
  question[2].answer = STEP_PENDING;
  question[2].turn = 0;
  consult(steps, 3, "192.0.2.7", 200);
  is_string(steps[0].text.octet, "some reason", "a list that failed has the resolver's reason");
  is_string(steps[1].text.octet, "can't be asked", "... one that was not asked says so");
  is_string(steps[2].text.octet, "no answer in time", "... one that said nothing until the deadline, too");
  steps[0] = list(STEP_BLOCK_ADDRESS);
  question[0].answer = STEP_LISTED;
  question[0].turn = 0;
  listed_at = "\x7f\xff\xff\xfe";
  consult(steps, 1, "192.0.2.7", 60000);
  ok(steps[0].state == STEP_FAILED, "an address that is no listing is a failure");
  is_string(steps[0].text.octet, "127.255.255.254 is no listing", "... which says what it is");
  listed_at = "\x7f\0\0\2";
}

static void nobody_to_ask(void)
{
  struct step steps[] = {list(STEP_BLOCK)};
  snprintf(problem, sizeof problem, "%s", "this warning is part of the test");
  question[0].answer = STEP_LISTED;
  ok(consult(steps, 1, "192.0.2.7", 60000).decision == DECISION_RUN && asked == 0,
     "without servers all lists fail");
  ok(steps[0].text.len == 0, "... for the one reason of which there was a warning");
  problem[0] = '\0';
  steps[0] = list(STEP_BLOCK);
  steps[0].fails_closed = true;
  ok(consult(steps, 1, "nonsense", 60000).decision == DECISION_REFUSE && asked == 0,
     "... or without an address");
  ok(consult(steps, 0, "192.0.2.7", 60000).decision == DECISION_RUN, "without lists the client is let in");
}

char const *PROG = "rblsmtpd-lists";

int main(void)
{
  srand(7);
  at_random();
  deadline();
  texts();
  problems();
  nobody_to_ask();
  return tap_done();
}
