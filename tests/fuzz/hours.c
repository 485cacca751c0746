/* hours.c - whatever stands in $HOURS: it is taken or refused at a place within it, and what is taken is the same when it
 * is written in full and read again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hours.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  char written[HOURS_SPANS_MAX * sizeof "00:00-00:00,"], *text = malloc(size + 1);
  struct hours h, again;
  size_t position, len = 0;
  char const *expected;

  must(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  expected = hours_parse(&h, text, &position);
  must(position <= strlen(text) && (expected || position == strlen(text)));
  free(text);
  if (expected)
    return 0;
  must(h.count >= 1 && h.count <= HOURS_SPANS_MAX);
  for (size_t i = 0; i < h.count; i++) {
    must(h.span[i].from < 1440 && h.span[i].to <= 1440 && h.span[i].from != h.span[i].to);
    len += (size_t)sprintf(written + len, "%s%02u:%02u-%02u:%02u", i ? "," : "", h.span[i].from / 60,
                           h.span[i].from % 60, h.span[i].to / 60, h.span[i].to % 60);
    must(hours_include(&h, h.span[i].from / 60, h.span[i].from % 60));
  }
  must(!hours_parse(&again, written, &position) && again.count == h.count);
  must(memcmp(again.span, h.span, h.count * sizeof *h.span) == 0);
  return 0;
}
