/* hours.c - see hours.h. */
#include "hours.h"

enum { MINUTES_PER_HOUR = 60, MINUTES_PER_DAY = 24 * 60 };

static bool is_digit(char octet)
{
  return octet >= '0' && octet <= '9';
}

/* Null, or what is wrong at *at: the beginning of the time, or the first octet that can't be part of one. */
static char const *take_time(unsigned int *minutes, char const **at, unsigned int latest)
{
  char const *octet = *at;
  unsigned int hour = 0;
  if (!is_digit(*octet))
    return "an hour";
  for (int digits = 0; digits < 2 && is_digit(*octet); digits++)
    hour = hour * 10 + (unsigned int)(*octet++ - '0');
  if (*octet != ':') {
    *at = octet;
    return "a colon";
  }
  if (!is_digit(octet[1]) || !is_digit(octet[2]) || octet[1] > '5') {
    *at = octet + 1;
    return "minutes, 00 to 59";
  }
  *minutes = hour * MINUTES_PER_HOUR + (unsigned int)(octet[1] - '0') * 10 + (unsigned int)(octet[2] - '0');
  if (*minutes > latest)
    return latest == MINUTES_PER_DAY ? "a time up to 24:00" : "a time up to 23:59";
  *at = octet + 3;
  return NULL;
}

static char const *take_span(struct hours_span *span, char const **at)
{
  char const *expected = take_time(&span->from, at, MINUTES_PER_DAY - 1), *to;
  if (expected)
    return expected;
  if (**at != '-')
    return "a dash";
  to = ++*at;
  expected = take_time(&span->to, at, MINUTES_PER_DAY);
  if (expected)
    return expected;
  if (span->from != span->to % MINUTES_PER_DAY || span->to == MINUTES_PER_DAY)
    return NULL;
  *at = to;
  return "another time than it began";
}

static char const *parse(struct hours *h, char const **at)
{
  for (h->count = 0; h->count < HOURS_SPANS_MAX;) {
    char const *expected = take_span(&h->span[h->count], at);
    if (expected)
      return expected;
    h->count++;
    if (**at == '\0')
      return NULL;
    if (**at != ',')
      return "a comma";
    (*at)++;
  }
  return "no more than 32 spans";
}

char const *hours_parse(struct hours *h, char const *text, size_t *position)
{
  char const *at = text;
  char const *expected = parse(h, &at);
  *position = (size_t)(at - text);
  return expected;
}

bool hours_include(struct hours const *h, unsigned int hour, unsigned int minute)
{
  unsigned int now = hour * MINUTES_PER_HOUR + minute;
  for (size_t i = 0; i < h->count; i++) {
    struct hours_span const *s = &h->span[i];
    if (s->from < s->to ? now >= s->from && now < s->to : now >= s->from || now < s->to)
      return true;
  }
  return false;
}
