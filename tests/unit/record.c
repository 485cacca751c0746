/* record.c - the lines that recordio shows for a packet, against the plainest code that says what they are. */
#include "../../src/filters/record.h"

#include <stdlib.h>

#include "tap.h"

enum { PACKET_MAX = 1500, TEXT_MAX = PACKET_MAX * 32, ROUNDS = 3000 };

/* Octet by octet: a line ends at each LF, at each 256th octet, and at the end. */
static size_t plain(char *to, char const *prefix, char const *packet, size_t len)
{
  size_t n = 0;
  bool begun = false;
  for (size_t i = 0; i < len; i++) {
    bool last = i + 1 == len || (i + 1) % 256 == 0;
    if (!begun)
      for (char const *p = prefix; *p; p++)
        to[n++] = *p;
    begun = packet[i] != '\n' && !last;
    if (packet[i] == '\n')
      to[n++] = ' ';
    else
      to[n++] = packet[i];
    if (packet[i] != '\n' && last)
      to[n++] = '+';
    if (!begun)
      to[n++] = '\n';
  }
  return n;
}

static size_t shown(char *to, struct record const *r, char const *packet, size_t len)
{
  size_t n = 0, at = 0;
  while (at < len) {
    char line[RECORD_LINE_MAX];
    size_t line_len = record_line(r, line, packet, len, &at);
    memcpy(to + n, line, line_len);
    n += line_len;
  }
  return n;
}

static void shows(char const *packet, size_t len, char const *expected, char const *name)
{
  static char got[TEXT_MAX];
  struct record r;
  record_init(&r, 4294967295U, '<');
  ok(shown(got, &r, packet, len) == strlen(expected) && memcmp(got, expected, strlen(expected)) == 0, "%s",
     name);
}

static size_t wrong_of_random(unsigned int newlines)
{
  static char got[TEXT_MAX], expected[TEXT_MAX];
  size_t wrong = 0;
  struct record r;
  record_init(&r, 7, '>');
  for (int round = 0; round < ROUNDS; round++) {
    size_t len = (size_t)rand() % PACKET_MAX, n;
    char *packet = malloc(len + 1);
    if (!packet)
      abort();
    for (size_t i = 0; i < len; i++)
      packet[i] = (char)((unsigned int)rand() % newlines == 0 ? '\n' : rand() % 256);
    n = shown(got, &r, packet, len);
    wrong += n != plain(expected, "7 > ", packet, len) || memcmp(got, expected, n) != 0;
    free(packet);
  }
  return wrong;
}

int main(void)
{
  char line[RECORD_LINE_MAX], block[RECORD_BLOCK_SIZE + 1];
  struct record r;
  size_t at = 0;
  srand(1);
  shows("a\n", 2, "4294967295 < a \n", "a blank stands for the LF");
  shows("a\nb", 3, "4294967295 < a \n4294967295 < b+\n", "a line that is not complete ends with +");
  shows("\n\n", 2, "4294967295 <  \n4294967295 <  \n", "empty lines are lines");
  shows("a\r\n", 3, "4294967295 < a\r \n", "a CR is shown as it is");
  ok(wrong_of_random(2) == 0, "many short lines are shown as plain code shows them");
  ok(wrong_of_random(50) == 0, "and longer ones");
  ok(wrong_of_random(1000) == 0, "and those of several blocks");

  memset(block, 'x', sizeof block);
  record_init(&r, 4294967295U, '<');
  ok(record_line(&r, line, block, sizeof block, &at) <= RECORD_LINE_MAX && at == RECORD_BLOCK_SIZE,
     "the longest line has room");
  at = record_end(&r, line);
  line[at] = '\0';
  is_string(line, "4294967295 < [EOF]\n", "the end has a line");
  record_init(&r, 0, '>');
  at = record_end(&r, line);
  line[at] = '\0';
  is_string(line, "0 > [EOF]\n", "a number may be 0");
  return tap_done();
}
