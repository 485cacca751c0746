/* span.c - lines and words of a text, in place. */
#include "span.h"

#include <string.h>

#include "tap.h"

static void lines_end_at_lf(void)
{
  static char const text[] = "one \r\n\nlast";
  char const *at = text, *end = text + strlen(text);
  struct span line = span_take_line(&at, end);
  ok(line.at == text && line.len == 5, "a line keeps its blanks and CR, but not its LF");
  line = span_take_line(&at, end);
  ok(line.len == 0 && at < end, "an empty line is one");
  line = span_take_line(&at, end);
  ok(line.len == 4 && memcmp(line.at, "last", 4) == 0 && at == end, "the last one may lack its LF");
}

static void words_end_at_blanks(void)
{
  static char const text[] = " \t\r\none\ttwo\0two  x";
  char const *at = text, *end = text + sizeof text - 2;
  struct span word = span_take_word(&at, end);
  ok(word.len == 3 && memcmp(word.at, "one", 3) == 0,
     "a word begins behind blanks of all kinds and ends at one");
  word = span_take_word(&at, end);
  ok(word.len == 7 && memcmp(word.at, "two\0two", 7) == 0, "a NUL is no blank");
  word = span_take_word(&at, end);
  ok(word.len == 0 && at == end, "there is none beyond the end");
}

static void copies_have_room_or_are_none(void)
{
  char out[4] = "old";
  ok(!span_copy(out, sizeof out, (struct span){"1234", 4}) && strcmp(out, "old") == 0,
     "what lacks room for its NUL is not copied");
  ok(!span_copy(out, sizeof out, (struct span){"a\0b", 3}) && strcmp(out, "old") == 0,
     "nor is what has a NUL");
  ok(span_copy(out, sizeof out, (struct span){"1234", 3}) && strcmp(out, "123") == 0, "a copy ends in NUL");
}

int main(void)
{
  lines_end_at_lf();
  words_end_at_blanks();
  copies_have_room_or_are_none();
  return tap_done();
}
