/* hours.c - hours of the day: what is taken, where what is wrong stands, and every minute against counting them. */
#include "hours.h"

#include <stdlib.h>

#include "tap.h"

enum { DAY = 24 * 60 };

/* A copy of exactly this size, so that a sanitizer sees a read past its end. */
static char const *parse(struct hours *h, char const *text, size_t *position)
{
  char const *expected;
  char *copy = strdup(text);
  if (!copy)
    abort();
  expected = hours_parse(h, copy, position);
  free(copy);
  return expected;
}

struct good {
  char const *text;
  struct hours_span span[3]; /* in minutes; from == to: none */
};

static struct good const goods[] = {
    {"08:00-18:00", {{480, 1080}}},
    {"08:00-18:00,20:00-22:00", {{480, 1080}, {1200, 1320}}},
    {"8:00-9:05", {{480, 545}}},
    {"00:00-24:00", {{0, 1440}}},
    {"0:00-0:01", {{0, 1}}},
    {"23:59-24:00", {{1439, 1440}}},
    {"22:00-06:00", {{1320, 360}}},
    {"12:00-00:00", {{720, 0}}},
    {"23:59-0:00", {{1439, 0}}},
    {"12:01-12:00", {{721, 720}}},
    {"01:00-03:00,02:00-04:00,03:30-03:40", {{60, 180}, {120, 240}, {210, 220}}},
};

/* By counting minutes on from the beginning of each span. */
static bool counted(struct hours_span const span[3], unsigned int now)
{
  for (size_t i = 0; i < 3; i++)
    for (unsigned int m = span[i].from; m != span[i].to && m % DAY != span[i].to; m++)
      if (m % DAY == now)
        return true;
  return false;
}

static void goods_are_taken(void)
{
  for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
    struct hours h;
    size_t position;
    bool right = true;
    char const *expected = parse(&h, goods[i].text, &position);
    ok(!expected && position == strlen(goods[i].text), "%s is taken", goods[i].text);
    for (unsigned int now = 0; now < DAY && !expected; now++) {
      /* 24:00 is counted to, not from. */
      struct hours_span const *s = goods[i].span;
      bool all_day = s[0].from == 0 && s[0].to == DAY;
      right = right && hours_include(&h, now / 60, now % 60) == (all_day || counted(s, now));
    }
    ok(right, "... and includes each minute that it should");
  }
}

struct bad {
  char const *text;
  size_t position;
  char const *expected;
};

static struct bad const bads[] = {
    {"", 0, "an hour"},
    {"x", 0, "an hour"},
    {" 08:00-18:00", 0, "an hour"},
    {"-08:00-18:00", 0, "an hour"},
    {"+8:00-18:00", 0, "an hour"},
    {"8", 1, "a colon"},
    {"08", 2, "a colon"},
    {"008:00-18:00", 2, "a colon"},
    {"0800-1800", 2, "a colon"},
    {"08.00-18.00", 2, "a colon"},
    {"08:", 3, "minutes, 00 to 59"},
    {"08:0", 3, "minutes, 00 to 59"},
    {"08:0-18:00", 3, "minutes, 00 to 59"},
    {"08:60-18:00", 3, "minutes, 00 to 59"},
    {"08:-1-18:00", 3, "minutes, 00 to 59"},
    {"24:00-25:00", 0, "a time up to 23:59"},
    {"99:00-18:00", 0, "a time up to 23:59"},
    {"08:00", 5, "a dash"},
    {"08:000-18:00", 5, "a dash"},
    {"08:00 - 18:00", 5, "a dash"},
    {"08:00,20:00-22:00", 5, "a dash"},
    {"08:00-", 6, "an hour"},
    {"08:00--18:00", 6, "an hour"},
    {"08:00-24:01", 6, "a time up to 24:00"},
    {"08:00-29:00", 6, "a time up to 24:00"},
    {"08:00-08:00", 6, "another time than it began"},
    {"08:00-8:00", 6, "another time than it began"},
    {"00:00-00:00", 6, "another time than it began"},
    {"08:00-18:00,", 12, "an hour"},
    {"08:00-18:00,,20:00-22:00", 12, "an hour"},
    {"08:00-18:00;20:00-22:00", 11, "a comma"},
    {"08:00-18:00 20:00-22:00", 11, "a comma"},
    {"08:00-18:00-20:00", 11, "a comma"},
    {"08:00-18:00,20:00-22:0x", 21, "minutes, 00 to 59"},
    {"08:00-18:00\t", 11, "a comma"},
};

static void bads_are_refused(void)
{
  for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
    struct hours h;
    size_t position;
    char const *expected = parse(&h, bads[i].text, &position);
    ok(expected && position == bads[i].position && strcmp(expected, bads[i].expected) == 0,
       "'%s': expected %s at %zu", bads[i].text, bads[i].expected, bads[i].position);
    if (expected)
      printf("# %s at %zu\n", expected, position);
  }
}

static void many_spans(void)
{
  static char const span[] = "00:00-00:01,";
  enum { LENGTH = sizeof span - 1 };
  char text[(HOURS_SPANS_MAX + 1) * LENGTH];
  struct hours h;
  size_t position;
  for (size_t i = 0; i <= HOURS_SPANS_MAX; i++)
    memcpy(text + i * LENGTH, span, LENGTH);
  text[HOURS_SPANS_MAX * LENGTH - 1] = '\0';
  ok(!parse(&h, text, &position) && h.count == HOURS_SPANS_MAX, "there may be 32 spans");
  text[HOURS_SPANS_MAX * LENGTH - 1] = ',';
  text[sizeof text - 1] = '\0';
  ok(parse(&h, text, &position) && position == HOURS_SPANS_MAX * LENGTH, "and no more");
}

static void every_time(void)
{
  bool right = true;
  for (unsigned int minute = 0; minute < DAY; minute++) {
    char text[32];
    struct hours h;
    size_t position;
    snprintf(text, sizeof text, "%02u:%02u-%02u:%02u", minute / 60, minute % 60, (minute + 1) / 60,
             (minute + 1) % 60);
    right = right && !parse(&h, text, &position) && h.span[0].from == minute && h.span[0].to == minute + 1;
  }
  ok(right, "every minute of the day can be said");
}

int main(void)
{
  goods_are_taken();
  bads_are_refused();
  many_spans();
  every_time();
  return tap_done();
}
