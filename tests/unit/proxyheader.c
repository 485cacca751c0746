/* proxyheader.c - PROXY headers of both versions: what is taken from them, that exactly the header is consumed however it
 * arrives, and that nothing that only looks like one is taken. */
#include "proxyheader.h"

#include <stdlib.h>

#include "tap.h"

#define OCTETS(text) (text), sizeof(text) - 1
#define SIGNATURE    "\r\n\r\n\0\r\nQUIT\n"

/* Parses a copy of exactly this size, so that a sanitizer sees a read past its end. The texts in *h are not to be used. */
static struct proxyheader_result parse(struct proxyheader *h, char const *octets, size_t count)
{
  struct proxyheader_result result;
  uint8_t *copy = malloc(count ? count : 1);
  if (!copy)
    abort();
  if (count)
    memcpy(copy, octets, count);
  result = proxyheader_parse(h, copy, count);
  free(copy);
  return result;
}

/* Reads as somebody who never asks for more than is surely needed: returns what he has read when he stops. */
static size_t read_as_needed(char const *octets, size_t count, struct proxyheader_result *result)
{
  struct proxyheader h;
  size_t had = 0;
  while ((*result = parse(&h, octets, had)).state == PROXYHEADER_INCOMPLETE) {
    if (result->needed == 0 || had + result->needed > count)
      return SIZE_MAX;
    had += result->needed;
  }
  return had;
}

/* Every part of a good header is incomplete, and so wants at least what it lacks. */
static bool parts_wait(char const *octets, size_t length)
{
  struct proxyheader h;
  for (size_t count = 0; count < length; count++) {
    struct proxyheader_result r = parse(&h, octets, count);
    if (r.state != PROXYHEADER_INCOMPLETE || r.needed == 0 || r.needed > length - count)
      return false;
  }
  return true;
}

/* A header, and something behind it that is the client's. */
static bool consumes_exactly(char const *octets, size_t length)
{
  char buffer[PROXYHEADER_MAX + 64];
  struct proxyheader h;
  struct proxyheader_result r;
  memcpy(buffer, octets, length);
  memcpy(buffer + length, "\r\nPROXY TCP4 x\r\n\r\n", 18);
  r = parse(&h, buffer, length + 18);
  return r.state == PROXYHEADER_COMPLETE && r.length == length &&
         read_as_needed(buffer, length + 18, &r) == length && parts_wait(octets, length);
}

/* --- Version 1 ------------------------------------------------------------------------------------------ */

struct good_line {
  char const *line, *source, *destination;
  unsigned int source_port, destination_port;
  char const *says;
};

static struct good_line const good_lines[] = {
    {"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1", "192.168.0.11", 56324, 443,
     "the example of the protocol"},
    {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", "255.255.255.255",
     65535, 65535, "the longest of IPv4"},
    {"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0", "0.0.0.0", 0, 0, "the shortest of IPv4"},
    {"PROXY TCP6 :: :: 0 0\r\n", "::", "::", 0, 0, "the shortest of IPv6"},
    {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
     "65535\r\n",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, 65535,
     "the longest of IPv6"},
    {"PROXY TCP6 2001:DB8::1 2001:db8:0:0:0:0:0:2 1 2\r\n", "2001:db8::1", "2001:db8::2", 1, 2,
     "capitals and uncompressed zeros"},
    {"PROXY TCP6 ::ffff:10.0.0.1 ::ffff:a00:2 1 2\r\n", "10.0.0.1", "10.0.0.2", 1, 2,
     "mapped addresses are IPv4"},
    {"PROXY TCP6 ::ffff:10.0.0.1 2001:db8::2 1 2\r\n", "10.0.0.1", "2001:db8::2", 1, 2, "one mapped address"},
};

static void good_lines_are_taken(void)
{
  for (size_t i = 0; i < sizeof good_lines / sizeof *good_lines; i++) {
    struct good_line const *g = &good_lines[i];
    struct proxyheader h;
    char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];
    struct proxyheader_result r = parse(&h, g->line, strlen(g->line));
    bool taken = r.state == PROXYHEADER_COMPLETE && h.version == 1 && h.kind == PROXYHEADER_TCP;
    address_print(source, &h.source);
    address_print(destination, &h.destination);
    ok(taken && strcmp(source, g->source) == 0 && strcmp(destination, g->destination) == 0 &&
           h.source_port == g->source_port && h.destination_port == g->destination_port,
       "%s", g->says);
    ok(consumes_exactly(g->line, strlen(g->line)), "... and exactly it is consumed");
  }
}

struct example {
  char const *octets;
  size_t count;
  char const *says;
};

#define FILL_91 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
_Static_assert(sizeof FILL_91 == 91 + 1, "PROXY UNKNOWN, a blank, these, CR LF: 107");

static struct example const unknown[] = {
    {OCTETS("PROXY UNKNOWN\r\n"), "UNKNOWN alone"},
    {OCTETS("PROXY UNKNOWN \r\n"), "UNKNOWN and a blank"},
    {OCTETS("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), "UNKNOWN with addresses"},
    {OCTETS("PROXY UNKNOWN \0\xff\n\r\x1b whatever\r\n"), "UNKNOWN with whatever there is"},
    {OCTETS("PROXY UNKNOWN " FILL_91 "\r\n"), "UNKNOWN of 107 octets"},
};

static void unknown_lines_are_taken(void)
{
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    struct proxyheader h;
    struct proxyheader_result r = parse(&h, unknown[i].octets, unknown[i].count);
    ok(r.state == PROXYHEADER_COMPLETE && h.version == 1 && h.kind == PROXYHEADER_UNKNOWN &&
           h.source.family == ADDRESS_NONE && h.destination.family == ADDRESS_NONE,
       "%s", unknown[i].says);
    ok(consumes_exactly(unknown[i].octets, unknown[i].count), "... and exactly it is consumed");
  }
}

static struct example const bad_lines[] = {
    {OCTETS("GET / HTTP/1.0\r\n\r\n"), "HTTP"},
    {OCTETS("\x16\x03\x01\x02\x00\x01\x00\x01"), "TLS"},
    {OCTETS("EHLO x\r\n"), "SMTP"},
    {OCTETS("\0"), "a NUL"},
    {OCTETS("\n"), "a LF"},
    {OCTETS("proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), "small letters"},
    {OCTETS(" PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), "a blank in front"},
    {OCTETS("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), "two blanks behind PROXY"},
    {OCTETS("PROXY\tTCP4 1.2.3.4 1.2.3.4 1 2\r\n"), "a tab"},
    {OCTETS("PROXYTCP4 1.2.3.4 1.2.3.4 1 2\r\n"), "no blank behind PROXY"},
    {OCTETS("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"), "another protocol"},
    {OCTETS("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n"), "another family"},
    {OCTETS("PROXY TCP 1.2.3.4 1.2.3.4 1 2\r\n"), "no family"},
    {OCTETS("PROXY TCP4\r\n"), "a family and nothing else"},
    {OCTETS("PROXY \r\n"), "nothing at all"},
    {OCTETS("PROXY UNKNOWNX\r\n"), "a word that only begins with UNKNOWN"},
    {OCTETS("PROXY UNKNOWN\n"), "UNKNOWN and a LF alone"},
    {OCTETS("PROXY UNKNOWN\rx\r\n"), "UNKNOWN and a CR alone"},
    {OCTETS("PROXY UNKNOWN " FILL_91 "a\r\n"), "UNKNOWN of 108 octets"},
    {OCTETS("PROXY UNKNOWN " FILL_91 FILL_91), "UNKNOWN without an end"},
    {OCTETS("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n"), "two blanks behind the family"},
    {OCTETS("PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n"), "two blanks between addresses"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1  2\r\n"), "two blanks between ports"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"), "a blank at the end"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"), "a field too many"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"), "a field too few"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n"), "an empty port"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"), "a LF alone at the end"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r"
            "x\n"),
     "a CR alone at the end"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1\n 2\r\n"), "a LF in the line"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n"), "two CRs"},
    {OCTETS("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"), "a NUL behind an address"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\0\r\n"), "a NUL behind a port"},
    {OCTETS("PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n"), "a leading zero in an address"},
    {OCTETS("PROXY TCP4 1.2.3.004 1.2.3.4 1 2\r\n"), "leading zeros in its last part"},
    {OCTETS("PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n"), "a part of 256"},
    {OCTETS("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n"), "three parts"},
    {OCTETS("PROXY TCP4 1.2.3.4.5 1.2.3.4 1 2\r\n"), "five parts"},
    {OCTETS("PROXY TCP4 16909060 1.2.3.4 1 2\r\n"), "an address that is a number"},
    {OCTETS("PROXY TCP4 localhost 1.2.3.4 1 2\r\n"), "a name"},
    {OCTETS("PROXY TCP4 ::1 1.2.3.4 1 2\r\n"), "IPv6 in TCP4"},
    {OCTETS("PROXY TCP4 ::ffff:1.2.3.4 1.2.3.4 1 2\r\n"), "mapped IPv4 in TCP4"},
    {OCTETS("PROXY TCP6 1.2.3.4 ::1 1 2\r\n"), "IPv4 in TCP6"},
    {OCTETS("PROXY TCP6 ::1 1.2.3.4 1 2\r\n"), "IPv4 in TCP6, for the destination"},
    {OCTETS("PROXY TCP6 [::1] ::1 1 2\r\n"), "brackets"},
    {OCTETS("PROXY TCP6 fe80::1%lo ::1 1 2\r\n"), "a zone"},
    {OCTETS("PROXY TCP6 1::2::3 ::1 1 2\r\n"), "two double colons"},
    {OCTETS("PROXY TCP6 12345:: ::1 1 2\r\n"), "five digits in a group"},
    {OCTETS("PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n"), "seven groups"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"), "a leading zero in a port"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 1 00\r\n"), "two zeros as a port"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n"), "port 65536"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 18446744073709551617 2\r\n"), "a port that is 1 modulo 2^64"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n"), "a negative port"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n"), "a plus sign"},
    {OCTETS("PROXY TCP4 1.2.3.4 1.2.3.4 0x1 2\r\n"), "a hexadecimal port"},
    {OCTETS("PROXY TCP4 " FILL_91 "aaaaaa"), "no end within 107 octets"},
    {OCTETS(
         "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 0065535 "
         "65535\r\n"),
     "108 octets"},
};

/* Refused in one piece, refused octet by octet, and refused before anything beyond the bound is wanted. */
static bool is_refused(char const *octets, size_t count)
{
  struct proxyheader h;
  struct proxyheader_result r = parse(&h, octets, count);
  if (r.state != PROXYHEADER_MALFORMED || !r.reason || !r.reason[0])
    return false;
  for (size_t part = 0; part < count; part++) {
    r = parse(&h, octets, part);
    if (r.state == PROXYHEADER_COMPLETE)
      return false;
    if (r.state == PROXYHEADER_MALFORMED)
      return true;
  }
  return true;
}

static void bad_lines_are_refused(void)
{
  struct proxyheader h;
  struct proxyheader_result r;
  for (size_t i = 0; i < sizeof bad_lines / sizeof *bad_lines; i++)
    ok(is_refused(bad_lines[i].octets, bad_lines[i].count), "refused: %s", bad_lines[i].says);
  r = parse(&h, OCTETS("PROXY TCP4 " FILL_91 "aaa"));
  ok(r.state == PROXYHEADER_MALFORMED, "a line that can't end in time is refused before it is too long");
  r = parse(&h, "", 0);
  ok(r.state == PROXYHEADER_INCOMPLETE && r.needed == 15, "before anything has come 15 octets are needed");
}

/* --- Version 2 ------------------------------------------------------------------------------------------ */

/* "\x20" LOCAL, "\x21" PROXY; then family and protocol, length, and what follows. */
#define V2 SIGNATURE
#define IPV4_BLOCK                                                                                           \
  "\x0a\x00\x00\x01"                                                                                         \
  "\xc0\x00\x02\x02"                                                                                         \
  "\xdc\x04\x01\xbb"
#define IPV6_BLOCK                                                                                           \
  "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                                                               \
  "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"                                                               \
  "\xdc\x04\x01\xbb"
#define MAPPED_BLOCK                                                                                         \
  "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x00\x00\x01"                                                             \
  "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x02"                                                             \
  "\xdc\x04\x01\xbb"

struct good_binary {
  char const *octets;
  size_t count;
  enum proxyheader_kind kind;
  char const *source, *destination;
  char const *says;
};

static struct good_binary const good_binaries[] = {
    {OCTETS(V2 "\x21\x11\x00\x0c" IPV4_BLOCK), PROXYHEADER_TCP, "10.0.0.1", "192.0.2.2", "TCP over IPv4"},
    {OCTETS(V2 "\x21\x21\x00\x24" IPV6_BLOCK), PROXYHEADER_TCP, "2001:db8::1", "2001:db8::2",
     "TCP over IPv6"},
    {OCTETS(V2 "\x21\x21\x00\x24" MAPPED_BLOCK), PROXYHEADER_TCP, "10.0.0.1", "192.0.2.2",
     "mapped addresses are IPv4"},
    {OCTETS(V2 "\x21\x11\x00\x0f" IPV4_BLOCK "\x04\x00\x00"), PROXYHEADER_TCP, "10.0.0.1", "192.0.2.2",
     "an empty TLV that says nothing"},
    {OCTETS(V2 "\x21\x11\x00\x15" IPV4_BLOCK "\xee\x00\x03"
               "abc"
               "\xff\x00\x00"),
     PROXYHEADER_TCP, "10.0.0.1", "192.0.2.2", "TLVs of unknown types"},
    {OCTETS(V2 "\x20\x00\x00\x00"), PROXYHEADER_LOCAL, "", "", "LOCAL"},
    {OCTETS(V2 "\x20\x11\x00\x0c" IPV4_BLOCK), PROXYHEADER_LOCAL, "", "", "LOCAL with addresses"},
    {OCTETS(V2 "\x20\xff\x00\x05"
               "what?"),
     PROXYHEADER_LOCAL, "", "", "LOCAL with an impossible family and no TLVs"},
    {OCTETS(V2 "\x20\x11\x00\x03"
               "abc"),
     PROXYHEADER_LOCAL, "", "", "LOCAL, too short for its family"},
    {OCTETS(V2 "\x21\x00\x00\x00"), PROXYHEADER_UNKNOWN, "", "", "no family"},
    {OCTETS(V2 "\x21\x00\x00\x05"
               "what?"),
     PROXYHEADER_UNKNOWN, "", "", "no family, and octets that are no TLVs"},
    {OCTETS(V2 "\x21\x10\x00\x0c" IPV4_BLOCK), PROXYHEADER_UNKNOWN, "", "", "IPv4 without a protocol"},
    {OCTETS(V2 "\x21\x01\x00\x00"), PROXYHEADER_UNKNOWN, "", "", "a stream without a family"},
    {OCTETS(V2 "\x21\x12\x00\x0c" IPV4_BLOCK), PROXYHEADER_UNKNOWN, "", "", "UDP over IPv4 is no stream"},
    {OCTETS(V2 "\x21\x22\x00\x24" IPV6_BLOCK), PROXYHEADER_UNKNOWN, "", "", "UDP over IPv6 is no stream"},
};

static void good_binaries_are_taken(void)
{
  for (size_t i = 0; i < sizeof good_binaries / sizeof *good_binaries; i++) {
    struct good_binary const *g = &good_binaries[i];
    struct proxyheader h;
    char source[ADDRESS_TEXT_SIZE] = "", destination[ADDRESS_TEXT_SIZE] = "";
    struct proxyheader_result r = parse(&h, g->octets, g->count);
    if (h.kind == PROXYHEADER_TCP) {
      address_print(source, &h.source);
      address_print(destination, &h.destination);
    }
    ok(r.state == PROXYHEADER_COMPLETE && h.version == 2 && h.kind == g->kind &&
           strcmp(source, g->source) == 0 && strcmp(destination, g->destination) == 0 &&
           h.source_port == (*g->source ? 56324 : 0) && h.destination_port == (*g->source ? 443 : 0),
       "%s", g->says);
    ok(consumes_exactly(g->octets, g->count), "... and exactly it is consumed");
  }
}

static struct example const bad_binaries[] = {
    {OCTETS("\r\n\r\n\0\r\nQUIX\n\x21\x11\x00\x0c" IPV4_BLOCK), "a wrong signature"},
    {OCTETS("\r\n\r\n\r\nQUIT\n\x21\x11\x00\x0c" IPV4_BLOCK), "a signature without its NUL"},
    {OCTETS("\r\n\r\nGET /"), "empty lines and a request"},
    {OCTETS(V2 "\x11\x11\x00\x0c" IPV4_BLOCK), "version 1 in octets"},
    {OCTETS(V2 "\x31\x11\x00\x0c" IPV4_BLOCK), "version 3"},
    {OCTETS(V2 "\x01\x11\x00\x0c" IPV4_BLOCK), "version 0"},
    {OCTETS(V2 "\x22\x11\x00\x0c" IPV4_BLOCK), "command 2"},
    {OCTETS(V2 "\x2f\x11\x00\x0c" IPV4_BLOCK), "command 15"},
    {OCTETS(V2 "\x21\x41\x00\x0c" IPV4_BLOCK), "family 4"},
    {OCTETS(V2 "\x21\xf1\x00\x0c" IPV4_BLOCK), "family 15"},
    {OCTETS(V2 "\x21\x13\x00\x0c" IPV4_BLOCK), "protocol 3"},
    {OCTETS(V2 "\x21\x1f\x00\x0c" IPV4_BLOCK), "protocol 15"},
    {OCTETS(V2 "\x21\x11\x00\x0b" IPV4_BLOCK), "too short for two IPv4 addresses"},
    {OCTETS(V2 "\x21\x11\x00\x00"), "no addresses"},
    {OCTETS(V2 "\x21\x21\x00\x23" IPV6_BLOCK), "too short for two IPv6 addresses"},
    {OCTETS(V2 "\x21\x21\x00\x0c" IPV4_BLOCK), "IPv4 addresses said to be IPv6"},
    {OCTETS(V2 "\x21\x31\x00\x0c" IPV4_BLOCK), "too short for two paths"},
    {OCTETS(V2 "\x21\x12\x00\x0b" IPV4_BLOCK), "UDP, too short for its addresses"},
    {OCTETS(V2 "\x21\x11\x0f\xf1" IPV4_BLOCK), "longer than 4096 octets"},
    {OCTETS(V2 "\x21\x11\xff\xff" IPV4_BLOCK), "as long as can be said"},
    {OCTETS(V2 "\x20\x00\xff\xff"), "LOCAL as long as can be said"},
    {OCTETS(V2 "\x21\x11\x00\x0d" IPV4_BLOCK "\x04"), "a TLV of one octet"},
    {OCTETS(V2 "\x21\x11\x00\x0e" IPV4_BLOCK "\x04\x00"), "a TLV of two octets"},
    {OCTETS(V2 "\x21\x11\x00\x0f" IPV4_BLOCK "\x04\x00\x01"), "a TLV that is longer than the header"},
    {OCTETS(V2 "\x21\x11\x00\x10" IPV4_BLOCK "\x04\xff\xff"
               "a"),
     "a TLV that claims 65535 octets"},
    {OCTETS(V2 "\x21\x11\x00\x13" IPV4_BLOCK "\x03\x00\x04\x01\x02\x03\x04"), "a wrong checksum"},
    {OCTETS(V2 "\x21\x11\x00\x12" IPV4_BLOCK "\x03\x00\x03\x01\x02\x03"), "a checksum of three octets"},
    {OCTETS(V2 "\x21\x11\x00\x0f" IPV4_BLOCK "\x03\x00\x00"), "an empty checksum"},
    {OCTETS(V2 "\x20\x00\x00\x07\x03\x00\x04\x01\x02\x03\x04"), "a wrong checksum in LOCAL"},
    {OCTETS(V2 "\x21\x00\x00\x07\x03\x00\x04\x01\x02\x03\x04"), "a wrong checksum without a family"},
    {OCTETS(V2 "\x21\x11\x00\x14" IPV4_BLOCK "\x02\x00\x01"
               "a"
               "\x02\x00\x01"
               "a"),
     "two authorities"},
    {OCTETS(V2 "\x21\x11\x00\x12" IPV4_BLOCK "\x02\x00\x00\x02\x00\x00"), "two empty ones"},
    {OCTETS(V2 "\x21\x11\x00\x12" IPV4_BLOCK "\x02\x00\x03"
               "a b"),
     "an authority with a blank"},
    {OCTETS(V2 "\x21\x11\x00\x12" IPV4_BLOCK "\x02\x00\x03"
               "a\0b"),
     "an authority with a NUL"},
    {OCTETS(V2 "\x21\x11\x00\x12" IPV4_BLOCK "\x02\x00\x03"
               "a\nb"),
     "an authority with a LF"},
    {OCTETS(V2 "\x21\x11\x00\x12" IPV4_BLOCK "\x02\x00\x03"
               "a\x7f"
               "b"),
     "an authority with a DEL"},
    {OCTETS(V2 "\x21\x11\x00\x11" IPV4_BLOCK "\x02\x00\x02\xc0\x80"), "an authority with an overlong NUL"},
    {OCTETS(V2 "\x21\x11\x00\x11" IPV4_BLOCK "\x02\x00\x02\xc2\x80"), "an authority with a C1 control"},
    {OCTETS(V2 "\x21\x11\x00\x10" IPV4_BLOCK "\x02\x00\x01\xe4"), "an authority in Latin-1"},
    {OCTETS(V2 "\x21\x11\x00\x12" IPV4_BLOCK "\x02\x00\x03\xed\xa0\x80"), "an authority with a surrogate"},
    {OCTETS(V2 "\x21\x11\x00\x13" IPV4_BLOCK "\x02\x00\x04\xf4\x90\x80\x80"),
     "an authority beyond Unicode's end"},
    {OCTETS(V2 "\x21\x11\x00\x10" IPV4_BLOCK "\x30\x00\x01\x07"), "a network namespace with a bell"},
    {OCTETS(V2 "\x21\x11\x00\x13" IPV4_BLOCK "\x20\x00\x04\x01\0\0\0"), "TLS of four octets"},
    {OCTETS(V2 "\x21\x11\x00\x16" IPV4_BLOCK "\x20\x00\x07\x01\0\0\0\0\x21\x00"), "half a TLV within TLS"},
    {OCTETS(V2 "\x21\x11\x00\x17" IPV4_BLOCK "\x20\x00\x08\x01\0\0\0\0\x21\x00\x01"),
     "a TLV that leaves that of TLS"},
    {OCTETS(V2 "\x21\x11\x00\x1b" IPV4_BLOCK "\x20\x00\x08\x01\0\0\0\0\x21\x00\x01"
               "\x04\x00\x01"
               "x"),
     "the same with another one behind it"},
    {OCTETS(V2 "\x21\x11\x00\x1a" IPV4_BLOCK "\x20\x00\x0b\x01\0\0\0\0\x21\x00\x00\x21\x00\x00"),
     "two versions of TLS"},
    {OCTETS(V2 "\x21\x11\x00\x18" IPV4_BLOCK "\x20\x00\x09\x01\0\0\0\0\x22\x00\x01\n"),
     "a LF in a certificate's name"},
    {OCTETS(V2 "\x21\x11\x00\x1c" IPV4_BLOCK "\x20\x00\x05\x01\0\0\0\0\x20\x00\x05\x01\0\0\0\0"),
     "TLS twice"},
};

/* Each is as bad if its signature alone is looked at first, and none wants octets beyond the bound. */
static void bad_binaries_are_refused(void)
{
  for (size_t i = 0; i < sizeof bad_binaries / sizeof *bad_binaries; i++)
    ok(is_refused(bad_binaries[i].octets, bad_binaries[i].count), "refused: %s", bad_binaries[i].says);
}

static void nobodys_facts(void)
{
  struct proxyheader h;
  struct proxyheader_result r = parse(&h, OCTETS(V2 "\x20\x11\x00\x12" IPV4_BLOCK "\x02\x00\x03"
                                                    "a\nb"));
  ok(r.state == PROXYHEADER_COMPLETE && h.kind == PROXYHEADER_LOCAL && !h.authority.octets,
     "of what LOCAL says nothing is taken, nor looked at");
  r = parse(&h, OCTETS(V2 "\x21\x00\x00\x06\x02\x00\x03"
                          "abc"));
  ok(r.state == PROXYHEADER_COMPLETE && h.kind == PROXYHEADER_UNKNOWN && h.authority.length == 3,
     "without addresses there may be facts");
  r = parse(&h, OCTETS(V2 "\x21\x00\x00\x06\x02\x00\x03"
                          "a\nb"));
  ok(r.state == PROXYHEADER_MALFORMED, "which must be sound then, too");
}

static void bounds_of_facts(void)
{
  static struct {
    uint8_t type;
    size_t longest;
    char const *says;
  } const fact[] = {{0x01, 255, "ALPN"},
                    {0x02, 255, "the authority"},
                    {0x05, 128, "the unique id"},
                    {0x30, 255, "the network namespace"}};
  for (size_t i = 0; i < sizeof fact / sizeof *fact; i++) {
    bool right = true;
    for (size_t length = fact[i].longest; length <= fact[i].longest + 1; length++) {
      char header[512] = V2 "\x21\x11";
      struct proxyheader h;
      size_t at = 14, block = 12 + 3 + length;
      header[at++] = (char)(block >> 8);
      header[at++] = (char)block;
      memcpy(header + at, IPV4_BLOCK, 12);
      at += 12;
      header[at++] = (char)fact[i].type;
      header[at++] = (char)(length >> 8);
      header[at++] = (char)length;
      memset(header + at, 'a', length);
      right = right && parse(&h, header, at + length).state ==
                           (length > fact[i].longest ? PROXYHEADER_MALFORMED : PROXYHEADER_COMPLETE);
    }
    ok(right, "%s may have %zu octets and no more", fact[i].says, fact[i].longest);
  }
}

static void the_longest(void)
{
  static char header[PROXYHEADER_MAX + 1] = V2 "\x21\x11\x0f\xf0" IPV4_BLOCK "\x04\x0f\xe1";
  struct proxyheader h;
  ok(parse(&h, header, PROXYHEADER_MAX).state == PROXYHEADER_COMPLETE, "a header may have 4096 octets");
  ok(consumes_exactly(header, PROXYHEADER_MAX), "... and exactly they are consumed");
}

/* Every fact there is, with a checksum that another program has calculated. */
static char const whole[] = V2 "\x21\x11\x00\x96" IPV4_BLOCK "\x03\x00\x04\x7a\xf4\x55\xa5"
                               "\x01\x00\x02h2"
                               "\x02\x00\x10mail.example.org"
                               "\x05\x00\x05id-\0\x01"
                               "\x20\x00\x54\x03\0\0\0\0"
                               "\x21\x00\x07TLSv1.3"
                               "\x22\x00\x0bJos\xc3\xa9 Doe x"
                               "\x23\x00\x16TLS_AES_256_GCM_SHA384"
                               "\x24\x00\x0aRSA-SHA256"
                               "\x25\x00\x07RSA2048"
                               "\x26\x00\x04"
                               "x255"
                               "\x30\x00\x04"
                               "blue"
                               "\x04\x00\x02\0\0";

static bool text_is(struct proxyheader_text const *t, char const *expected, size_t length)
{
  return t->octets && t->length == length && memcmp(t->octets, expected, length) == 0;
}

static void all_facts(void)
{
  struct proxyheader h;
  struct proxyheader_result r = proxyheader_parse(&h, (uint8_t const *)whole, sizeof whole - 1);
  bool refused = true;
  ok(r.state == PROXYHEADER_COMPLETE && r.length == sizeof whole - 1, "a header with every fact");
  if (r.state != PROXYHEADER_COMPLETE) {
    printf("# %s\n", r.reason ? r.reason : "incomplete");
    return;
  }
  ok(h.checksum, "its checksum is right");
  ok(text_is(&h.alpn, OCTETS("h2")) && text_is(&h.authority, OCTETS("mail.example.org")) &&
         text_is(&h.unique_id, OCTETS("id-\0\x01")) && text_is(&h.network_namespace, OCTETS("blue")),
     "what the client asked for, and who it is to the proxy");
  ok(h.has_tls && h.tls.used && h.tls.certificate && h.tls.certificate_now && h.tls.verify == 0,
     "TLS with a certificate that was verified");
  ok(text_is(&h.tls.version, OCTETS("TLSv1.3")) && text_is(&h.tls.name, OCTETS("Jos\xc3\xa9 Doe x")) &&
         text_is(&h.tls.cipher, OCTETS("TLS_AES_256_GCM_SHA384")) &&
         text_is(&h.tls.signature, OCTETS("RSA-SHA256")) && text_is(&h.tls.key, OCTETS("RSA2048")),
     "and what it was like");
  ok(consumes_exactly(whole, sizeof whole - 1), "exactly it is consumed");
  for (size_t bit = 0; bit < (sizeof whole - 1) * 8; bit++) {
    char broken[sizeof whole];
    memcpy(broken, whole, sizeof whole);
    broken[bit / 8] = (char)(broken[bit / 8] ^ 1 << bit % 8);
    if (parse(&h, broken, sizeof whole - 1).state == PROXYHEADER_COMPLETE && h.checksum) {
      refused = false;
      printf("# bit %zu of octet %zu\n", bit % 8, bit / 8);
    }
  }
  ok(refused, "with any bit of it changed it is none, or one without a checksum");
}

/* What HAProxy 2.6 sends for clients over TLS, with a certificate and without, and "hello" of theirs: send-proxy-v2 with
 * ssl, cert-cn, ssl-cipher, cert-sig, cert-key, authority, crc32c and unique-id. */
static char const with_certificate[] =
    "\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a!\x11\x00\xab\x7f\x00\x00\x01\x7f\x00\x00\x01"
    "\xa3\xf0\x99\x07\x03\x00\x04\xce\x3fi\x04\x01\x00\x02h2\x02\x00\x10mail.example.o"
    "rg\x05\x00.7F000001:A3F0_7F000001:9907_6B0202D0_0000:4B89 \x00L\x07\x00\x00\x00\x00"
    "!\x00\x07TLSv1.3\x22\x00\x05"
    "alice%\x00\x05"
    "EC256$\x00\x11"
    "ecdsa-with-SHA25"
    "6#\x00\x16TLS_AES_256_GCM_SHA384hello";
static char const without_certificate[] =
    "\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a!\x11\x00\x8b\x7f\x00\x00\x01\x7f\x00\x00\x01"
    "\xa3\xf4\x99\x07\x03\x00\x04iv\xf3\x0a\x05\x00.7F000001:A3F4_7F000001:9907_6B0202"
    "D1_0001:4B89 \x00"
    "D\x01\x00\x00\x00\x00!\x00\x07TLSv1.3%\x00\x05"
    "EC256$\x00\x11"
    "ecdsa-with-SHA256#\x00\x16TLS_AES_256_GCM_SHA384hello";

static void of_haproxy(void)
{
  struct proxyheader h;
  struct proxyheader_result r =
      proxyheader_parse(&h, (uint8_t const *)with_certificate, sizeof with_certificate - 1);
  ok(r.state == PROXYHEADER_COMPLETE && strcmp(with_certificate + r.length, "hello") == 0,
     "HAProxy's header for a client with a certificate");
  ok(h.checksum && h.source_port == 0xa3f0 && h.destination_port == 0x9907, "its checksum is right");
  ok(h.tls.certificate_now && h.tls.verify == 0 && text_is(&h.tls.name, OCTETS("alice")) &&
         text_is(&h.tls.key, OCTETS("EC256")) && text_is(&h.tls.signature, OCTETS("ecdsa-with-SHA256")) &&
         text_is(&h.tls.cipher, OCTETS("TLS_AES_256_GCM_SHA384")) &&
         text_is(&h.tls.version, OCTETS("TLSv1.3")),
     "it tells of the certificate and of TLS");
  ok(text_is(&h.authority, OCTETS("mail.example.org")) && text_is(&h.alpn, OCTETS("h2")) &&
         h.unique_id.length == 46,
     "and of what the client wanted");
  r = proxyheader_parse(&h, (uint8_t const *)without_certificate, sizeof without_certificate - 1);
  ok(r.state == PROXYHEADER_COMPLETE && strcmp(without_certificate + r.length, "hello") == 0 && h.checksum,
     "HAProxy's header for one without");
  ok(h.has_tls && h.tls.used && !h.tls.certificate && !h.tls.name.octets && !h.authority.octets,
     "which is told from one with");
}

static void paths(void)
{
  static uint8_t header[16 + 216] = V2 "\x21\x31\x00\xd8";
  struct proxyheader h;
  memset(header + 16, 'p', 108);
  memcpy(header + 16 + 108, "/run/proxy\0/junk", 17);
  ok(proxyheader_parse(&h, header, sizeof header).state == PROXYHEADER_COMPLETE && h.kind == PROXYHEADER_UNIX,
     "a local socket");
  ok(h.source_path.length == 108 && text_is(&h.destination_path, OCTETS("/run/proxy")),
     "a path ends at its NUL or at 108 octets");
  header[16] = '\0';
  proxyheader_parse(&h, header, sizeof header);
  ok(!h.source_path.octets, "an abstract name is no path");
  ok(consumes_exactly((char const *)header, sizeof header), "exactly it is consumed");
}

/* --- Writing -------------------------------------------------------------------------------------------- */

static struct proxyheader tcp_header(unsigned int version, char const *source, char const *destination)
{
  struct proxyheader h = {
      .version = version, .kind = PROXYHEADER_TCP, .source_port = 56324, .destination_port = 443};
  if (!address_parse(&h.source, source) || !address_parse(&h.destination, destination))
    abort();
  return h;
}

static void written(char const *says, struct proxyheader const *h, char const *expected, size_t length)
{
  uint8_t out[PROXYHEADER_MAX];
  size_t count = proxyheader_write(out, sizeof out, h);
  ok(count == length && memcmp(out, expected, length) == 0, "written: %s", says);
  ok(proxyheader_write(out, length, h) == length && proxyheader_write(out, length - 1, h) == 0,
     "... where there is room for it");
}

static void headers_are_written(void)
{
  struct proxyheader h = tcp_header(1, "10.0.0.1", "192.0.2.2");
  uint8_t out[PROXYHEADER_MAX];
  written("a line of IPv4", &h, OCTETS("PROXY TCP4 10.0.0.1 192.0.2.2 56324 443\r\n"));
  h.version = 2;
  written("octets of IPv4", &h, OCTETS(V2 "\x21\x11\x00\x0c" IPV4_BLOCK));
  h = tcp_header(1, "2001:db8::1", "2001:db8::2");
  written("a line of IPv6", &h, OCTETS("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n"));
  h.version = 2;
  written("octets of IPv6", &h, OCTETS(V2 "\x21\x21\x00\x24" IPV6_BLOCK));
  h = tcp_header(1, "10.0.0.1", "2001:db8::2");
  written("IPv4 to IPv6", &h, OCTETS("PROXY TCP6 ::ffff:10.0.0.1 2001:db8::2 56324 443\r\n"));
  h = tcp_header(2, "2001:db8::1", "192.0.2.2");
  written("IPv6 to IPv4", &h,
          OCTETS(V2 "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
                    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x02\xdc\x04\x01\xbb"));
  h = (struct proxyheader){.version = 1, .kind = PROXYHEADER_UNKNOWN};
  written("a line without addresses", &h, OCTETS("PROXY UNKNOWN\r\n"));
  h.kind = PROXYHEADER_LOCAL;
  written("LOCAL as a line", &h, OCTETS("PROXY UNKNOWN\r\n"));
  h.version = 2;
  written("LOCAL", &h, OCTETS(V2 "\x20\x00\x00\x00"));
  h.kind = PROXYHEADER_UNKNOWN;
  written("no family", &h, OCTETS(V2 "\x21\x00\x00\x00"));
  proxyheader_parse(&h, (uint8_t const *)whole, sizeof whole - 1);
  ok(proxyheader_write(out, sizeof out, &h) > sizeof whole - 20, "written: every fact");

  h = (struct proxyheader){.version = 2, .kind = PROXYHEADER_TCP};
  ok(proxyheader_write(out, sizeof out, &h) == 0, "not written: TCP without addresses");
  h = tcp_header(3, "10.0.0.1", "192.0.2.2");
  ok(proxyheader_write(out, sizeof out, &h) == 0, "not written: another version");
  h.version = 2;
  h.authority = (struct proxyheader_text){.octets = "a\nb", .length = 3};
  ok(proxyheader_write(out, sizeof out, &h) == 0, "not written: an authority with a LF");
  h.authority = (struct proxyheader_text){.octets = NULL};
  h.unique_id = (struct proxyheader_text){.octets = whole, .length = 129};
  ok(proxyheader_write(out, sizeof out, &h) == 0, "not written: a unique id of 129 octets");
  h = (struct proxyheader){.version = 2, .kind = PROXYHEADER_UNIX, .source_path = {"a\0b", 3}};
  ok(proxyheader_write(out, sizeof out, &h) == 0, "not written: a path with a NUL");
}

/* --- As variables --------------------------------------------------------------------------------------- */

static char const *variable(struct environment const *e, char const *name)
{
  char const *value = environment_get(e, name);
  return value ? value : "(unset)";
}

static void facts_as_variables(void)
{
  static struct environment e = ENVIRONMENT_ZERO;
  static struct proxyheader h;
  static struct environment stripped = ENVIRONMENT_ZERO;
  char const *const none[] = {NULL};

  environment_load(&e, none, NULL);
  proxyheader_parse(&h, (uint8_t const *)whole, sizeof whole - 1);
  ok(proxyheader_environment(&h, &e) == 0, "facts become variables");
  is_string(variable(&e, "PROXY_AUTHORITY"), "mail.example.org", "the authority");
  is_string(variable(&e, "PROXY_ALPN"), "h2", "ALPN");
  is_string(variable(&e, "PROXY_UNIQUE_ID"), "(unset)", "a unique id that is not printable is none");
  is_string(variable(&e, "PROXY_NETNS"), "blue", "the network namespace");
  is_string(variable(&e, "PROXY_SSL_VERSION"), "TLSv1.3", "the version of TLS");
  is_string(variable(&e, "PROXY_SSL_CN"), "Jos\xc3\xa9 Doe x", "the name in the certificate");
  is_string(variable(&e, "PROXY_SSL_CIPHER"), "TLS_AES_256_GCM_SHA384", "the cipher");
  is_string(variable(&e, "PROXY_SSL_SIG_ALG"), "RSA-SHA256", "the signature");
  is_string(variable(&e, "PROXY_SSL_KEY_ALG"), "RSA2048", "the key");
  environment_load(&stripped, e.entry, environment_ucspi_names);
  ok(e.count == 8 && stripped.count == 0, "inherited, none of them would pass");
  environment_free(&stripped);

  environment_load(&e, none, NULL);
  h.tls.verify = 20;
  proxyheader_environment(&h, &e);
  is_string(variable(&e, "PROXY_SSL_CN"), "(unset)", "a certificate that was not verified names nobody");
  h.tls.verify = 0;
  h.tls.certificate = h.tls.certificate_now = false;
  environment_load(&e, none, NULL);
  proxyheader_environment(&h, &e);
  is_string(variable(&e, "PROXY_SSL_CN"), "(unset)", "nor does one that was not there");
  h.tls.used = false;
  environment_load(&e, none, NULL);
  proxyheader_environment(&h, &e);
  is_string(variable(&e, "PROXY_SSL_VERSION"), "(unset)", "without TLS nothing is said about it");
  environment_free(&e);
}

int main(void)
{
  good_lines_are_taken();
  unknown_lines_are_taken();
  bad_lines_are_refused();
  good_binaries_are_taken();
  bad_binaries_are_refused();
  nobodys_facts();
  bounds_of_facts();
  the_longest();
  all_facts();
  of_haproxy();
  paths();
  headers_are_written();
  facts_as_variables();
  return tap_done();
}
