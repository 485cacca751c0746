/* admission.c - a connection on its way through the stages: in order, stopped by a refusal, resumed after a wait. */
#include "../../src/tcpserver/admission.h"

#include "tap.h"

#define CALLS_MAX 64

/* What the stages were called for, in the order in which it happened. */
static struct {
  size_t count;
  char letter[CALLS_MAX + 1];
  struct connection *connection[CALLS_MAX];
} calls;

/* A stage that gives its answers in turn, the last one for ever. */
struct scripted {
  char const *answers; /* p(ass) w(ait) d(eny) */
  enum refusal refusal;
  char letter;
};

static enum outcome scripted_stage(void *state, struct connection *c)
{
  struct scripted *s = state;
  char answer = s->answers[0];
  if (s->answers[1])
    s->answers++;
  if (calls.count < CALLS_MAX) {
    calls.letter[calls.count] = s->letter;
    calls.connection[calls.count++] = c;
  }
  if (answer == 'w')
    return WAIT;
  if (answer == 'p')
    return PASS;
  c->refusal = s->refusal;
  return DENY;
}

static struct admission list_of(struct scripted *stage, size_t count)
{
  struct admission a = {.stages = 0};
  for (size_t i = 0; i < count; i++)
    admission_add(&a, "scripted", scripted_stage, &stage[i]);
  return a;
}

/* The letters of the stages that ran since the last call of this. */
static char const *ran(void)
{
  static char letters[CALLS_MAX + 1];
  memcpy(letters, calls.letter, calls.count);
  letters[calls.count] = '\0';
  calls.count = 0;
  return letters;
}

static void nothing_to_ask(void)
{
  struct admission a = {.stages = 0};
  struct connection c = {.fd = -1};
  ok(admission_run(&a, &c) == PASS && c.refusal == REFUSAL_NONE, "without stages everybody passes");
}

static void all_pass(void)
{
  struct scripted stage[] = {{"p", REFUSAL_NONE, 'a'}, {"p", REFUSAL_NONE, 'b'}, {"p", REFUSAL_NONE, 'c'}};
  struct admission a = list_of(stage, 3);
  struct connection c = {.fd = 7};
  bool same = true;

  ok(admission_run(&a, &c) == PASS, "a connection that all stages pass is served");
  for (size_t i = 0; i < calls.count; i++)
    same = same && calls.connection[i] == &c;
  ok(same && c.fd == 7, "... each stage has seen the connection itself");
  is_string(ran(), "abc", "... in the order in which they were added, each with its own state");
  ok(admission_run(&a, &c) == PASS, "who has passed all stages has passed");
  is_string(ran(), "", "... and is not launched a second time");
}

static void denied_by(size_t which, char const *expected, enum refusal refusal)
{
  struct scripted stage[] = {{"p", REFUSAL_RULE, 'a'}, {"p", REFUSAL_PERIP, 'b'}, {"p", REFUSAL_FORK, 'c'}};
  struct admission a;
  struct connection c = {.fd = -1};
  stage[which].answers = "d";
  a = list_of(stage, 3);
  ok(admission_run(&a, &c) == DENY, "a refusal by stage %zu of 3 refuses", which + 1);
  ok(c.refusal == refusal, "... with that stage's reason");
  is_string(ran(), expected, "... and no later stage runs");
}

static void one_waits(size_t which, char const *before, char const *after)
{
  struct scripted stage[] = {{"p", REFUSAL_NONE, 'a'}, {"p", REFUSAL_NONE, 'b'}, {"p", REFUSAL_NONE, 'c'}};
  struct admission a;
  struct connection c = {.fd = -1};
  stage[which].answers = "wwp";
  a = list_of(stage, 3);
  ok(admission_run(&a, &c) == WAIT, "stage %zu of 3 can make a connection wait", which + 1);
  is_string(ran(), before, "... and no later stage runs meanwhile");
  ok(admission_run(&a, &c) == WAIT, "... it can do so again");
  ok(calls.count == 1 && calls.letter[0] == stage[which].letter, "... and it alone is asked then");
  calls.count = 0;
  ok(admission_run(&a, &c) == PASS, "... until it passes the connection");
  is_string(ran(), after, "... which goes on from there: earlier stages do not run again");
}

static void waits_then_denied(void)
{
  struct scripted stage[] = {{"p", REFUSAL_NONE, 'a'}, {"wd", REFUSAL_RULE, 'b'}, {"p", REFUSAL_NONE, 'c'}};
  struct admission a = list_of(stage, 3);
  struct connection c = {.fd = -1};
  ok(admission_run(&a, &c) == WAIT && c.refusal == REFUSAL_NONE, "waiting is no refusal");
  ok(admission_run(&a, &c) == DENY && c.refusal == REFUSAL_RULE, "who has waited can be refused");
  is_string(ran(), "abb", "... by the stage that made it wait");
}

static void two_wait_in_turn(void)
{
  struct scripted stage[] = {{"wp", REFUSAL_NONE, 'a'}, {"wp", REFUSAL_NONE, 'b'}};
  struct admission a = list_of(stage, 2);
  struct connection c = {.fd = -1};
  ok(admission_run(&a, &c) == WAIT && admission_run(&a, &c) == WAIT && admission_run(&a, &c) == PASS,
     "two stages can wait one after the other");
  is_string(ran(), "aabb", "... each is run once more after its own wait");
}

/* The list itself knows no connection: many wait in it at a time. */
static void connections_overtake(void)
{
  struct scripted stage[] = {{"p", REFUSAL_NONE, 'a'}, {"wp", REFUSAL_NONE, 'b'}, {"p", REFUSAL_NONE, 'c'}};
  struct admission a = list_of(stage, 3);
  struct connection first = {.fd = 1}, second = {.fd = 2};
  ok(admission_run(&a, &first) == WAIT, "while one connection waits ...");
  ok(admission_run(&a, &second) == PASS, "... another one passes");
  is_string(ran(), "ababc", "... all stages from the first on");
  ok(admission_run(&a, &first) == PASS, "... and the first goes on later");
  ok(calls.count == 2 && calls.connection[0] == &first && calls.connection[1] == &first, "... as itself");
  is_string(ran(), "bc", "... where it was");
}

static void only_so_far(void)
{
  struct scripted stage[] = {{"wp", REFUSAL_NONE, 'a'}, {"p", REFUSAL_NONE, 'b'}, {"p", REFUSAL_NONE, 'c'}};
  struct admission a = list_of(stage, 3);
  struct connection c = {.fd = -1};
  ok(admission_run_to(&a, &c, 2) == WAIT && admission_run_to(&a, &c, 2) == PASS,
     "a connection can be taken through some stages");
  is_string(ran(), "aab", "... and those that are left don't run");
  ok(admission_run_to(&a, &c, 2) == PASS && admission_run(&a, &c) == PASS, "... until they are meant, too");
  is_string(ran(), "c", "... and only they");
}

static void as_many_as_there_may_be(void)
{
  struct scripted stage[ADMISSION_STAGES_MAX];
  struct admission a;
  struct connection c = {.fd = -1};
  for (size_t i = 0; i < ADMISSION_STAGES_MAX; i++)
    stage[i] = (struct scripted){"p", REFUSAL_NONE, (char)('a' + i)};
  a = list_of(stage, ADMISSION_STAGES_MAX);
  ok(admission_run(&a, &c) == PASS, "a full list of stages works");
  is_string(ran(), "abcdefghijklmnopqrstuvwx", "... to the last one");
}

int main(void)
{
  nothing_to_ask();
  all_pass();
  denied_by(0, "a", REFUSAL_RULE);
  denied_by(1, "ab", REFUSAL_PERIP);
  denied_by(2, "abc", REFUSAL_FORK);
  one_waits(0, "a", "abc");
  one_waits(1, "ab", "bc");
  one_waits(2, "abc", "c");
  waits_then_denied();
  two_wait_in_turn();
  connections_overtake();
  only_so_far();
  as_many_as_there_may_be();
  return tap_done();
}
