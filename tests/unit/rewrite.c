/* rewrite.c - how host arguments become the names to look up, by rules of a file and by local domains. */
#include "rewrite.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"

#define NAMES_MAX 8

/* The names that come out, with '|' between. */
static char const *applied(struct rewrite const *r, char const *name)
{
  static char text[NAMES_MAX * HOSTNAME_SIZE];
  char out[NAMES_MAX][HOSTNAME_SIZE];
  size_t count = rewrite_apply(r, name, out, NAMES_MAX), len = 0;
  text[0] = '\0';
  for (size_t i = 0; i < count; i++)
    len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? "|" : "", out[i]);
  return text;
}

/* The sample instructions of the page that describes the format. */
#define SAMPLE                                                                                               \
  "# anything.local -> me\n-.local:me\n# me -> 127.0.0.1\n=me:127.0.0.1\n# any.name.a -> any.name.af.mil\n"  \
  "*.a:.af.mil\n# any-name-without-dots -> any-name-without-dots.heaven.af.mil\n?:.heaven.af.mil\n"          \
  "# remove trailing dot\n*.:\n"
#define SEARCH "?:+.heaven.af.mil+.af.mil\n*.:\n"

struct example {
  char const *rules, *name, *names, *says;
};

static struct example const examples[] = {
    {SAMPLE, "cheetah", "cheetah.heaven.af.mil", "a name without dots gets its domain"},
    {SAMPLE, "www.example.com", "www.example.com", "a name with dots stays"},
    {SAMPLE, "lion.a", "lion.af.mil", "a suffix is replaced"},
    {SAMPLE, "x.lion.A", "x.lion.af.mil", "a suffix in capitals is"},
    {SAMPLE, "me", "127.0.0.1", "a whole name is replaced"},
    {SAMPLE, "ME", "127.0.0.1", "a whole name in capitals is"},
    {SAMPLE, "anything.local", "127.0.0.1", "one rule's result goes through the later ones"},
    {SAMPLE, "a.b.local", "127.0.0.1", "- replaces all of the name"},
    {SAMPLE, "cheetah.", "cheetah", "a dot at the end stops a name from getting a domain"},
    {SAMPLE, "www.example.com.", "www.example.com", "a dot at the end goes"},
    {SAMPLE, "Cheetah", "cheetah.heaven.af.mil", "capitals become small"},
    {"=a:b\n", "xa", "xa", "= wants all of the name"},
    {"=a:b\n", "ax", "ax", "= wants no more than the name"},
    {"=a:b\n=b:c\n", "a", "c", "rules follow each other"},
    {"=b:c\n=a:b\n", "a", "b", "each rule is tried once, in order"},
    {"*a:aa\n", "a", "aa", "a rule that matches its own result ends"},
    {"*longer.than.the.name:x\n", "name", "name", "a suffix longer than the name does no harm"},
    {"*:.x\n", "a.b", "a.b.x", "an empty suffix always matches"},
    {"?.lan:.example\n", "a.lan", "a.example", "? with a suffix"},
    {"?.lan:.example\n", "a.b.lan", "a.b.lan", "? looks for dots before the suffix only"},
    {"?x:y\n-x:spared\n", "[x", "spared", "? spares names with brackets"},
    {"?x:y\n-x:spared\n", "]x", "spared", "of either kind"},
    {"?x:y\n-x:spared\n", "::x", "spared", "? spares what has colons"},
    {"?:.x\n", "::1", "", "an IPv6 address is no name"},
    {"-.x:a\n*:.y\n", "n.x", "a.y", "rules go on after -"},
    {"=a:b:c\n", "a", "", "what follows the first colon is the new name"},
    {"=a:b+c\n=b+c:d\n", "a", "d", "alternatives are split after the last rule"},
    {SEARCH, "lion", "lion.heaven.af.mil|lion.af.mil", "alternatives come in order"},
    {SEARCH, "lion.", "lion", "no alternatives after a dot"},
    {"", "cheetah+.heaven.af.mil+.af.mil", "cheetah.heaven.af.mil|cheetah.af.mil",
     "a user may give alternatives"},
    {"", "a+", "a", "an empty alternative is the prefix"},
    {"", "a++.b", "a|a.b", "in front of others"},
    {"", "a+.b+", "a.b|a", "behind others"},
    {"", "+a+b", "a|b", "an empty prefix"},
    {"", "a+.b.+.c.", "a.b|a.c", "each alternative loses its dot"},
    {"", "a+ .b+.c", "a.c", "an alternative that is no name is passed over"},
    {"", "+", "", "a plus alone is no name"},
    {"", "", "", "an empty name is none"},
    {"=:x\n", "", "x", "unless a rule makes it one"},
    {"", ".", "", "a dot is none"},
    {"", "a..b", "", "empty labels are none"},
    {"", "a b", "", "a space is none"},
    {"", "a\nb", "", "a newline is none"},
    {"", "() { :;};", "", "a shell function is none"},
    {"", "a\xff", "", "octets beyond ASCII are none"},
    {"\n\n  \t\r\n# x\n#\n=a:b", "a", "b", "blank lines and comments are skipped, the last LF may lack"},
    {"=a:b  \t \r\n", "a", "b", "blanks and CR at the end of a line are dropped"},
    {"=a:\n", "a", "", "a rule may remove a name"},
    {"# only a comment", "a", "a", "a file without rules leaves names alone"},
};

static void examples_hold(void)
{
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    struct rewrite r;
    size_t line = 0;
    int result = rewrite_parse(&r, examples[i].rules, strlen(examples[i].rules), &line);
    ok(result == 0, "the rules of the next example are rules");
    is_string(applied(&r, examples[i].name), examples[i].names, examples[i].says);
    rewrite_free(&r);
  }
}

struct no_rule {
  char const *text;
  size_t len, line;
  char const *says;
};
#define OCTETS(text) (text), sizeof(text) - 1
static struct no_rule const no_rules[] = {
    {OCTETS("=a\n"), 1, "no colon"},
    {OCTETS("a:b\n"), 1, "no kind"},
    {OCTETS("+a:b\n"), 1, "another kind"},
    {OCTETS("=a:b\n\n# c\n:\n*x\n"), 4, "a colon alone, after lines that are skipped"},
    {OCTETS("=a:b\n*"), 2, "a kind alone, without LF"},
    {OCTETS(" =a:b\n"), 1, "a blank in front"},
    {OCTETS(" # c\n"), 1, "a comment with a blank in front"},
    {OCTETS("=a:b # c\n"), 1, "a comment behind a rule"},
    {OCTETS("=a b:c\n"), 1, "a blank inside"},
    {OCTETS("=a:b\0\n"), 1, "a NUL at the end"},
    {OCTETS("=a\0:b\n"), 1, "a NUL before the colon"},
    {OCTETS("\0\n"), 1, "a NUL alone"},
    {OCTETS("=a:\x1b[2J\n"), 1, "escape sequences"},
    {OCTETS("=a:\xc3\xa4\n"), 1, "UTF-8"},
    {OCTETS("=a:b\n=c:d\n=e:\x7f\n"), 3, "DEL"},
};

static void what_is_no_rule(void)
{
  for (size_t i = 0; i < sizeof no_rules / sizeof *no_rules; i++) {
    struct rewrite r;
    size_t line = 0;
    int result = rewrite_parse(&r, no_rules[i].text, no_rules[i].len, &line);
    ok(result == -1 && errno == EINVAL && line == no_rules[i].line, "%s is no rule, and its line is told",
       no_rules[i].says);
    ok(r.rules == NULL && r.len == 0, "... and nothing is kept");
  }
}

static void sizes(void)
{
  static char text[REWRITE_FILE_MAX + 2], name[20000];
  char out[3][HOSTNAME_SIZE];
  struct rewrite r;
  size_t line = 0;

  ok(rewrite_parse(&r, text, 0, &line) == 0, "an empty file has no rules");
  is_string(applied(&r, "a"), "a", "and leaves names alone");
  rewrite_free(&r);

  memset(text, '#', sizeof text);
  ok(rewrite_parse(&r, text, REWRITE_FILE_MAX, &line) == 0, "64 KiB are read");
  rewrite_free(&r);
  ok(rewrite_parse(&r, text, REWRITE_FILE_MAX + 1, &line) == -1 && errno == EFBIG, "one octet more is not");

  memset(text, 'y', sizeof text);
  memcpy(text, "*:", 2);
  ok(rewrite_parse(&r, text, REWRITE_FILE_MAX, &line) == 0, "a rule may fill the file");
  ok(rewrite_apply(&r, "a", out, 3) == 0, "but what it makes is no name");
  rewrite_free(&r);

  for (size_t i = 0; i + 5 <= REWRITE_FILE_MAX; i += 5)
    memcpy(text + i, "*:.y\n", 5);
  ok(rewrite_parse(&r, text, REWRITE_FILE_MAX / 5 * 5, &line) == 0, "thousands of rules are read");
  ok(rewrite_apply(&r, "a", out, 3) == 0, "a name that grows without end is none");
  rewrite_free(&r);

  r = (struct rewrite)REWRITE_ZERO;
  memset(name, 'a', sizeof name - 1);
  ok(rewrite_apply(&r, name, out, 3) == 0, "20 kB are no name");
  name[63] = '\0';
  ok(rewrite_apply(&r, name, out, 3) == 1, "63 octets are one");
  ok(rewrite_apply(&r, "a+.b+.c+.d+.e", out, 3) == 3 && strcmp(out[2], "a.d") == 0,
     "no more names than there is room for");
  ok(rewrite_apply(&r, "a+ +.c+.d", out, 2) == 2 && strcmp(out[1], "a.d") == 0,
     "those that are none take no room");
  ok(rewrite_apply(&r, "a", out, 0) == 0, "nothing fits into nothing");
  for (size_t i = 0; i < 255; i++)
    name[i] = i % 2 ? '.' : 'a';
  name[253] = '\0';
  ok(rewrite_apply(&r, name, out, 1) == 1 && strcmp(out[0], name) == 0, "253 octets are a name");
  name[253] = '.';
  name[254] = '\0';
  ok(rewrite_apply(&r, name, out, 1) == 1 && strlen(out[0]) == 253, "a dot behind them goes");
  name[254] = 'a';
  name[255] = '\0';
  ok(rewrite_apply(&r, name, out, 1) == 0, "255 octets are none");
}

static struct example const by_domains[] = {
    {"one.example two.example", "host", "host.one.example|host.two.example", "every domain, in order"},
    {"one.example two.example", "host.", "host", "a dot at the end stops the search"},
    {"one.example two.example", "a.b", "a.b", "a name with a dot is not searched"},
    {"one.example two.example", "a.b.", "a.b", "whether a dot is at its end or not"},
    {"  one.example\t\ttwo.example \n", "host", "host.one.example|host.two.example", "any blanks"},
    {"Example.COM.", "host", "host.example.com", "a domain with a dot at its end"},
    {".example", "host", "host.example", "a domain with a dot in front"},
    {"example .", "host", "host.example|host", "a dot is the name as it is"},
    {".", "host", "host", "a dot alone"},
    {". .", "host", "host|host", "two dots"},
    {"a b c d e f g h", "x", "x.a|x.b|x.c|x.d|x.e|x.f|x.g|x.h", "short domains"},
    {"", "host", "host", "no domains"},
    {" \t ", "host", "host", "blanks only"},
    {"a..b ex*mple \x1b[2J .. ()", "host", "host", "what is no domain is as if it were not there"},
    {"a+b ok.example c:d", "host", "host.ok.example", "nor can it be mistaken for a rule"},
};

static void local_domains(void)
{
  char domains[1024];
  for (size_t i = 0; i < sizeof by_domains / sizeof *by_domains; i++) {
    struct rewrite r;
    char *copy = strdup(by_domains[i].rules);
    ok(copy && rewrite_from_domains(&r, copy) == 0, "a list of domains makes rules");
    free(copy);
    is_string(applied(&r, by_domains[i].name), by_domains[i].names, by_domains[i].says);
    rewrite_free(&r);
  }

  struct rewrite r;
  memset(domains, 'a', sizeof domains - 1);
  domains[sizeof domains - 1] = '\0';
  memcpy(domains + sizeof domains - 4, " ok", 4);
  ok(rewrite_from_domains(&r, domains) == 0, "a list with a word of 1 kB makes rules");
  is_string(applied(&r, "host"), "host.ok", "it is passed over");
  rewrite_free(&r);
  ok(r.rules == NULL && r.len == 0, "nothing is left after freeing");
  rewrite_free(&r);
  ok(true, "freeing twice does no harm");
}

int main(void)
{
  examples_hold();
  what_is_no_rule();
  sizes();
  local_domains();
  return tap_done();
}
