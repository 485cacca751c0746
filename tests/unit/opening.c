/* opening.c - the hours of a rule against the clock on the wall, in some time zones, and when somebody sets it. */
#include "../../src/tcpserver/opening.h"

#include "arriving.h"
#include "tap.h"

/* 2026-03-29 00:00 UTC, the day on which summer begins in Europe, at 01:00 UTC. */
#define SUNDAY 1774742400

#define HOUR   3600
#define MINUTE 60

static bool open_at(struct opening *o, struct rules_verdict const *v, time_t now)
{
  struct connection c = from("192.0.2.1", v);
  return opening_judge(o, &c, now) == PASS;
}

static void in_zone(char const *zone)
{
  setenv("TZ", zone, 1);
  tzset();
}

static void hours(void)
{
  struct rules_verdict const day = ALLOWING("+HOURS=08:00-18:00,20:00-22:00", 0),
                             night = ALLOWING("+HOURS=22:00-06:00", 0),
                             both = ALLOWING("+HOURS=08:00-18:00\0+HOURS=12:00-20:00", 0),
                             none = ALLOWING("+HOURS2=00:00-00:01\0-HOURS", 0);
  struct opening o = {.known = false};
  struct connection c = from("192.0.2.1", &day);
  in_zone("UTC0");
  ok(!open_at(&o, &day, SUNDAY + 8 * HOUR - 1), "a second too early");
  ok(open_at(&o, &day, SUNDAY + 8 * HOUR), "the first minute");
  ok(open_at(&o, &day, SUNDAY + 18 * HOUR - 1), "the last one");
  ok(!open_at(&o, &day, SUNDAY + 18 * HOUR), "too late");
  ok(open_at(&o, &day, SUNDAY + 21 * HOUR), "the evening");
  ok(open_at(&o, &night, SUNDAY + 5 * HOUR) && open_at(&o, &night, SUNDAY + 23 * HOUR) &&
         !open_at(&o, &night, SUNDAY + 6 * HOUR),
     "over midnight");
  ok(open_at(&o, &both, SUNDAY + 13 * HOUR) && !open_at(&o, &both, SUNDAY + 9 * HOUR) &&
         !open_at(&o, &both, SUNDAY + 19 * HOUR),
     "what is said twice must be so twice");
  ok(open_at(&o, &none, SUNDAY) && open_at(&o, NULL, SUNDAY), "who says nothing is always open");
  ok(opening_judge(&o, &c, SUNDAY) == DENY && c.refusal == REFUSAL_TIME, "the reason is the time");
}

static void junk(void)
{
  struct rules_verdict const words = ALLOWING("+HOURS=always", 0), empty = ALLOWING("+HOURS=", 0),
                             behind = ALLOWING("+HOURS=00:00-24:00\0+HOURS=00:00-24:00x", 0),
                             so_far = ALLOWING("+HOURS=always", RULES_NEED_HOST);
  struct opening o = {.known = false};
  ok(!open_at(&o, &words, SUNDAY) && !open_at(&o, &empty, SUNDAY) && !open_at(&o, &behind, SUNDAY),
     "junk admits nobody");
  ok(open_at(&o, &so_far, SUNDAY), "... unless the rule may not be the one that decides");
}

static void clocks(void)
{
  struct rules_verdict const day = ALLOWING("+HOURS=08:00-18:00", 0), two = ALLOWING("+HOURS=02:00-03:00", 0);
  struct opening o = {.known = false};
  bool some = false;
  in_zone("EST5");
  ok(open_at(&o, &day, SUNDAY + 13 * HOUR) && !open_at(&o, &day, SUNDAY + 8 * HOUR),
     "it is local time that counts");
  in_zone("IST-5:30");
  opening_reload(&o);
  ok(!open_at(&o, &day, SUNDAY + 2 * HOUR + 29 * MINUTE) &&
         open_at(&o, &day, SUNDAY + 2 * HOUR + 30 * MINUTE),
     "... also where it is not whole hours away");
  in_zone("UTC0");
  ok(open_at(&o, &day, SUNDAY + 2 * HOUR + 30 * MINUTE + 59),
     "a time of day that is known is not asked for again");
  ok(!open_at(&o, &day, SUNDAY + 2 * HOUR + 31 * MINUTE), "... for a minute");
  opening_reload(&o);
  ok(open_at(&o, &day, SUNDAY + 12 * HOUR), "a clock that is set on counts at once");
  ok(!open_at(&o, &day, SUNDAY - 6 * HOUR), "... and one that is set back");
  ok(!open_at(&o, &day, 30) && !open_at(&o, &day, -30) && open_at(&o, &day, -12 * HOUR),
     "... as far as it likes");
  if (sizeof(time_t) > 4)
    ok(!open_at(&o, &day, (time_t)INT64_MAX), "at a time that has no name it is closed");
  in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
  opening_reload(&o);
  for (int m = 0; m < 60; m++)
    some = some || open_at(&o, &two, SUNDAY + 1 * HOUR + m * MINUTE);
  ok(!some, "an hour that a day does not have just is not");
  ok(open_at(&o, &two, SUNDAY + 24 * HOUR), "... and is on the next one, in summer");
}

int main(void)
{
  hours();
  junk();
  clocks();
  return tap_done();
}
