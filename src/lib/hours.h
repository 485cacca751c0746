/* hours.h - hours of the day, as "08:00-18:00,20:00-22:00": when a service is there for a client. They are those of a clock
 * on the wall: whoever asks takes hour and minute from localtime(), so that days of 23 or 25 hours need no thought. */
#ifndef UCSPI_HOURS_H
#define UCSPI_HOURS_H

#include <stdbool.h>
#include <stddef.h>

#define HOURS_SPANS_MAX 32

struct hours_span {
  unsigned int from,
      to; /* minutes of the day: 0-1439, 1-1440. The first belongs to it, the last does not; if `to` is not
                            behind `from` it goes over midnight */
};

struct hours {
  struct hours_span span[HOURS_SPANS_MAX];
  size_t count; /* at least 1 */
};

/* Reads spans separated by commas, all of text; no blanks. A time is one or two digits, a colon, two digits: 0:00 to 23:59,
 * and 24:00 as an end. Both times of a span may not be the same, for nobody could say whether that is never or always (which
 * is 00:00-24:00). Spans may overlap. Null if it is so; else what was expected at *position (octets from the beginning), in
 * a few words, static, and *h is unspecified. */
char const *hours_parse(struct hours *h, char const *text, size_t *position);

/* Whether the time of day, 0-23 and 0-59, is within any of them. */
bool hours_include(struct hours const *h, unsigned int hour, unsigned int minute);

#endif
