/* pace.c - by which rate a connection is judged, how often it is counted, and what junk does. */
#include "../../src/tcpserver/pace.h"

#include "arriving.h"
#include "tap.h"

#define PEER "192.0.2.1"

static struct pace fresh(unsigned int count, unsigned int seconds)
{
  struct pace p;
  if (pace_init(&p, &(struct rate){.count = count, .seconds = seconds}, 64) == -1)
    abort();
  return p;
}

static void drop(struct pace *p)
{
  rates_free(&p->by_option);
  rates_free(&p->by_rule);
}

static bool admitted(struct pace *p, char const *address, struct rules_verdict const *v, int64_t now_ms)
{
  struct connection c = from(address, v);
  return pace_judge(p, &c, now_ms) == PASS;
}

/* How many of ten that come at once are admitted. */
static unsigned int of_ten(struct pace *p, struct rules_verdict const *v, int64_t now_ms)
{
  unsigned int n = 0;
  for (int i = 0; i < 10; i++)
    n += admitted(p, PEER, v, now_ms);
  return n;
}

static void by_option(void)
{
  struct pace p = fresh(3, 6);
  struct connection c = from(PEER, NULL);
  ok(of_ten(&p, NULL, 0) == 3, "three in six seconds are admitted");
  ok(pace_judge(&p, &c, 0) == DENY && c.refusal == REFUSAL_RATE, "the reason is the rate");
  ok(admitted(&p, "192.0.2.2", NULL, 0), "another address has a rate of its own");
  ok(of_ten(&p, NULL, 2000) == 1, "one more after two seconds");
  ok(of_ten(&p, NULL, 8000) == 3, "and all after six");
  ok(of_ten(&p, NULL, 500) == 0 && of_ten(&p, NULL, 6500) == 3,
     "a clock that goes back keeps nobody out for longer");
  drop(&p);

  p = fresh(1, 60);
  ok(admitted(&p, "2001:db8::1", NULL, 0) && !admitted(&p, "2001:db8::ffff:2", NULL, 0),
     "an IPv6 /64 is one address");
  ok(admitted(&p, "2001:db8:0:1::1", NULL, 0), "the next one is another");
  drop(&p);

  p = fresh(0, 0);
  ok(of_ten(&p, NULL, 0) == 10 && !p.by_option.entry, "without a rate nobody is refused, or remembered");
  drop(&p);
}

static void by_rule(void)
{
  struct rules_verdict const two = ALLOWING("+MAXRATE=2/60", 0), six = ALLOWING("+MAXRATE=6/60", 0),
                             none = ALLOWING("+MAXPERIP=1", 0),
                             last = ALLOWING("+MAXRATE=1/60\0+MAXRATE=4/60", 0),
                             ban = ALLOWING("+MAXRATE=1/1:30", 0),
                             other = ALLOWING("+MAXRATES=1/60\0-MAXRATE", 0);
  struct pace p = fresh(3, 60);
  ok(of_ten(&p, &two, 0) == 2, "a rule's rate counts instead of -k, where it is less");
  drop(&p);
  p = fresh(3, 60);
  ok(of_ten(&p, &six, 0) == 6, "... and where it is more");
  ok(admitted(&p, PEER, &none, 0), "what a rule's rate has counted is not counted for -k");
  drop(&p);
  p = fresh(3, 60);
  ok(of_ten(&p, &none, 0) == 3 && of_ten(&p, &other, 0) == 0, "a rule that says nothing leaves it to -k");
  drop(&p);
  p = fresh(0, 0);
  ok(of_ten(&p, &two, 0) == 2, "no -k is needed for it");
  drop(&p);
  p = fresh(0, 0);
  ok(of_ten(&p, &last, 0) == 4, "of two rates of one rule the last counts");
  drop(&p);
  p = fresh(0, 0);
  ok(of_ten(&p, &ban, 0) == 1 && of_ten(&p, &ban, 29999) == 0, "whom a rule bans stays out");
  ok(of_ten(&p, &ban, 30000) == 1, "... as long as it says");
  drop(&p);
}

static void junk(void)
{
  static char const *const values[] = {"+MAXRATE=",     "+MAXRATE=many", "+MAXRATE=0/1",      "+MAXRATE=5/0",
                                       "+MAXRATE=5/1 ", "+MAXRATE=-1/1", "+MAXRATE=1000001/1"};
  struct rules_verdict const first = ALLOWING("+MAXRATE=x\0+MAXRATE=9/1", 0),
                             later = ALLOWING("+MAXRATE=x", RULES_NEED_HOST);
  struct pace p = fresh(3, 60);
  struct connection c = from(PEER, &first);
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    struct rules_verdict const v = {
        .decision = RULES_ALLOW, .edits = values[i], .edits_len = strlen(values[i]) + 1};
    ok(of_ten(&p, &v, 0) == 0, "%s admits nobody", values[i]);
  }
  ok(pace_judge(&p, &c, 0) == DENY && c.refusal == REFUSAL_RATE,
     "nor does junk before a rate; the reason is the rate");
  ok(of_ten(&p, &later, 0) == 3, "junk in a rule that may not decide changes nothing yet");
  drop(&p);
}

/* Of ten connections that are judged before names, and if they pass, with another verdict, after them, and once more after
 * TLS: how many are admitted? */
static unsigned int judged_thrice(struct pace *p, struct rules_verdict const *before,
                                  struct rules_verdict const *after)
{
  unsigned int n = 0;
  for (int i = 0; i < 10; i++) {
    struct connection c = from(PEER, before);
    if (pace_judge(p, &c, 0) != PASS)
      continue;
    c.verdict = after;
    n += pace_judge(p, &c, 0) == PASS && pace_judge(p, &c, 0) == PASS;
  }
  return n;
}

static void again(void)
{
  struct rules_verdict const low = ALLOWING("+MAXRATE=2/60", 0), high = ALLOWING("+MAXRATE=6/60", 0),
                             low_so_far = ALLOWING("+MAXRATE=2/60", RULES_NEED_HOST),
                             high_so_far = ALLOWING("+MAXRATE=6/60", RULES_NEED_HOST),
                             slow_so_far = ALLOWING("+MAXRATE=6/600", RULES_NEED_HOST),
                             banning_so_far = ALLOWING("+MAXRATE=6/60:9", RULES_NEED_HOST),
                             nothing = ALLOWING("", 0), nothing_so_far = ALLOWING("", RULES_NEED_HOST);
  struct {
    struct rules_verdict const *before, *after;
    unsigned int admitted;
    char const *name;
  } const test[] = {
      {NULL, NULL, 3, "who is judged again is not counted again"},
      {&nothing, &nothing, 3, "... neither under a rule"},
      {&low, &low, 2, "... nor by its rate"},
      {&nothing_so_far, &low, 2, "the rate of the rule that decides later counts besides"},
      {&nothing_so_far, &high, 3, "... and can't admit whom -k has refused"},
      {&low_so_far, &nothing, 3, "the rate of a rule that may not decide refuses nobody"},
      {&high_so_far, &high, 6, "... and admits more than -k"},
      {&high_so_far, &low, 2, "... until another rule decides"},
      {&slow_so_far, &high, 3, "... but not if it is less in the long run"},
      {&banning_so_far, &high, 3, "... or keeps out for longer"},
  };
  for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
    struct pace p = fresh(3, 60);
    unsigned int n = judged_thrice(&p, test[i].before, test[i].after);
    ok(n == test[i].admitted, "%s (%u)", test[i].name, n);
    drop(&p);
  }
}

static void bound(void)
{
  struct pace p = fresh(1, 86400);
  struct connection c = from("2001:db8::1", NULL);
  for (unsigned int n = 0; n < 2 * PACE_ADDRESSES; n++) {
    c.paced = false;
    memcpy(c.remote.octet + 4, &n, sizeof n);
    pace_judge(&p, &c, 0);
  }
  ok(rates_count(&p.by_option) == PACE_ADDRESSES, "no more addresses are remembered than the manual says");
  ok(PACE_ADDRESSES * RATES_ENTRY_SIZE + p.by_option.place.capacity * sizeof(struct hashtable_slot) ==
         (size_t)PACE_ADDRESSES * 80,
     "... 80 octets for each");
  drop(&p);
}

int main(void)
{
  by_option();
  by_rule();
  junk();
  again();
  bound();
  return tap_done();
}
