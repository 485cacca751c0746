/* ident.c - what a reply of the Identification Protocol is worth, whoever made it up. Every example is about
 * port 6193 there and port 23 here. */
#include "ident.h"

#include <stdlib.h>

#include "tap.h"

#define THEIRS 6193
#define OURS   23

struct example {
  char const *octets;
  size_t count;
  char const *user; /* null: nobody */
  char const *says;
};

#define OCTETS(text) (text), sizeof(text) - 1
static struct example const examples[] = {
    {OCTETS("6193, 23 : USERID : UNIX : stjohns\r\n"), "stjohns", "the example of the RFC"},
    {OCTETS("6193,23:USERID:UNIX:stjohns\r\n"), "stjohns", "no blanks at all"},
    {OCTETS("6193,23:USERID:UNIX:stjohns\n"), "stjohns", "a bare LF ends a line"},
    {OCTETS(" \t6193\t,\t 23 \t:\t USERID \t: UNIX \t:stjohns\r\n"), "stjohns", "blanks around every token"},
    {OCTETS("6193,23:USERID:UNIX:  st johns \t\r\n"), "stjohns", "blanks in the user id are dropped"},
    {OCTETS("6193, 23 : USERID : OTHER :6FF9\r\n"), "6FF9", "another operating system"},
    {OCTETS("6193, 23 : USERID : UNIX , US-ASCII : stjohns\r\n"), "stjohns", "a charset with blanks"},
    {OCTETS("6193,23:USERID:UNIX,US-ASCII:stjohns\r\n"), "stjohns", "a charset without blanks"},
    {OCTETS("6193,23:USERID::x\r\n"), "x", "an empty operating system, which nobody needs"},
    {OCTETS("6193,23:userid:unix:x\r\n"), "x", "small letters"},
    {OCTETS("06193,00023:USERID:UNIX:x\r\n"), "x", "leading zeros within five digits"},
    {OCTETS("6193,23:USERID:UNIX:a:b::c:\r\n"), "a:b::c:", "colons belong to the user id"},
    {OCTETS("6193,23:USERID:UNIX:x\r\n6193,23:ERROR:NO-USER\r\n"), "x", "the first line counts"},
    {OCTETS("6193,23:USERID:UNIX:x\nand so on"), "x", "what follows the line is not looked at"},
    {OCTETS("6193,23:USERID:UNIX:a\rb\r\n"), "ab", "CR inside a user id is dropped"},
    {OCTETS("6193,23:USERID:UNIX:x\r\r\n"), "x", "two CRs before the LF"},
    {OCTETS("6193,23:USERID:UNIX:a\0b\0\r\n"), "ab", "NULs in the user id are dropped"},
    {OCTETS("6193,23:USERID:UN\0IX:x\r\n"), "x", "a NUL in the operating system does not end anything"},
    {OCTETS("6193,23:USERID:UNIX:\x1b[2J\x07root\r\n"), "[2Jroot", "escape sequences lose their ESC"},
    {OCTETS("6193,23:USERID:UNIX:() { :;}; id\r\n"), "(){:;};id", "a shell function keeps no blanks"},
    {OCTETS("6193,23:USERID:UNIX:m\xc3\xbcller\x7f\r\n"), "mller", "octets beyond ASCII and DEL are dropped"},
    {OCTETS("6193,23:USERID:UNIX:!~\r\n"), "!~", "the first and the last that are kept"},
    {OCTETS("6193,23:USERID:UNIX:%s%n=\"`id`\"\r\n"), "%s%n=\"`id`\"",
     "all printable ASCII is kept as it is"},

    {OCTETS("23, 6193 : USERID : UNIX : stjohns\r\n"), NULL, "the ports the wrong way round"},
    {OCTETS("6194, 23 : USERID : UNIX : stjohns\r\n"), NULL, "another port there"},
    {OCTETS("6193, 24 : USERID : UNIX : stjohns\r\n"), NULL, "another port here"},
    {OCTETS("61930, 23 : USERID : UNIX : x\r\n"), NULL, "a digit too many"},
    {OCTETS("619, 23 : USERID : UNIX : x\r\n"), NULL, "a digit too few"},
    {OCTETS("71729, 23 : USERID : UNIX : x\r\n"), NULL, "a port that is ours modulo 65536"},
    {OCTETS("00000000000000006193, 23 : USERID : UNIX : x\r\n"), NULL, "a port of twenty digits"},
    {OCTETS("6193, 00000000000000000023 : USERID : UNIX : x\r\n"), NULL, "twenty digits in the second"},
    {OCTETS("18446744073709557809, 23 : USERID : UNIX : x\r\n"), NULL, "a port that is ours modulo 2^64"},
    {OCTETS("006193, 23 : USERID : UNIX : x\r\n"), NULL, "a port of six digits"},
    {OCTETS("-6193, 23 : USERID : UNIX : x\r\n"), NULL, "a negative port"},
    {OCTETS("+6193, 23 : USERID : UNIX : x\r\n"), NULL, "a plus sign"},
    {OCTETS("0x1831, 23 : USERID : UNIX : x\r\n"), NULL, "a hexadecimal port"},
    {OCTETS(", 23 : USERID : UNIX : x\r\n"), NULL, "no port there"},
    {OCTETS("6193, : USERID : UNIX : x\r\n"), NULL, "no port here"},
    {OCTETS("6193 : USERID : UNIX : x\r\n"), NULL, "one port only"},
    {OCTETS("6193 23 : USERID : UNIX : x\r\n"), NULL, "no comma"},
    {OCTETS("61 93, 23 : USERID : UNIX : x\r\n"), NULL, "a blank inside a port"},
    {OCTETS("6193\0, 23 : USERID : UNIX : x\r\n"), NULL, "a NUL after a port"},
    {OCTETS("6193, 23 : ERROR : NO-USER\r\n"), NULL, "ERROR"},
    {OCTETS("6193, 23 : ERROR : X-A:B:C\r\n"), NULL, "ERROR with more colons"},
    {OCTETS("6193, 23 : ERROR\r\n"), NULL, "ERROR alone"},
    {OCTETS("0, 0 : ERROR : INVALID-PORT\r\n"), NULL, "ERROR for no port"},
    {OCTETS("6193, 23 : USERIDS : UNIX : x\r\n"), NULL, "a type that only begins right"},
    {OCTETS("6193, 23 : USER ID : UNIX : x\r\n"), NULL, "a blank inside the type"},
    {OCTETS("6193, 23 : USER\r\n"), NULL, "half a type"},
    {OCTETS("6193, 23 : : UNIX : x\r\n"), NULL, "an empty type"},
    {OCTETS("6193, 23 : USERID : UNIX\r\n"), NULL, "no third colon"},
    {OCTETS("6193, 23 : USERID\r\n"), NULL, "no second colon"},
    {OCTETS("6193, 23\r\n"), NULL, "our own request sent back"},
    {OCTETS("6193, 23 USERID : UNIX : x : y\r\n"), NULL, "no first colon"},
    {OCTETS("6193, 23 : USERID : UNIX :\r\n"), NULL, "an empty user id"},
    {OCTETS("6193, 23 : USERID : UNIX : \t \r\n"), NULL, "a user id of blanks"},
    {OCTETS("6193, 23 : USERID : UNIX : \x1b\x80\xff\0\r\n"), NULL, "a user id without printable octets"},
    {OCTETS("\r\n"), NULL, "an empty line"},
    {OCTETS("\n6193,23:USERID:UNIX:x\n"), NULL, "an empty line before the reply"},
    {OCTETS("\0\n"), NULL, "a NUL"},
    {OCTETS("root\r\n"), NULL, "not in the form of a reply"},
    {OCTETS("220 mail ESMTP: a: b: c\r\n"), NULL, "another protocol"},
};

/* Parses a copy of exactly this size, so that a sanitizer sees a read past its end. */
static enum ident_result parse(char out[IDENT_SIZE], char const *octets, size_t count, bool ended)
{
  enum ident_result result;
  char *copy = malloc(count ? count : 1);
  if (!copy)
    abort();
  memcpy(copy, octets, count);
  memset(out, 'x', IDENT_SIZE);
  result = ident_parse(out, copy, count, ended, THEIRS, OURS);
  free(copy);
  return result;
}

static bool gives(char const *octets, size_t count, bool ended, char const *user)
{
  char out[IDENT_SIZE];
  if (parse(out, octets, count, ended) != (user ? IDENT_USER : IDENT_NOBODY))
    return false;
  return strcmp(out, user ? user : "") == 0 && ident_is_clean(out) == !!user;
}

static bool is_incomplete(char const *octets, size_t count)
{
  char out[IDENT_SIZE];
  return parse(out, octets, count, false) == IDENT_INCOMPLETE && out[0] == '\0';
}

static void examples_hold(void)
{
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    struct example const *e = &examples[i];
    size_t line = (size_t)((char const *)memchr(e->octets, '\n', e->count) - e->octets);
    bool waits = true;
    ok(gives(e->octets, e->count, false, e->user), "%s: %s", e->says, e->user ? e->user : "nobody");
    ok(gives(e->octets, line, true, e->user), "... and if the other side closes instead of an LF");
    for (size_t count = 0; count <= line; count++)
      waits = waits && is_incomplete(e->octets, count);
    ok(waits, "... and waits for its LF");
  }
  ok(gives("", 0, true, NULL), "closing at once names nobody");
  ok(gives("6193,23:USERID:UNIX:", 20, true, NULL), "closing before the user id names nobody");
  ok(gives("6193,23:USERID:UNIX:abc", 22, true, "ab"), "what came before closing is the user id");
}

/* "6193,23:USERID:UNIX:" and a user id that makes `total` octets before the end of the line. */
#define HEAD "6193,23:USERID:UNIX:"
static size_t long_reply(char *reply, size_t total, char const *end)
{
  memset(reply, 'u', total);
  memcpy(reply, HEAD, sizeof HEAD - 1);
  memcpy(reply + total, end, strlen(end));
  return total + strlen(end);
}

static void lengths(void)
{
  static char reply[10240];
  char out[IDENT_SIZE];
  size_t len;

  len = long_reply(reply, sizeof HEAD - 1 + 512, "\r\n");
  ok(parse(out, reply, len, false) == IDENT_USER && strlen(out) == 512, "512 octets are kept");
  len = long_reply(reply, sizeof HEAD - 1 + 513, "z\r\n");
  ok(parse(out, reply, len, false) == IDENT_USER && strlen(out) == 512 && !strchr(out, 'z'),
     "of 514 the first 512");
  len = long_reply(reply, sizeof HEAD - 1 + 511, " \t\x1b.z\r\n");
  ok(parse(out, reply, len, false) == IDENT_USER && strlen(out) == 512 && out[511] == '.',
     "what is dropped is not counted");

  len = long_reply(reply, 1000, "\r\n");
  ok(parse(out, reply, len, false) == IDENT_USER && strlen(out) == 512, "a line may have 1000 octets");
  ok(is_incomplete(reply, len - 1), "and is waited for");
  ok(parse(out, reply, len - 1, true) == IDENT_USER, "and is whole without its LF if the other side closes");
  ok(parse(out, reply, 1000, true) == IDENT_USER, "and without CR");
  len = long_reply(reply, 1000, "\n");
  ok(parse(out, reply, len, false) == IDENT_USER, "and before a bare LF");
  len = long_reply(reply, 1001, "\r\n");
  ok(gives(reply, len, false, NULL), "a line of 1001 octets is too long");
  len = long_reply(reply, 1001, "\n");
  ok(gives(reply, len, false, NULL), "before a bare LF as well");
  ok(gives(reply, 1001, true, NULL), "and if the other side closes");
  ok(gives(reply, 1002, false, NULL), "it is not parsed with an LF beyond the bound");

  memset(reply, '6', sizeof reply);
  ok(is_incomplete(reply, IDENT_REPLY_MAX - 1), "octets without a newline are waited for up to the bound");
  ok(gives(reply, IDENT_REPLY_MAX, false, NULL), "and are nobody at the bound");
  ok(gives(reply, sizeof reply, false, NULL), "10 kB without a newline are nobody");
  ok(gives(reply, sizeof reply, true, NULL), "10 kB and the end are nobody");
  len = long_reply(reply, 5000, "\n");
  ok(gives(reply, len, true, NULL), "a newline far beyond the bound does not help");
  memset(reply, 'x', sizeof reply);
  memcpy(reply, HEAD "root\n", sizeof HEAD + 4);
  ok(gives(reply, sizeof reply, false, "root"), "what follows the line may be as long as it likes");
  memset(reply, ' ', 990);
  memcpy(reply + 990, HEAD "x\n", sizeof HEAD + 1);
  ok(gives(reply, 990 + sizeof HEAD + 1, false, NULL), "blanks count towards the bound");
}

static void every_octet_has_one_fate(void)
{
  bool right = true;
  for (int octet = 0; octet < 256; octet++) {
    char reply[] = HEAD "?\n", user[] = {(char)octet, '\0'};
    reply[sizeof HEAD - 1] = (char)octet;
    right = right && gives(reply, sizeof reply - 1, false, octet > 32 && octet < 127 ? user : NULL);
  }
  ok(right, "of 256 octets only 33-126 are kept");
}

static void requests(void)
{
  char out[IDENT_REQUEST_SIZE];
  ok(ident_request(out, 6193, 23) == 10, "a request has ten octets for the ports of the RFC's example");
  is_string(out, "6193, 23\r\n", "it has their port first");
  ok(ident_request(out, 65535, 65535) == 14, "the longest has 14");
  is_string(out, "65535, 65535\r\n", "with its CR LF");
  ok(ident_request(out, 1, 1) == 6, "the shortest has 6");
}

static void all_ports(void)
{
  char none[IDENT_SIZE];
  bool right = true;
  for (unsigned int port = 1; port < 65536 && right; port++) {
    char reply[64], out[IDENT_SIZE];
    uint16_t theirs = (uint16_t)port, ours = (uint16_t)(65536 - port);
    int len = snprintf(reply, sizeof reply, "%u , %u : USERID : UNIX : x\r\n", port, 65536 - port);
    right = ident_parse(out, reply, (size_t)len, false, theirs, ours) == IDENT_USER &&
            (theirs == ours || ident_parse(out, reply, (size_t)len, false, ours, theirs) == IDENT_NOBODY);
  }
  ok(ident_parse(none, ",:USERID:UNIX:x\n", 16, false, 0, 0) == IDENT_NOBODY, "no digits are not port 0");
  ok(right, "every pair of ports is recognized, and not the other way round");
}

static void fields_of_messages(void)
{
  char field[IDENT_SIZE] = "stjohns";
  ok(ident_is_clean(field), "a user id is clean");
  memset(field, 'u', sizeof field);
  ok(!ident_is_clean(field), "a field without its NUL is not");
  field[IDENT_MAX] = '\0';
  ok(ident_is_clean(field), "512 octets are");
  field[511] = ' ';
  ok(!ident_is_clean(field), "not with a space");
  field[511] = '\x7f';
  ok(!ident_is_clean(field), "not with DEL");
  field[511] = '\xe4';
  ok(!ident_is_clean(field), "not with an octet beyond ASCII");
  field[0] = '\n';
  ok(!ident_is_clean(field), "not with a newline");
  field[0] = '\0';
  ok(!ident_is_clean(field), "an empty one is not");
}

int main(void)
{
  examples_hold();
  lengths();
  every_octet_has_one_fate();
  requests();
  all_ports();
  fields_of_messages();
  return tap_done();
}
