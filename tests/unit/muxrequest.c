/* muxrequest.c - what counts as a TCPMUX request, however its octets arrive. */
#include "muxrequest.h"

#include "tap.h"

#define NAME_63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"

struct example {
  char const *octets;
  size_t count;
  enum muxrequest_newline newline;
  enum muxrequest_state state;
  size_t taken;
  char const *name; /* of a complete request */
  char const *says;
};

#define OCTETS(text) (text), sizeof(text) - 1
static struct example const examples[] = {
    {OCTETS("echo\r\n"), MUXREQUEST_CRLF, MUXREQUEST_COMPLETE, 6, "echo", "a name and CR LF is a request"},
    {OCTETS("eChO\r\n"), MUXREQUEST_CRLF, MUXREQUEST_COMPLETE, 6, "echo", "case does not matter"},
    {OCTETS("acme-x_1.0+\r\n"), MUXREQUEST_CRLF, MUXREQUEST_COMPLETE, 13, "acme-x_1.0+",
     "punctuation of names"},
    {OCTETS("echo\r\nEHLO\r\n"), MUXREQUEST_CRLF, MUXREQUEST_COMPLETE, 6, "echo",
     "what follows the line is left for the service"},
    {OCTETS("echo\r\n\n"), MUXREQUEST_CRLF, MUXREQUEST_COMPLETE, 6, "echo",
     "a second LF is left for the service"},
    {OCTETS(NAME_63 "\r\n"), MUXREQUEST_CRLF, MUXREQUEST_COMPLETE, 65, NAME_63, "63 octets are a name"},
    {OCTETS(NAME_63 "d\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 64, NULL,
     "64 octets are refused at the 64th"},
    {OCTETS("a\r\n"), MUXREQUEST_CRLF, MUXREQUEST_COMPLETE, 3, "a", "one octet is a name"},
    {OCTETS("echo"), MUXREQUEST_CRLF, MUXREQUEST_READING, 4, NULL, "a name without its end is not complete"},
    {OCTETS("echo\r"), MUXREQUEST_CRLF, MUXREQUEST_READING, 5, NULL, "CR alone does not complete a request"},
    {OCTETS(""), MUXREQUEST_CRLF, MUXREQUEST_READING, 0, NULL, "nothing is not a request yet"},
    {OCTETS("echo\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 5, NULL, "a bare LF is refused"},
    {OCTETS("echo\n"), MUXREQUEST_CRLF_OR_LF, MUXREQUEST_COMPLETE, 5, "echo", "a bare LF is taken on demand"},
    {OCTETS("echo\r\nx"), MUXREQUEST_CRLF_OR_LF, MUXREQUEST_COMPLETE, 6, "echo", "and then CR LF still is"},
    {OCTETS("echo\rx"), MUXREQUEST_CRLF_OR_LF, MUXREQUEST_MALFORMED, 6, NULL, "but CR alone is not"},
    {OCTETS("echo\rcat\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 6, NULL, "CR inside a name is refused"},
    {OCTETS("echo\r\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 6, NULL, "CR CR LF is refused"},
    {OCTETS("\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 1, NULL, "an empty name is refused"},
    {OCTETS("\n"), MUXREQUEST_CRLF_OR_LF, MUXREQUEST_MALFORMED, 1, NULL,
     "an empty name before a bare LF too"},
    {OCTETS("plus\0x\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 5, NULL, "NUL does not end a name"},
    {OCTETS("\0\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 1, NULL, "NUL is no name"},
    {OCTETS("echo x\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 5, NULL, "a space is refused"},
    {OCTETS("echo\t\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 5, NULL, "a tab is refused"},
    {OCTETS("../sh\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 1, NULL, "a leading dot is refused"},
    {OCTETS("a/b\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 2, NULL, "a slash is refused"},
    {OCTETS("a..b\r\n"), MUXREQUEST_CRLF, MUXREQUEST_COMPLETE, 6, "a..b", "dots inside a name do no harm"},
    {OCTETS("a%b\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 2, NULL, "a percent sign is refused"},
    {OCTETS("\xff\xfb\x01\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 1, NULL,
     "telnet options are refused"},
    {OCTETS("\xc9"
            "cho\r\n"),
     MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 1, NULL, "letters beyond ASCII are refused"},
    {OCTETS("\x1b[2Jx\r\n"), MUXREQUEST_CRLF, MUXREQUEST_MALFORMED, 1, NULL, "escape sequences are refused"},
};

static bool matches(struct muxrequest const *r, size_t taken, struct example const *e)
{
  return r->state == e->state && taken == e->taken && (!e->name || strcmp(r->name, e->name) == 0);
}

static size_t feed_in_pieces(struct muxrequest *r, struct example const *e, size_t piece)
{
  size_t taken = 0, given = 0;
  while (given < e->count) {
    size_t count = e->count - given < piece ? e->count - given : piece;
    taken += muxrequest_feed(r, e->octets + given, count);
    given += count;
  }
  return taken;
}

static void examples_hold(void)
{
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    struct muxrequest r;
    size_t taken;
    bool same = true;
    muxrequest_start(&r, examples[i].newline);
    taken = muxrequest_feed(&r, examples[i].octets, examples[i].count);
    ok(matches(&r, taken, &examples[i]), "%s", examples[i].says);
    for (size_t piece = 1; piece < examples[i].count; piece++) {
      muxrequest_start(&r, examples[i].newline);
      taken = feed_in_pieces(&r, &examples[i], piece);
      same = same && matches(&r, taken, &examples[i]);
    }
    ok(same, "... in pieces of any size");
  }
}

static void every_octet_has_one_fate(void)
{
  static char const legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+";
  bool as_first = true, as_second = true;
  for (int octet = 0; octet < 256; octet++) {
    char request[] = {'x', (char)octet, 'y', '\r', '\n'};
    bool is_legal = octet != 0 && strchr(legal, octet);
    struct muxrequest r;
    muxrequest_start(&r, MUXREQUEST_CRLF);
    muxrequest_feed(&r, request, sizeof request);
    as_second = as_second && (r.state == MUXREQUEST_COMPLETE) == is_legal;
    muxrequest_start(&r, MUXREQUEST_CRLF);
    muxrequest_feed(&r, request + 1, sizeof request - 1);
    as_first = as_first && (r.state == MUXREQUEST_COMPLETE) == (is_legal && octet != '.');
  }
  ok(as_second, "of 256 octets only letters, digits and . - _ + stand in a name");
  ok(as_first, "and all of these but the dot begin one");
}

static void service_names(void)
{
  ok(muxrequest_is_service_name("acme-x_1.0+"), "a service can bear what a request can ask for");
  ok(muxrequest_is_service_name(NAME_63), "of 63 octets");
  ok(!muxrequest_is_service_name(NAME_63 "d"), "not of 64");
  ok(!muxrequest_is_service_name("Echo"), "not with a capital, which no request could reach");
  ok(!muxrequest_is_service_name(".hidden"), "not with a dot in front");
  ok(!muxrequest_is_service_name(""), "not an empty one");
  ok(!muxrequest_is_service_name("a b"), "not with a space");
}

int main(void)
{
  examples_hold();
  every_octet_has_one_fate();
  service_names();
  return tap_done();
}
