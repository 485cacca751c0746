/* Decimal numbers: printed without fail, parsed only when whole and in range. */
#include "decimal.h"
#include "tap.h"

static void printing(void)
{
  static struct {
    uint64_t value;
    char const *text;
  } const example[] = {{0, "0"},
                       {9, "9"},
                       {10, "10"},
                       {65535, "65535"},
                       {4294967296, "4294967296"},
                       {UINT64_MAX, "18446744073709551615"}};
  for (size_t i = 0; i < sizeof example / sizeof *example; i++) {
    char out[DECIMAL_SIZE];
    size_t len = decimal_print(out, example[i].value);
    is_string(out, example[i].text, "a number is printed");
    ok(len == strlen(example[i].text), "and its length is told");
  }
}

static bool parses(char const *text, unsigned int min, unsigned int max, unsigned int expected)
{
  unsigned int value = 77;
  return decimal_parse(&value, text, min, max) && value == expected;
}

static bool refuses(char const *text, unsigned int min, unsigned int max)
{
  unsigned int value = 77;
  return !decimal_parse(&value, text, min, max) && value == 77;
}

int main(void)
{
  static char const *const nonsense[] = {
      "",   "-1", "+1", " 1", "1 ",         "1a",         "a",
      "0x", "1.", "1,", "\n", "4294967296", "4294967306", "99999999999999999999"};
  printing();
  ok(parses("0", 0, 10, 0) && parses("10", 0, 10, 10), "both ends of the range are inside");
  ok(parses("007", 0, 10, 7), "leading zeros do not matter");
  ok(parses("4294967295", 0, (unsigned int)-1, 4294967295U), "the largest number is read");
  ok(refuses("11", 0, 10) && refuses("0", 1, 10), "what lies outside is refused");
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
    ok(refuses(nonsense[i], 0, (unsigned int)-1),
       "nonsense number %zu is refused, and the value is not touched", i);
  return tap_done();
}
