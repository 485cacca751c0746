/* Addresses: nothing but a whole, legal one is parsed; each has one spelling; prefixes compare bit by bit. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include "address.h"
#include "tap.h"

static char const *canonical(char const *text)
{
  static char out[ADDRESS_TEXT_SIZE];
  struct address a;
  if (!address_parse(&a, text))
    return "(none)";
  if (address_print(out, &a) != strlen(out))
    return "(length)";
  return out;
}

static void spellings(void)
{
  static char const *const pair[][2] = {
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"127.0.0.1", "127.0.0.1"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
      {"0:1::", "0:1::"},
      {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
      {"::ffff:102:304", "::ffff:1.2.3.4"},
      {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
      {"::1.2.3.4", "::102:304"},
      {"ABCD:EF01:2345:6789:abcd:ef01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
      {"00:0a:00b::", "0:a:b::"},
  };
  for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
    is_string(canonical(pair[i][0]), pair[i][1], pair[i][0]);
}

static void nonsense(void)
{
  static char const *const text[] = {"",
                                     " ",
                                     "1",
                                     "1.2.3",
                                     "1.2.3.",
                                     "1.2.3.4.",
                                     "1.2.3.4.5",
                                     "1..3.4",
                                     ".1.2.3",
                                     "1.2.3.256",
                                     "300.1.1.1",
                                     "1.2.3.04",
                                     "01.2.3.4",
                                     "1.2.3.1000",
                                     "1.2.3.4294967300",
                                     "1.2.3.-1",
                                     "1.2.3.+1",
                                     "1.2.3.4 ",
                                     " 1.2.3.4",
                                     "1.2.3.4\n",
                                     "1.2.3.0x1",
                                     "1.2.3.4/32",
                                     "0x7f000001",
                                     "localhost",
                                     ":",
                                     ":::",
                                     "1:2",
                                     "1:2:3:4:5:6:7",
                                     "1:2:3:4:5:6:7:8:9",
                                     "1:2:3:4:5:6:7:8:",
                                     ":1:2:3:4:5:6:7:8",
                                     "1::2::3",
                                     "12345::",
                                     "g::",
                                     "::1 ",
                                     " ::1",
                                     "[::1]",
                                     "::1/128",
                                     "::ffff:1.2.3",
                                     "::ffff:1.2.3.256",
                                     "::ffff:300.1.1.1",
                                     "1.2.3.4::",
                                     "::1%lo",
                                     "fe80::1%",
                                     "fe80::1%no-such-interface",
                                     "fe80::1%4294967295",
                                     "1.2.3.4%lo",
                                     "%lo",
                                     "2001:db8::1%1",
                                     "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee"};
  for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
    struct address a;
    ok(!address_parse(&a, text[i]), "nonsense address %zu is refused", i);
  }
}

static void zones(void)
{
  struct address by_name, by_index, none, other;
  char text[ADDRESS_TEXT_SIZE];
  unsigned int lo = if_nametoindex("lo");
  snprintf(text, sizeof text, "fe80::1%%%u", lo);
  ok(lo && address_parse(&by_name, "fe80::1%lo") && by_name.scope == lo, "a zone is an interface's name");
  ok(address_parse(&by_index, text) && address_equal(&by_name, &by_index), "or its index");
  ok(address_parse(&none, "fe80::1") && !address_equal(&by_name, &none),
     "a zone counts in link-local addresses");
  ok(address_parse(&none, "2001:db8::1") && address_parse(&other, "2001:db8::1"), "others");
  other.scope = 7;
  ok(address_equal(&none, &other), "are the same in all zones");
  address_print(text, &by_name);
  is_string(text, "fe80::1", "the zone is not printed");
  address_mask(&by_name, 64);
  ok(by_name.scope == 0, "a network has no zone");
}

static void printing(void)
{
  struct address a;
  char out[ADDRESS_TEXT_SIZE];
  address_parse(&a, "10.0.0.1");
  ok(address_print_mapped(out, &a) == strlen("::ffff:10.0.0.1"), "the length of a mapped address");
  is_string(out, "::ffff:10.0.0.1", "an IPv4 address as IPv6");
  ok(address_print_bracketed(out, &a) == 8, "the length of an IPv4 address for the log");
  is_string(out, "10.0.0.1", "has no brackets");
  address_parse(&a, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255");
  ok(address_print_bracketed(out, &a) == 41 && strlen(out) == 41,
     "the longest address fits with its brackets");
  address_parse(&a, "::1");
  address_print_mapped(out, &a);
  is_string(out, "::1", "an IPv6 address stays what it is");
  address_print_bracketed(out, &a);
  is_string(out, "[::1]", "an IPv6 address gets brackets");
  a.family = ADDRESS_NONE;
  ok(address_print(out, &a) == 0 && out[0] == '\0', "no address is no text");
}

static void printing_labels(void)
{
  struct address a;
  char out[ADDRESS_LABELS_SIZE];
  address_parse(&a, "192.0.2.10");
  ok(address_print_labels(out, &a) == strlen("10.2.0.192."), "the length of an IPv4 address as labels");
  is_string(out, "10.2.0.192.", "its octets, the last first");
  address_parse(&a, "2001:db8::567:89ab");
  ok(address_print_labels(out, &a) == sizeof out - 1, "an IPv6 address as labels takes all the room");
  is_string(out, "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.",
            "its digits, the last first, as in RFC 3596");
  a.family = ADDRESS_NONE;
  ok(address_print_labels(out, &a) == 0 && out[0] == '\0', "no address has no labels");
}

static void mapped(void)
{
  struct address a, b;
  address_parse(&a, "::ffff:10.0.0.1");
  address_parse(&b, "10.0.0.1");
  ok(a.family == ADDRESS_IPV6 && !address_equal(&a, &b), "a mapped address is parsed as IPv6");
  address_unmap(&a);
  ok(address_equal(&a, &b), "and unmapped on demand");
  address_parse(&a, "::fffe:10.0.0.1");
  address_unmap(&a);
  ok(a.family == ADDRESS_IPV6, "others are left alone");
}

static bool in(char const *text, char const *network, unsigned int bits)
{
  struct address a;
  struct network n = {.bits = bits};
  address_parse(&a, text);
  address_parse(&n.address, network);
  address_mask(&n.address, bits);
  return address_in_network(&a, &n);
}

static void networks(void)
{
  ok(in("10.1.2.3", "10.0.0.0", 8) && !in("11.1.2.3", "10.0.0.0", 8), "a network at an octet's edge");
  ok(in("172.31.0.1", "172.16.0.0", 12) && !in("172.32.0.1", "172.16.0.0", 12), "and between octets");
  ok(in("10.0.0.1", "10.0.0.0", 31) && !in("10.0.0.2", "10.0.0.0", 31), "a /31");
  ok(in("10.0.0.2", "10.0.0.2", 32) && !in("10.0.0.3", "10.0.0.2", 32), "a /32");
  ok(in("255.255.255.255", "0.0.0.0", 0), "/0 is everything");
  ok(in("2001:db8::1", "2001:db8::", 32) && !in("2001:db9::1", "2001:db8::", 32), "an IPv6 network");
  ok(in("::1", "::1", 128) && !in("::2", "::1", 128), "a /128");
  ok(!in("::1", "0.0.0.0", 0) && !in("1.2.3.4", "::", 0), "families are apart");
}

/* The text as it is read: the address, its length, and whether there are host bits; or "no". */
static bool reads(char const *text, char const *expected)
{
  struct network n;
  char address[ADDRESS_TEXT_SIZE], got[ADDRESS_TEXT_SIZE + 16] = "no";
  if (network_parse(&n, text)) {
    address_print(address, &n.address);
    snprintf(got, sizeof got, "%s/%u%s", address, n.bits, network_has_host_bits(&n) ? " host bits" : "");
  }
  if (strcmp(got, expected) == 0)
    return true;
  printf("# %s: got %s\n", text, got);
  return false;
}

static void network_texts(void)
{
  static char const *const none[] = {"",
                                     "/",
                                     "/8",
                                     "10.0.0.0/",
                                     "10.0.0.0/33",
                                     "10.0.0.0/-1",
                                     "10.0.0.0/8 ",
                                     " 10.0.0.0/8",
                                     "10.0.0.0/8/8",
                                     "10.0.0/8",
                                     "10./8",
                                     "010.0.0.0/8",
                                     "::/129",
                                     "2001:db8::/0x20",
                                     "fe80::1%lo",
                                     "fe80::%lo/64",
                                     "[::1]",
                                     "localhost",
                                     "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8"};
  bool right = true;
  ok(reads("192.0.2.1", "192.0.2.1/32") && reads("::1", "::1/128"), "an address is a network of one");
  ok(reads("10.0.0.0/8", "10.0.0.0/8") && reads("0.0.0.0/0", "0.0.0.0/0"), "an IPv4 network is read");
  ok(reads("2001:DB8::/32", "2001:db8::/32") && reads("::/0", "::/0"), "an IPv6 network is read");
  ok(reads("10.0.0.1/8", "10.0.0.1/8 host bits") && reads("2001:db8::1/127", "2001:db8::1/127 host bits"),
     "host bits are found");
  ok(reads("::ffff:10.0.0.0/104", "10.0.0.0/8") && reads("::ffff:10.0.0.1", "10.0.0.1/32") &&
         reads("::ffff:0:0/96", "0.0.0.0/0"),
     "mapped addresses are IPv4");
  ok(reads("::ffff:0:0/95", "::ffff:0.0.0.0/95 host bits"), "what is more than those is not");
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
    right = reads(none[i], "no") && right;
  ok(right, "all else is no network");
}

static void every_mask_of_every_length(void)
{
  size_t wrong = 0;
  for (int family = 0; family < 2; family++) {
    struct address full, a;
    address_parse(&full, family ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" : "255.255.255.255");
    for (unsigned int bits = 0; bits <= address_bits(&full) + 1; bits++) {
      unsigned int ones = 0;
      a = full;
      address_mask(&a, bits);
      for (int i = 0; i < 128; i++)
        if (a.octet[i / 8] >> (7 - i % 8) & 1)
          ones += (unsigned int)i == ones; /* counts only ones that stand together at the start */
      wrong += ones != (bits > address_bits(&full) ? address_bits(&full) : bits);
    }
  }
  ok(wrong == 0, "a mask keeps exactly the first bits");
}

static void kinds(void)
{
  struct address a;
  address_parse(&a, "0.0.0.0");
  ok(address_is_any(&a), "0.0.0.0 is any");
  address_parse(&a, "::");
  ok(address_is_any(&a) && !address_is_link_local(&a), ":: is any");
  address_parse(&a, "::1");
  ok(!address_is_any(&a), "::1 is not");
  a = (struct address){.family = ADDRESS_NONE};
  ok(!address_is_any(&a) && address_bits(&a) == 0, "no address is not any");
  address_parse(&a, "febf::1");
  ok(address_is_link_local(&a), "fe80::/10 is link-local");
  address_parse(&a, "fec0::1");
  ok(!address_is_link_local(&a), "fec0:: is not");
  address_parse(&a, "ff02::1");
  ok(address_is_link_local(&a), "so are groups on the link");
}

static void socket_addresses(void)
{
  struct sockaddr_storage ss;
  struct sockaddr_in *in4 = (struct sockaddr_in *)&ss;
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
  struct address a, back;
  uint16_t port = 0;

  address_parse(&a, "127.0.0.1");
  ok(address_to_sockaddr(&ss, &a, 25) == sizeof *in4 && in4->sin_port == htons(25) &&
         in4->sin_addr.s_addr == htonl(0x7f000001),
     "an IPv4 socket address");
  ok(address_from_sockaddr(&back, &port, (struct sockaddr *)&ss) && address_equal(&a, &back) && port == 25,
     "and back");
  address_parse(&a, "fe80::2%lo");
  ok(address_to_sockaddr(&ss, &a, 80) == sizeof *in6 && in6->sin6_scope_id == a.scope,
     "an IPv6 socket address");
  ok(address_from_sockaddr(&back, &port, (struct sockaddr *)&ss) && address_equal(&a, &back) && port == 80,
     "and back, with its zone");
  address_parse(&a, "::ffff:10.0.0.1");
  address_to_sockaddr(&ss, &a, 1);
  address_from_sockaddr(&back, &port, (struct sockaddr *)&ss);
  ok(back.family == ADDRESS_IPV4 && back.octet[0] == 10, "a mapped one comes out as IPv4");
  a.family = ADDRESS_NONE;
  ok(address_to_sockaddr(&ss, &a, 1) == 0, "no address has no socket address");
  ss.ss_family = AF_UNIX;
  ok(!address_from_sockaddr(&back, &port, (struct sockaddr *)&ss), "other families are refused");
}

int main(void)
{
  spellings();
  nonsense();
  zones();
  printing();
  printing_labels();
  mapped();
  networks();
  network_texts();
  every_mask_of_every_length();
  kinds();
  socket_addresses();
  return tap_done();
}
