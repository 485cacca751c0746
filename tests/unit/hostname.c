/* hostname.c - which names from DNS are let through, and in which spelling. */
#include "hostname.h"

#include "tap.h"

#define L10 "abcdefghij"
#define L60 L10 L10 L10 L10 L10 L10
#define L63 L60 "xyz"
/* Three labels of 63 with their dots are 192 octets. */
#define N192 L63 "." L63 "." L63 "."

struct example {
  char const *name;
  char const *cleaned; /* null: no host name */
  char const *says;
};

static struct example const examples[] = {
    {"host.example.com", "host.example.com", "a plain name"},
    {"HOST.Example.COM", "host.example.com", "capitals become small"},
    {"host.example.com.", "host.example.com", "one dot at the end goes"},
    {"localhost", "localhost", "one label"},
    {"a", "a", "one letter"},
    {"a.", "a", "one letter and a dot"},
    {"_smtp._tcp.example", "_smtp._tcp.example", "underscores"},
    {"-a-.b-", "-a-.b-", "hyphens at either end of a label, which exist"},
    {"1.0.0.127.in-addr.arpa", "1.0.0.127.in-addr.arpa", "digits"},
    {"127.0.0.1", "127.0.0.1", "what looks like an address is made of labels, too"},
    {L63, L63, "a label of 63 octets"},
    {L63 ".a", L63 ".a", "a label of 63 octets in front"},
    {"a." L63 ".", "a." L63, "a label of 63 octets at the end"},
    {L63 "d", NULL, "a label of 64 octets is too long"},
    {L63 "d.a", NULL, "in front"},
    {"a." L63 "d", NULL, "at the end"},
    {"a." L63 "d.", NULL, "before the last dot"},
    {N192 L60 "1", N192 L60 "1", "253 octets in all"},
    {N192 L60 "1.", N192 L60 "1", "253 octets and a dot"},
    {N192 L60 "12", NULL, "254 octets are too long"},
    {N192 L60 "12.", NULL, "254 octets and a dot"},
    {N192 L60 ".a", NULL, "254 octets, though all labels are short"},
    {N192 L63, NULL, "255 octets"},
    {N192 L63 ".", NULL, "256 octets, the last a dot"},
    {N192 L63 ".a", NULL, "257 octets"},
    {N192 N192 N192 "a", NULL, "hundreds of octets"},
    {"", NULL, "nothing"},
    {".", NULL, "the root"},
    {"..", NULL, "two dots"},
    {".a", NULL, "a dot in front"},
    {"a..b", NULL, "an empty label"},
    {"a..", NULL, "two dots at the end"},
    {" a", NULL, "a space in front"},
    {"a ", NULL, "a space at the end"},
    {"a b", NULL, "a space inside"},
    {"a\tb", NULL, "a tab"},
    {"a\n", NULL, "a newline at the end"},
    {"a\nHost: b", NULL, "a newline inside"},
    {"a\r", NULL, "a carriage return"},
    {"\x1b[2J", NULL, "escape sequences"},
    {"a\x7f", NULL, "DEL"},
    {"\"a\"", NULL, "double quotes"},
    {"a'b", NULL, "a single quote"},
    {"`id`", NULL, "backquotes"},
    {"$(id)", NULL, "a command substitution"},
    {"() { :;};", NULL, "a shell function"},
    {"a;b", NULL, "a semicolon"},
    {"a=b", NULL, "an equals sign"},
    {"a:b", NULL, "a colon"},
    {"a@b", NULL, "an at sign"},
    {"a/b", NULL, "a slash"},
    {"a\\.b", NULL, "a backslash"},
    {"a%b", NULL, "a percent sign"},
    {"*.example", NULL, "a star"},
    {"::1", NULL, "an IPv6 address"},
    {"m\xc3\xbcller.example", NULL, "UTF-8"},
    {"\xff.example", NULL, "an octet of 255"},
    {"a.\x80", NULL, "an octet of 128"},
};

static void examples_hold(void)
{
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    struct example const *e = &examples[i];
    char const *expected = e->cleaned ? e->cleaned : "";
    char out[HOSTNAME_SIZE] = "before", place[1024];
    snprintf(place, sizeof place, "%s", e->name);
    ok(hostname_clean(out, e->name) == !!e->cleaned && strcmp(out, expected) == 0, "%s: %s", e->says,
       e->cleaned ? "is let through" : "is no host name");
    ok(hostname_clean(place, place) == !!e->cleaned && strcmp(place, expected) == 0, "... in place");
  }
}

static void every_octet_has_one_fate(void)
{
  static char const legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  bool right = true;
  for (int octet = 1; octet < 256; octet++) {
    char name[] = {'x', (char)octet, 'y', '\0'}, out[HOSTNAME_SIZE];
    right = right && hostname_clean(out, name) == !!strchr(legal, octet);
  }
  ok(right, "of 255 octets only letters, digits and - _ . stand inside a name");
}

static bool field_is_clean(char const *name)
{
  char field[HOSTNAME_SIZE] = "";
  snprintf(field, sizeof field, "%s", name);
  return hostname_is_clean(field);
}

static void fields_of_messages(void)
{
  char field[HOSTNAME_SIZE];
  ok(field_is_clean("host.example.com"), "a clean name is clean");
  ok(field_is_clean(N192 L60 "1"), "so is one of 253 octets");
  ok(!field_is_clean(N192 L60 "12"), "not one of 254");
  ok(!field_is_clean(N192 L60 "1."), "not one with a dot at the end that brings it to 254");
  ok(!field_is_clean("Host.example"), "not one with a capital");
  ok(!field_is_clean("host.example."), "not one with a dot at the end");
  ok(!field_is_clean(""), "not an empty one");
  ok(!field_is_clean("a b"), "not one with a space");

  memset(field, 'a', sizeof field);
  ok(!hostname_is_clean(field), "a field without its NUL is not clean");
  for (size_t i = 1; i < sizeof field; i += 2)
    field[i] = '.';
  ok(!hostname_is_clean(field), "nor if all its labels are short");
  field[sizeof field - 1] = '\0';
  ok(!hostname_is_clean(field), "nor if the NUL is its last octet");
  field[HOSTNAME_MAX] = '\0';
  ok(hostname_is_clean(field), "it is once it ends after 253");
}

int main(void)
{
  examples_hold();
  every_octet_has_one_fate();
  fields_of_messages();
  return tap_done();
}
