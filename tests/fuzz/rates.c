/* rates.c - whatever stands behind -k or in $MAXRATE, it is taken or refused at a place within it; and whoever asks, and
 * whatever the clock does, the table stays within its bound, and nobody is kept out longer than the rate and its ban say.
 * Up to the first NUL the input is text; then come who asks, one octet, and by how much time has moved. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rates.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

enum { BOUND = 5 };

static void must(int condition)
{
  if (!condition)
    abort();
}

static void check_text(char const *text, struct rate *r)
{
  size_t position;
  char const *expected = rate_parse(r, text, &position);
  must(position <= strlen(text) && (expected || position == strlen(text)));
  if (expected)
    *r = (struct rate){.count = 2, .seconds = 3, .ban_s = 4};
  must(r->count >= 1 && r->count <= RATE_COUNT_MAX && r->seconds >= 1 && r->seconds <= RATE_SECONDS_MAX &&
       r->ban_s <= RATE_SECONDS_MAX);
}

/* Back, on, or far away. */
static int64_t moved(int64_t now_ms, uint8_t by)
{
  if (by == 255)
    return INT64_MAX;
  if (by == 254)
    return INT64_MIN;
  return by & 128 ? now_ms / 2 : now_ms / 2 + now_ms / 4 + ((int64_t)1 << (by & 31));
}

static void check_patience(struct rates *t, struct address const *a, struct rate const *r)
{
  /* Whatever has been: who asks now, waits for his ban, and then for one more, passes. */
  int64_t now_ms = 1000000000;
  rates_take(t, a, r, now_ms);
  now_ms += (int64_t)r->ban_s * 1000;
  if (rates_take(t, a, r, now_ms) == RATES_PASS)
    return;
  now_ms += (int64_t)r->ban_s * 1000 + (int64_t)r->seconds * 1000 / r->count + 1;
  must(rates_take(t, a, r, now_ms) == RATES_PASS);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  uint8_t const *end = size ? memchr(data, '\0', size) : NULL;
  size_t length = end ? (size_t)(end - data) : size;
  char *text = malloc(length + 1);
  struct address a = {.family = ADDRESS_IPV4};
  struct rate r;
  struct rates t;
  int64_t now_ms = 0;

  must(text != NULL);
  if (length)
    memcpy(text, data, length);
  text[length] = '\0';
  check_text(text, &r);
  free(text);
  must(rates_init(&t, BOUND, 64) == 0);
  for (size_t i = length + 1; i + 1 < size; i += 2) {
    a.octet[3] = data[i] & 15;
    now_ms = moved(now_ms, data[i + 1]);
    rates_take(&t, &a, &r, now_ms);
    must(rates_count(&t) <= BOUND && t.used <= BOUND);
  }
  check_patience(&t, &a, &r);
  rates_free(&t);
  return 0;
}
