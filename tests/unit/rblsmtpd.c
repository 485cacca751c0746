/* What rblsmtpd makes of addresses, texts and commands. */
#include <stdlib.h>

#include "../../src/rblsmtpd/client.h"
#include "../../src/rblsmtpd/command.h"
#include "../../src/rblsmtpd/steps.h"
#include "../../src/rblsmtpd/text.h"
#include "tap.h"

static void clients(void)
{
  static struct {
    char const *ip, *text, *labels;
  } const cases[] = {
      {"192.0.2.7", "192.0.2.7", "7.2.0.192."},
      {"255.255.255.255", "255.255.255.255", "255.255.255.255."},
      {"::ffff:192.0.2.7", "192.0.2.7", "7.2.0.192."},
      {"::FFFF:c000:0207", "192.0.2.7", "7.2.0.192."},
      {"::1", "::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."},
      {"2001:DB8:0:0:0:0:1.2.3.4", "2001:db8::102:304",
       "4.0.3.0.2.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."},
      {"", "", NULL},
      {NULL, "", NULL},
      {"192.0.2", "192.0.2", NULL},
      {"192.0.2.7 ", "192.0.2.7 ", NULL},
      {"a\nb\r\x80", "a?b??", NULL},
      {"1.2.3.4.list.test", "1.2.3.4.list.test", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct client c;
    client_from_text(&c, cases[i].ip);
    ok(c.is_known == (cases[i].labels != NULL), "case %zu is %sknown", i, c.is_known ? "" : "un");
    is_string(c.text.octet, cases[i].text, "... its text");
    if (c.is_known)
      is_string(c.labels, cases[i].labels, "... its labels");
  }
}

static void texts(void)
{
  struct text t = {.len = 0};
  char all[256];
  bool is_clean = true;
  size_t kept = 0;
  text_add(&t, "a\0b\r\n\t \x7f\xff~", 10);
  is_string(t.octet, "a?b??? ??~", "each octet that is not printable is a question mark");
  for (int i = 0; i < 256; i++)
    all[i] = (char)i;
  t.len = 0;
  for (size_t start = 0; start < sizeof all; start += 64) {
    t.len = 0;
    text_add(&t, all + start, 64);
    for (size_t i = 0; i < t.len; i++) {
      is_clean = is_clean && t.octet[i] >= 32 && t.octet[i] <= 126;
      kept += t.octet[i] == all[start + i];
    }
  }
  ok(is_clean && kept == 95, "95 octets of 256 stay");
  t.len = 0;
  for (int i = 0; i < 50; i++)
    text_add_string(&t, "1234567");
  ok(t.len == TEXT_MAX && strlen(t.octet) == TEXT_MAX, "a text ends after 200 octets");
}

static void patterns(void)
{
  static struct {
    char const *pattern, *text;
  } const cases[] = {
      {"no hole", "no hole"}, {"%IP%", "I"},     {"a%IP%b%IP%", "aIbI"},
      {"%IP%IP%", "IIP%"},    {"%%IP%%", "%I%"}, {"%ip% %IP %", "%ip% %IP %"},
      {"\r\n%IP%", "??I"},    {"%", "%"},        {"", ""},
  };
  struct text t = {.len = 0};
  char pattern[TEXT_MAX + 8];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    t.len = 0;
    t.octet[0] = '\0';
    text_add_pattern(&t, cases[i].pattern, "I");
    is_string(t.octet, cases[i].text,
              cases[i].pattern[0] == '\r' ? "a pattern with CR LF" : cases[i].pattern);
  }
  memset(pattern, 'x', sizeof pattern);
  memcpy(pattern + TEXT_MAX - 2, "%IP%", 5);
  t.len = 0;
  text_add_pattern(&t, pattern, "2001:db8::1");
  ok(t.len == TEXT_MAX && strcmp(t.octet + TEXT_MAX - 3, "x20") == 0,
     "an address is cut off where the room ends");
}

/* The commands that the octets are, a letter each, and whether the last line has ended. */
static char const *commands_in(char const *octets, size_t len)
{
  static char letters[64];
  struct command_reader r = COMMAND_READER_ZERO;
  enum command command;
  size_t count = 0;
  for (size_t i = 0; i < len && count < sizeof letters - 1; i++)
    if (command_read(&r, octets[i], &command))
      letters[count++] = "OHQ"[command];
  letters[count] = '\0';
  return letters;
}

static void commands(void)
{
#define COMMANDS(octets, letters, name) is_string(commands_in(octets, sizeof(octets) - 1), letters, name)
  COMMANDS("HELO\r\nEHLO\r\nMAIL\r\nRSET\r\nNOOP\r\nQUIT\r\n", "HHHHHQ", "those that are known");
  COMMANDS("helo\neHLO x\nmail FROM:<>\nrSeT \nquit \r\r\n", "HHHHQ",
           "in any case, with or without arguments");
  COMMANDS("QUIT", "", "a line that has not ended is none");
  COMMANDS("\n\r\n\r\r\n \n", "OOOO", "empty lines are others");
  COMMANDS("QUIT\r\r\nQUITE\nQUI\n QUIT\nQUIT\t\n", "OOOOO", "near misses are others");
  COMMANDS("QUIT\0\nQU\0IT\n\0QUIT\n", "OOO", "NUL is an octet like others");
  COMMANDS("QUITXXXX QUIT\nNOOPNO\nNOOPN\r\nNOOP\rN\n", "OOOO", "longer words are others");
#undef COMMANDS
}

int main(void)
{
  clients();
  texts();
  patterns();
  commands();
  return tap_done();
}
