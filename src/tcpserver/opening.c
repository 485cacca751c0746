/* opening.c - see opening.h. */
#include "opening.h"

#include "hours.h"
#include "rules.h"

#define SECONDS_PER_MINUTE 60

/* localtime_r() takes longer than all the rest, and says something else only in another minute: the next one, or where
 * somebody has set the clock to. */
static bool find_time_of_day(struct opening *o, time_t now)
{
  struct tm local;
  if (o->known && o->minute == now / SECONDS_PER_MINUTE)
    return true;
  o->known = localtime_r(&now, &local) != NULL;
  if (!o->known)
    return false;
  o->minute = now / SECONDS_PER_MINUTE;
  o->hour = (unsigned int)local.tm_hour;
  o->minute_of_hour = (unsigned int)local.tm_min;
  return true;
}

/* Hours that are none admit nobody: tcprules would have refused them, so that the file is foreign. */
static bool is_open(struct opening *o, char const *text, time_t now)
{
  struct hours h;
  size_t position;
  return !hours_parse(&h, text, &position) && find_time_of_day(o, now) &&
         hours_include(&h, o->hour, o->minute_of_hour);
}

enum outcome opening_judge(struct opening *o, struct connection *c, time_t now)
{
  char const *text;
  size_t offset = 0;
  /* As long as names may change the verdict the rule may not be the one that will decide. */
  if (!c->verdict || c->verdict->waits != 0)
    return PASS;
  while ((text = rules_next_value(c->verdict, &offset, "HOURS"))) {
    if (is_open(o, text, now))
      continue;
    c->refusal = REFUSAL_TIME;
    return DENY;
  }
  return PASS;
}

enum outcome opening_stage(void *opening, struct connection *c)
{
  return opening_judge(opening, c, time(NULL));
}

void opening_reload(struct opening *o)
{
  tzset();
  o->known = false;
}
