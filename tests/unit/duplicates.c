/* Keys that come more than once: found whatever their hashes do, told in the order of lines. */
#include <stdlib.h>

#include "../../src/tcprules/duplicates.h"
#include "tap.h"

/* The keys noted so far, by their "position". */
static char const *noted[2000];
static size_t questions;
static char report[4000];

static bool same_text(void *context, uint32_t one, uint32_t other)
{
  (void)context;
  questions++;
  return strcmp(noted[one], noted[other]) == 0;
}

static void write_report(void *context, struct noted_key const *key, uint32_t first_line)
{
  size_t len = strlen(report);
  (void)context;
  snprintf(report + len, sizeof report - len, "%s %u=%u ", noted[key->position], key->line, first_line);
}

static char const *duplicates_among(char const *const *keys, size_t count)
{
  struct duplicates d = DUPLICATES_ZERO;
  questions = 0;
  report[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    noted[i] = keys[i];
    if (duplicates_note(&d, keys[i], strlen(keys[i]), (uint32_t)i, (uint32_t)i + 1) == -1)
      abort();
  }
  if (duplicates_report(&d, same_text, write_report, NULL) == -1)
    abort();
  duplicates_free(&d);
  return report;
}

/* Notes one key under several names, so that all hashes are equal and only `same_text` can tell them apart. */
static char const *with_equal_hashes(char const *const *names, size_t count)
{
  struct duplicates d = DUPLICATES_ZERO;
  questions = 0;
  report[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    noted[i] = names[i];
    if (duplicates_note(&d, "x", 1, (uint32_t)i, (uint32_t)i + 1) == -1)
      abort();
  }
  if (duplicates_report(&d, same_text, write_report, NULL) == -1)
    abort();
  duplicates_free(&d);
  return report;
}

int main(void)
{
  static char const *const few[] = {"10.", "", "11.", "10.", "=a", "", "10.", "10.."};
  static char const *const equal[] = {"a", "b", "a", "c", "b", "a"};
  static char text[2000][8];
  static char const *many[2000];

  is_string(duplicates_among(few, 0), "", "nothing noted, nothing found");
  is_string(duplicates_among(few, 3), "", "keys that differ are no duplicates");
  ok(questions == 0, "and are not compared");
  is_string(duplicates_among(few, 8), "10. 4=1  6=2 10. 7=1 ",
            "each further one is told with the first one's line");
  is_string(with_equal_hashes(equal, 6), "a 3=1 b 5=2 a 6=1 ", "keys with equal hashes are told apart");

  for (size_t i = 0; i < 2000; i++) {
    snprintf(text[i], sizeof text[i], "%zu", i % 1999);
    many[i] = text[i];
  }
  is_string(duplicates_among(many, 2000), "0 2000=1 ", "one among two thousand is found");
  for (size_t i = 0; i < 2000; i++)
    many[i] = "10.";
  duplicates_among(many, 2000);
  ok(questions == 1999, "as many questions as keys, if all are the same");
  return tap_done();
}
