/* Unit tests for starttls: what servers say before TLS, in any pieces, and what they must not say. */
#include "../../src/tlsconnect/starttls.h"

#include <string.h>

#include "tap.h"

static struct starttls s;

static enum starttls_result take(char const *text)
{
  return starttls_take(&s, text, strlen(text));
}

/* One octet at a time: the last result, and all before it are MORE. */
static enum starttls_result dribble(char const *text)
{
  enum starttls_result result = STARTTLS_MORE;
  for (; *text; text++) {
    if (result != STARTTLS_MORE)
      return STARTTLS_FAILED;
    result = starttls_take(&s, text, 1);
  }
  return result;
}

static void begin(char const *protocol)
{
  starttls_begin(&s, starttls_protocol_named(protocol), "[127.0.0.1]");
}

static void test_smtp(void)
{
  begin("smtp");
  ok(dribble("220-hello\r\n220-there\r\n220 ready\r\n") == STARTTLS_SEND, "a greeting of several lines");
  is_string(s.command, "EHLO [127.0.0.1]\r\n", "... is answered by EHLO");
  ok(dribble("250-mx\r\n250-PIPELINING\r\n250-starttls\r\n250 SIZE 9\r\n") == STARTTLS_SEND,
     "STARTTLS is offered");
  is_string(s.command, "STARTTLS\r\n", "... and asked for");
  ok(dribble("220 go ahead\r\n") == STARTTLS_GO, "the go-ahead");

  begin("smtp");
  ok(take("220\n") == STARTTLS_SEND && take("250 STARTTLS\n") == STARTTLS_SEND &&
         take("220\n") == STARTTLS_GO,
     "codes alone, and LF alone, will do");

  begin("smtp");
  take("220 x\r\n");
  ok(take("250-mx\r\n250 STARTTLSX\r\n") == STARTTLS_FAILED, "who does not offer STARTTLS is not asked");
  is_string(s.reason, "the server does not offer STARTTLS", "... and that is said");

  begin("smtp");
  ok(take("554 go away\x1b[2J\r\n") == STARTTLS_FAILED, "a refusal at once");
  is_string(s.reason, "the server says 554 go away?[2J", "... is shown, made harmless");

  begin("smtp");
  take("220 x\r\n");
  take("250 STARTTLS\r\n");
  ok(take("454 TLS not available\r\n") == STARTTLS_FAILED, "a refusal of TLS");
  is_string(s.reason, "the server says 454 TLS not available", "... is shown");

  begin("smtp");
  ok(take("220 x\r\n250 STARTTLS\r\n") == STARTTLS_FAILED, "an answer before its question is none");
  begin("smtp");
  ok(take("220 x\r\n2") == STARTTLS_FAILED, "... nor the beginning of one");
  begin("smtp");
  ok(take("hello\r\n") == STARTTLS_FAILED, "no code, no greeting");
  begin("smtp");
  ok(take("2200 x\r\n") == STARTTLS_FAILED, "... nor one of four digits");
  begin("smtp");
  ok(take("\r\n") == STARTTLS_FAILED, "... nor nothing");
  is_string(s.reason, "the server says nothing", "... which is said");
}

static void test_injection(void)
{
  static char const *const extra[] = {"220 go\r\n250 x\r\n", "220 go\r\nx", "220 go\r\n\n", "220 go\r\n\x16"};
  for (size_t i = 0; i < sizeof extra / sizeof extra[0]; i++) {
    begin("smtp");
    take("220 x\r\n");
    take("250 STARTTLS\r\n");
    ok(take(extra[i]) == STARTTLS_FAILED, "what comes with the go-ahead ends it (%zu)", i);
    is_string(s.reason, "the server has sent more than the go-ahead, unencrypted", "... and that is said");
  }
  begin("pop3");
  take("+OK\r\n");
  ok(take("+OK go\r\n+OK 1 message\r\n") == STARTTLS_FAILED, "so with POP3");
  begin("imap");
  take("* OK\r\n");
  ok(take("a OK go\r\n* 1 EXISTS\r\n") == STARTTLS_FAILED, "... and IMAP");
  begin("smtp");
  ok(starttls_take(&s, "220 \0x\r\n", 8) == STARTTLS_FAILED, "a NUL is never right");
}

static void test_others(void)
{
  begin("pop3");
  ok(dribble("+OK ready\r\n") == STARTTLS_SEND, "POP3's greeting");
  is_string(s.command, "STLS\r\n", "... is answered by STLS");
  ok(dribble("+OK\r\n") == STARTTLS_GO, "... and that by the go-ahead");
  begin("pop3");
  ok(take("-ERR busy\r\n") == STARTTLS_FAILED, "... or not");
  begin("pop3");
  ok(take("+OKAY\r\n") == STARTTLS_FAILED, "+OK is a word");

  begin("imap");
  ok(dribble("* OK [CAPABILITY STARTTLS] ready\r\n") == STARTTLS_SEND, "IMAP's greeting");
  is_string(s.command, "a STARTTLS\r\n", "... is answered by STARTTLS");
  ok(dribble("* CAPABILITY IMAP4rev1\r\n") == STARTTLS_MORE, "untagged lines may come");
  ok(dribble("a OK begin\r\n") == STARTTLS_GO, "... then the go-ahead");
  begin("imap");
  ok(take("* OK\r\n* CAPABILITY x\r\n") == STARTTLS_SEND, "untagged lines may come with the greeting");
  begin("imap");
  ok(take("* OK\r\na OK\r\n") == STARTTLS_FAILED, "... but not the go-ahead");
  begin("imap");
  ok(take("* PREAUTH welcome\r\n") == STARTTLS_FAILED, "who is logged in already can't have TLS");
  begin("imap");
  take("* OK\r\n");
  ok(take("a BAD what\r\n") == STARTTLS_FAILED, "a refusal");
  begin("imap");
  take("* OK\r\n");
  ok(take("* BYE\r\n") == STARTTLS_FAILED, "... or good-bye");
  ok(starttls_protocol_named("ftp") == STARTTLS_NONE, "others are unknown");
}

static void test_bounds(void)
{
  enum starttls_result result = STARTTLS_MORE;
  size_t n = 0;
  begin("smtp");
  while (result == STARTTLS_MORE && n < 100000)
    result = starttls_take(&s, "2", 1), n++;
  ok(result == STARTTLS_FAILED && n == STARTTLS_LINE_MAX, "a line has an end");
  begin("smtp");
  result = STARTTLS_MORE;
  for (n = 0; result == STARTTLS_MORE && n < 100000; n++)
    result = take("220-x\r\n");
  ok(result == STARTTLS_FAILED && n == STARTTLS_LINES_MAX + 1, "... and so have lines");
}

int main(void)
{
  test_smtp();
  test_injection();
  test_others();
  test_bounds();
  return tap_done();
}
