/* access.c of inetd-import - addresses of xinetd become keys of rules. */
#include "../../src/inetd-import/access.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static unsigned int networks(char const *name, unsigned int *number)
{
  if (strcmp(name, "campus") != 0)
    return 0;
  *number = 10 << 8 | 7;
  return 2;
}

/* All keys of one value, with blanks between; "no" if it is none. */
static char const *keys_of(char const *value)
{
  static struct text keys;
  struct access a = {.count = 0};
  char const *why = "";
  text_free(&keys);
  text_add(&keys, "");
  if (!access_add(&a, value, false, networks, &why))
    text_add(&keys, a.count == 0 && *why ? "no" : "left something");
  for (size_t i = 0; i < a.count; i++)
    text_addf(&keys, "%s%s", i ? " " : "", a.keys[i]);
  access_free(&a);
  return keys.at;
}

static void each_form_has_its_keys(void)
{
  static struct {
    char const *value, *keys;
  } const forms[] = {
      {"192.0.2.7", "192.0.2.7"},
      {"192.0.2.0", "192.0.2.0/24"},
      {"192.0.0.0", "192.0.0.0/8"},
      {"192.7.0.0", "192.7.0.0/16"},
      {"10.0.0.0", "10.0.0.0/8"},
      {"0.0.0.0", "0.0.0.0/0"},
      {"10.0.5.0", "10.0.5.0/24"},
      {"192.0.2.{1,22,3}", "192.0.2.1 192.0.2.22 192.0.2.3"},
      {"10.{1,2}", "10.1.0.0/16 10.2.0.0/16"},
      {"10.2.{3,0}", "10.2.3.0/24 10.2.0.0/16"},
      {"192.0.2.77/24", "192.0.2.0/24"},
      {"192.0.2.7/32", "192.0.2.7"},
      {"1.2.3.4/0", "0.0.0.0/0"},
      {"2001:DB8::1", "2001:db8::1"},
      {"2001:db8::", "2001:db8::"},
      {"2001:db8::1/32", "2001:db8::/32"},
      {"::ffff:10.0.0.1", "10.0.0.1"},
      {"::ffff:10.0.0.1/104", "10.0.0.0/8"},
      {"Host.Example.ORG", "=host.example.org"},
      {".Example.org", "=.example.org"},
      {"campus", "10.7.0.0/16"},
      {"10.1", "no"},
      {"1.2.3.4.5", "no"},
      {"1.2.3.256", "no"},
      {"1.2.3.4/33", "no"},
      {"1.2.3.4/", "no"},
      {"/8", "no"},
      {"::/129", "no"},
      {"fe80::1%1", "no"},
      {"1.2.{3,}", "no"},
      {"1.2.{}", "no"},
      {"1.2.{,3}", "no"},
      {"1.2.{3", "no"},
      {"1.2.{3}.4", "no"},
      {"1.2.3.4.{5}", "no"},
      {"{1,2}.3", "no"},
      {"1.2.{300}", "no"},
      {"a:allow", "no"},
      {"a@b", "no"},
      {"=host", "no"},
      {"", "no"},
      {".", "no"},
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    char const *keys = keys_of(forms[i].value);
    ok(strcmp(keys, forms[i].keys) == 0, "'%s' is %s", forms[i].value, forms[i].keys);
    if (strcmp(keys, forms[i].keys) != 0)
      printf("# got %s\n", keys);
  }
}

static void equal_keys_deny(void)
{
  struct access a = {.count = 0};
  char const *why;
  access_add(&a, "10.0.0.0/8", false, networks, &why);
  access_add(&a, "192.0.2.1", false, networks, &why);
  access_add(&a, "10.0.0.0", true, networks, &why);
  access_add(&a, "192.0.2.1", false, networks, &why);
  access_settle(&a);
  ok(a.count == 2, "of equal keys one is left");
  ok(a.count == 2 && strcmp(a.keys[0], "192.0.2.1") == 0 && !a.deny[0], "... an allowed one where both are");
  ok(a.count == 2 && strcmp(a.keys[1], "10.0.0.0/8") == 0 && a.deny[1],
     "... the denying one where they differ");
  access_free(&a);
}

static void names_are_noticed(void)
{
  struct access a = {.count = 0};
  char const *why;
  access_add(&a, "192.0.2.1", false, networks, &why);
  ok(!a.names, "addresses need no names");
  access_add(&a, ".example.org", true, networks, &why);
  ok(a.names && !a.names_allowed, "names that are refused have to be looked up");
  access_add(&a, "example.org", false, networks, &why);
  ok(a.names_allowed, "names that are admitted have to be true, too");
  access_free(&a);
}

int main(void)
{
  each_form_has_its_keys();
  equal_keys_deny();
  names_are_noticed();
  return tap_done();
}
