/* nameservers.c - which servers and domains come out of $DNSCACHEIP and of a resolv.conf. */
#include "nameservers.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"

/* The addresses, with a blank between; a link-local one with its interface's index. */
static char const *servers_of(struct nameservers const *n)
{
  static char text[NAMESERVERS_MAX * (ADDRESS_TEXT_SIZE + 12) + 1];
  size_t len = 0;
  text[0] = '\0';
  for (size_t i = 0; i < n->count; i++) {
    char address[ADDRESS_TEXT_SIZE];
    address_print(address, &n->address[i]);
    len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "", address);
    if (n->address[i].scope)
      len += (size_t)snprintf(text + len, sizeof text - len, "%%%u", (unsigned int)n->address[i].scope);
  }
  return text;
}

struct example {
  char const *text, *servers, *says;
};

#define OCTET "127.0.0.1 "
#define FIVE  OCTET OCTET OCTET OCTET OCTET
static struct example const good[] = {
    {"127.0.0.1", "127.0.0.1", "one address"},
    {"1.2.3.4 5.6.7.8", "1.2.3.4 5.6.7.8", "two"},
    {"  1.2.3.4\t\n 5.6.7.8\r\n", "1.2.3.4 5.6.7.8", "any blanks"},
    {"2001:DB8::1 ::1", "2001:db8::1 ::1", "IPv6"},
    {"1.2.3.4 ::1 5.6.7.8", "1.2.3.4 ::1 5.6.7.8", "both, in their order"},
    {"fe80::1%1", "fe80::1%1", "a link-local address with an interface's index"},
    {"fe80::1%lo", "fe80::1%1", "a link-local address with an interface's name"},
    {"fe80::1", "fe80::1", "a link-local address without interface"},
    {"::ffff:1.2.3.4", "1.2.3.4", "an IPv4-mapped address"},
    {"0.0.0.0 :: ::ffff:0.0.0.0", "127.0.0.1 ::1 127.0.0.1", "the unspecified address, which is this host"},
    {"1.2.3.4.5.6.7.8", "1.2.3.4 5.6.7.8", "two joined by a dot"},
    {"1.2.3.4.5.6.7.8.9.10.11.12", "1.2.3.4 5.6.7.8 9.10.11.12", "three joined"},
    {"255.255.255.255.255.255.255.255.255.255.255.255.255.255.255.255",
     "255.255.255.255 255.255.255.255 255.255.255.255 255.255.255.255", "four joined, as long as can be"},
    {"1.1.1.1.2.2.2.2 ::1 3.3.3.3", "1.1.1.1 2.2.2.2 ::1 3.3.3.3", "joined ones among others"},
    {"", "", "no text"},
    {" \t\n", "", "blanks only"},
};

struct junk {
  char const *text, *junk, *says;
  int error;
};
static struct junk const bad[] = {
    {"localhost", "localhost", "a name", EINVAL},
    {"1.2.3.4 x 5.6.7.8 y", "x", "the first of two", EINVAL},
    {"1.2.3.4,5.6.7.8", "1.2.3.4,5.6.7.8", "a comma", EINVAL},
    {"1.2.3", "1.2.3", "three parts", EINVAL},
    {"1.2.3.4.5", "1.2.3.4.5", "five parts", EINVAL},
    {"1.2.3.4.5.6.7", "1.2.3.4.5.6.7", "seven parts", EINVAL},
    {"1.2.3.4.", "1.2.3.4.", "a dot at the end", EINVAL},
    {"1.2.3.4.5.6.7.8.", "1.2.3.4.5.6.7.8.", "a dot after two joined", EINVAL},
    {".1.2.3.4", ".1.2.3.4", "a dot in front", EINVAL},
    {"1.2.3.4..5.6.7.8", "1.2.3.4..5.6.7.8", "two dots", EINVAL},
    {"1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20",
     "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20", "five joined", EINVAL},
    {"1.2.3.4.5.6.7.256", "1.2.3.4.5.6.7.256", "a part over 255", EINVAL},
    {"256.0.0.1", "256.0.0.1", "a part over 255 in front", EINVAL},
    {"127.0.0.01", "127.0.0.01", "a leading zero", EINVAL},
    {"1.2.3.4:53", "1.2.3.4:53", "a port", EINVAL},
    {"[::1]", "[::1]", "brackets", EINVAL},
    {"::1%lo", "::1%lo", "an interface where none belongs", EINVAL},
    {"fe80::1%nosuchif0", "fe80::1%nosuchif0", "no such interface", EINVAL},
    {"fe80::1%", "fe80::1%", "an empty interface", EINVAL},
    {"::1.2.3.4.5.6.7.8", "::1.2.3.4.5.6.7.8", "IPv6 joined", EINVAL},
    {"1.2.3.4\x1b", "1.2.3.4\x1b", "escape sequences", EINVAL},
    {FIVE FIVE FIVE "127.0.0.1 9.9.9.9 8.8.8.8", "9.9.9.9", "the 17th", E2BIG},
    {FIVE FIVE FIVE "1.2.3.4.5.6.7.8", "1.2.3.4.5.6.7.8", "a joined one of which a part is too many", E2BIG},
    {FIVE FIVE FIVE "127.0.0.1 x", "x", "no address in the 17th place", EINVAL},
};

static void the_variable(void)
{
  struct nameservers n;
  char const *junk;
  size_t junk_len;
  char hundreds[1000];
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    memset(&n, 0xff, sizeof n);
    ok(nameservers_parse(&n, good[i].text, &junk, &junk_len) == 0, "$DNSCACHEIP may be: %s", good[i].says);
    is_string(servers_of(&n), good[i].servers, "... and gives its addresses");
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct junk const *b = &bad[i];
    int result = nameservers_parse(&n, b->text, &junk, &junk_len);
    ok(result == -1 && errno == b->error && n.count == 0, "not in $DNSCACHEIP: %s", b->says);
    ok(result == -1 && junk_len == strlen(b->junk) && memcmp(junk, b->junk, junk_len) == 0 &&
           junk >= b->text && junk + junk_len <= b->text + strlen(b->text),
       "... and it is told where");
  }
  ok(nameservers_parse(&n, FIVE FIVE FIVE "127.0.0.1", &junk, &junk_len) == 0 && n.count == 16,
     "sixteen addresses have room");
  ok(nameservers_parse(&n, FIVE FIVE OCTET OCTET "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16", &junk,
                       &junk_len) == 0 &&
         n.count == 16,
     "sixteen with four joined ones at the end, too");
  memset(hundreds, '1', sizeof hundreds - 1);
  hundreds[sizeof hundreds - 1] = '\0';
  ok(nameservers_parse(&n, hundreds, &junk, &junk_len) == -1 && errno == EINVAL && junk_len == 999,
     "an item of 999 octets is junk");
  memset(hundreds, '.', sizeof hundreds - 1);
  ok(nameservers_parse(&n, hundreds, &junk, &junk_len) == -1 && errno == EINVAL, "and so are 999 dots");
}

struct conf {
  char const *text;
  size_t len;
  char const *servers, *domains, *says;
};
#define OCTETS(text) (text), sizeof(text) - 1
static struct conf const confs[] = {
    {OCTETS("nameserver 127.0.0.1\n"), "127.0.0.1", "", "one server"},
    {OCTETS("nameserver 127.0.0.1"), "127.0.0.1", "", "no LF at the end"},
    {OCTETS("search a.example b.example\nnameserver 1.2.3.4\nnameserver ::1\n"), "1.2.3.4 ::1",
     "a.example b.example", "servers and domains"},
    {OCTETS("nameserver \t 1.2.3.4 \t\r\nsearch\ta\r\n"), "1.2.3.4", "a", "tabs and CR"},
    {OCTETS("domain a.example b.example\n"), "", "a.example", "a domain line has one domain"},
    {OCTETS("domain a\nsearch b c\n"), "", "b c", "search after domain"},
    {OCTETS("search b c\ndomain a\n"), "", "a", "domain after search"},
    {OCTETS("search a b c\nsearch d\n"), "", "d", "the last of two lists"},
    {OCTETS("search a\nsearch\nsearch \t\n"), "", "a", "empty lists don't count"},
    {OCTETS("search a\nsearch ?? !!\n"), "", "a", "nor do those of which nothing is a domain"},
    {OCTETS("search A.Example. ..x ok \x1b[2J . a..b\n"), "", "a.example ok .", "domains in one spelling"},
    {OCTETS("search .\n"), "", ".", "the root"},
    {OCTETS("nameserver fe80::1%lo\n"), "fe80::1%1", "", "an interface"},
    {OCTETS("nameserver fe80::1%nosuchif0\nnameserver 1.2.3.4\n"), "1.2.3.4", "", "no such interface"},
    {OCTETS("nameserver ::ffff:1.2.3.4\n"), "1.2.3.4", "", "an IPv4-mapped address"},
    {OCTETS("nameserver x\nnameserver\nnameserver \nnameserver 1.2.3\nnameserver 5.6.7.8\n"), "5.6.7.8", "",
     "what is no address is passed over"},
    {OCTETS("nameserver 1.2.3.4.5.6.7.8\n"), "", "", "joined addresses are for $DNSCACHEIP only"},
    {OCTETS("nameserver 1.2.3.4 5.6.7.8\n"), "1.2.3.4", "", "a line has one server"},
    {OCTETS("# nameserver 1.1.1.1\n;nameserver 2.2.2.2\n#\n;\n"), "", "", "comments"},
    {OCTETS("nameserver 1.1.1.1 # the first\nsearch a #b\nsearch c ;d e\n"), "1.1.1.1", "c",
     "comments behind values"},
    {OCTETS("nameserver # 1.1.1.1\nsearch # a\n"), "", "", "comments instead of values"},
    {OCTETS(" nameserver 1.1.1.1\n\tsearch a\n"), "", "", "keywords begin their line"},
    {OCTETS("nameservers 1.1.1.1\nnameserver1.1.1.1\nNAMESERVER 1.1.1.1\nsearcha b\n"), "", "",
     "other keywords"},
    {OCTETS("options ndots:2 timeout:1\nsortlist 1.2.3.4\nnameserver 1.2.3.4\n"), "1.2.3.4", "",
     "lines we have no use for"},
    {OCTETS("nameserver 1.2.3.4\0\nnameserver 1.\0002.3.4\nsearch a\0b c\n\0\nnameserver 5.6.7.8\n"),
     "5.6.7.8", "c", "NULs spoil their word only"},
    {OCTETS("nameserver\n1.2.3.4\n"), "", "", "a value on the next line"},
    {OCTETS("\n\n\r\n"), "", "", "empty lines"},
    {OCTETS(""), "", "", "an empty file"},
};

static void the_file(void)
{
  struct nameservers n;
  char domains[256];
  for (size_t i = 0; i < sizeof confs / sizeof *confs; i++) {
    /* Of exactly this size, so that a sanitizer sees a read past its end. */
    char *copy = malloc(confs[i].len ? confs[i].len : 1);
    if (!copy)
      abort();
    memcpy(copy, confs[i].text, confs[i].len);
    memset(&n, 0xff, sizeof n);
    memset(domains, 'x', sizeof domains);
    nameservers_from_resolv_conf(&n, domains, sizeof domains, copy, confs[i].len);
    free(copy);
    is_string(servers_of(&n), confs[i].servers, confs[i].says);
    is_string(domains, confs[i].domains, "... and its domains");
  }
}

static void bounds_of_the_file(void)
{
  static char text[20000];
  struct nameservers n;
  char domains[8];
  size_t len = 0;
  for (int i = 1; i <= 20; i++)
    len += (size_t)snprintf(text + len, sizeof text - len, "nameserver 127.0.0.%d\n", i);
  nameservers_from_resolv_conf(&n, domains, sizeof domains, text, len);
  ok(n.count == 16 && n.address[15].octet[3] == 16, "the first sixteen servers of twenty are taken");

#define WITH_ROOM(line, size, expected, name)                                                                \
  do {                                                                                                       \
    memset(domains, 'x', sizeof domains);                                                                    \
    nameservers_from_resolv_conf(&n, domains, size, line, sizeof(line) - 1);                                 \
    is_string(domains, expected, name);                                                                      \
  } while (0)
  WITH_ROOM("search abc def", 8, "abc def", "domains may fill their room");
  WITH_ROOM("search abc defg", 8, "abc", "one that has none is passed over whole");
  WITH_ROOM("search abc defg hi", 8, "abc hi", "one behind it may have room");
  WITH_ROOM("search abcdefgh", 8, "", "one alone may have none");
  WITH_ROOM("search a", 1, "", "there may be room for nothing");
  ok(domains[1] == 'x', "and nothing is written behind it");

  memset(text, 'a', sizeof text);
  memcpy(text, "search ", 7);
  memcpy(text + 15000, "\nnameserver 1.2.3.4 ", 20);
  nameservers_from_resolv_conf(&n, domains, sizeof domains, text, sizeof text);
  ok(n.count == 1 && domains[0] == '\0', "long words spoil nothing else");
}

int main(void)
{
  the_variable();
  the_file();
  bounds_of_the_file();
  return tap_done();
}
