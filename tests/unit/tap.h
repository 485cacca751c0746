/* tap.h - what a unit test needs to speak TAP (the protocol that prove reads). */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failures;

#define ok(condition, ...)                                                                                   \
  do {                                                                                                       \
    bool tap_passed = (condition);                                                                           \
    printf("%sok %d - ", tap_passed ? "" : "not ", ++tap_count);                                             \
    printf(__VA_ARGS__);                                                                                     \
    printf("\n");                                                                                            \
    if (!tap_passed) {                                                                                       \
      tap_failures++;                                                                                        \
      printf("# failed at %s:%d: %s\n", __FILE__, __LINE__, #condition);                                     \
    }                                                                                                        \
    fflush(stdout);                                                                                          \
  } while (0)

#define is_string(got, expected, name)                                                                       \
  do {                                                                                                       \
    char const *tap_got = (got), *tap_expected = (expected);                                                 \
    ok(strcmp(tap_got, tap_expected) == 0, "%s", name);                                                      \
    if (strcmp(tap_got, tap_expected) != 0)                                                                  \
      printf("#      got: '%s'\n# expected: '%s'\n", tap_got, tap_expected);                                 \
  } while (0)

/* The last line of main: prints the plan, returns the exit status. */
static inline int tap_done(void)
{
  printf("1..%d\n", tap_count);
  return tap_failures != 0;
}

#endif
