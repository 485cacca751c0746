/* pace.c - see pace.h. */
#include "pace.h"

#include "clock.h"
#include "rules.h"

int pace_init(struct pace *p, struct rate const *each, unsigned int bits6)
{
  *p = (struct pace){.each = *each, .bits6 = bits6};
  return each->count == 0 ? 0 : rates_init(&p->by_option, PACE_ADDRESSES, bits6);
}

/* What the rule says, its last word; count 0: nothing. False if it says what is no rate: tcprules would have refused it,
 * so that the file is foreign. */
static bool rate_of_rule(struct rate *r, struct rules_verdict const *verdict)
{
  char const *text;
  size_t offset = 0, position;
  *r = (struct rate){.count = 0};
  while (verdict && (text = rules_next_value(verdict, &offset, "MAXRATE")))
    if (rate_parse(r, text, &position))
      return false;
  return true;
}

/* Admits at least as many at once, and in the long run. */
static bool is_as_generous(struct rate const *r, struct rate const *than)
{
  return r->count >= than->count &&
         (uint64_t)r->count * than->seconds >= (uint64_t)than->count * r->seconds && r->ban_s <= than->ban_s;
}

static enum outcome refuse(struct connection *c, enum refusal refusal)
{
  c->refusal = refusal;
  return DENY;
}

static enum outcome ask(struct rates *t, bool *asked, struct connection *c, struct rate const *r,
                        int64_t now_ms)
{
  if (*asked)
    return PASS;
  *asked = true;
  return rates_take(t, &c->remote, r, now_ms) == RATES_PASS ? PASS : refuse(c, REFUSAL_RATE);
}

static enum outcome judge_by_rule(struct pace *p, struct connection *c, struct rate const *r, int64_t now_ms)
{
  if (!p->by_rule.entry && rates_init(&p->by_rule, PACE_ADDRESSES, p->bits6) == -1) {
    report_shortage(p->report, c, "remember who comes");
    return DENY;
  }
  return ask(&p->by_rule, &c->paced_by_rule, c, r, now_ms);
}

/* Two tables, because one address may be judged by both: by -k as long as the rule that will decide is not known, and then
 * by that rule. In one bucket, the greater rate would forgive what the smaller one has counted. */
enum outcome pace_judge(struct pace *p, struct connection *c, int64_t now_ms)
{
  bool decided = !c->verdict || c->verdict->waits == 0;
  struct rate r;
  bool sound = rate_of_rule(&r, c->verdict);
  if (decided && !sound)
    return refuse(c, REFUSAL_RATE);
  if (decided && r.count != 0)
    return judge_by_rule(p, c, &r, now_ms);
  if (p->each.count == 0)
    return PASS;
  /* The rule may not be the one that will decide: so far it can't refuse whom -k admits. */
  if (!sound || !is_as_generous(&r, &p->each))
    r = p->each;
  return ask(&p->by_option, &c->paced, c, &r, now_ms);
}

enum outcome pace_stage(void *pace, struct connection *c)
{
  struct pace *p = pace;
  return pace_judge(p, c, clock_ms());
}
