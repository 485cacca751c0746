/* xinetdconf.c, inetdconf.c and service.c of inetd-import - from lines to the values that hold in the end. */
#include <stdlib.h>

#include "../../src/inetd-import/inetdconf.h"
#include "../../src/inetd-import/service.h"
#include "../../src/inetd-import/xinetdconf.h"
#include "tap.h"

static struct config parsed;

static void parse(char const *text)
{
  config_free(&parsed);
  xinetdconf_parse(&parsed, "x", text, strlen(text));
}

static void parse_inetd(char const *text)
{
  config_free(&parsed);
  inetdconf_parse(&parsed, "i", text, strlen(text));
}

/* The values of an attribute of entry `at`, defaults applied, with blanks between; "-" if it is not set. */
static char const *value(size_t at, enum attribute attribute)
{
  static struct text values;
  struct service d, s;
  text_free(&values);
  text_add(&values, "");
  if (at >= parsed.count)
    return "no entry";
  service_defaults(&d, &parsed);
  service_build(&s, &parsed.entries[at], &d);
  if (!s.at[attribute])
    text_add(&values, "-");
  for (size_t i = 0; s.at[attribute] && i < s.at[attribute]->values.count; i++)
    text_addf(&values, "%s%s", i ? " " : "", s.at[attribute]->values.list[i]);
  service_free(&s);
  service_free(&d);
  return values.at;
}

static void lines_of_xinetd(void)
{
  parse("# c\n\n \tservice  a \n{\n\tserver = /x\n # c\n\n\tserver_args\t=\ta  b\r\n\tflags =IPv4\n }\t\n");
  ok(parsed.count == 1 && !parsed.entries[0].broken && parsed.remarks.count == 0, "an entry between braces");
  is_string(value(0, A_SERVER), "/x", "its attributes");
  is_string(value(0, A_SERVER_ARGS), "a b", "... with several values, and a CR behind them");
  is_string(value(0, A_FLAGS), "IPv4", "a blank behind the operator may be missing");
  ok(parsed.entries[0].place.line == 3 && parsed.entries[0].settings[1].place.line == 8,
     "places have their lines");
  parse("service a\n{\n server=/x\n}\n");
  ok(parsed.entries[0].broken, "one before it may not, as for xinetd");
  parse("service a\n{\n server = \n}\nservice b\n{\n}\n");
  ok(parsed.count == 2 && !parsed.entries[1].broken,
     "what is wrong with one entry is not wrong with the next");
  parse("service a\nservice b\n{\n server = /y\n}\n");
  ok(parsed.count == 1 && parsed.entries[0].broken, "a head that has no braces takes the next line with it");
  parse("include /a\nincludedir /b\n");
  ok(parsed.inclusions_count == 2 && !parsed.inclusions[0].folder && parsed.inclusions[1].folder,
     "inclusions");
  parse("service a\n{\n");
  ok(parsed.entries[0].broken, "an entry that does not end is none");
}

static void values_in_the_end(void)
{
  parse("defaults\n{\n only_from = a b\n only_from = c\n instances = 3\n instances = 4\n}\n"
        "service plain\n{\n}\n"
        "service set\n{\n only_from = x\n only_from = y\n instances = 9\n}\n"
        "service add\n{\n only_from += x\n only_from -= b\n}\n"
        "service none\n{\n only_from =\n}\n");
  is_string(value(1, A_ONLY_FROM), "a b c", "defaults add up");
  is_string(value(1, A_INSTANCES), "3", "... and of others the first counts");
  is_string(value(2, A_ONLY_FROM), "y", "in a service the last = counts");
  is_string(value(2, A_INSTANCES), "9", "... before the defaults");
  is_string(value(3, A_ONLY_FROM), "a c x", "+= and -= change the defaults");
  is_string(value(4, A_ONLY_FROM), "", "no values are a value");
}

static void lines_of_inetd(void)
{
  parse_inetd("# c\nftp\tstream\ttcp\tnowait\troot\t/usr/sbin/ftpd\tftpd -l \"a b\" 'c\n  d\n\t# e\nx\n");
  ok(parsed.count == 2, "a line is a service, and what begins with a blank goes on with it");
  is_string(value(0, A_SERVER), "/usr/sbin/ftpd", "its program");
  is_string(value(0, A_SERVER_ARGS), "ftpd -l a b 'c d", "its arguments, in quotes where they end");
  is_string(value(0, A_GROUPS), "yes", "with the user's groups");
  is_string(value(0, A_PORT), "ftp", "at its port");
  ok(parsed.entries[1].broken && parsed.entries[1].place.line == 5, "a line that is too short is none");
  parse_inetd("a stream tcp nowait u.g/c /x\nb stream tcp4 wait u:g /x x\nc stream tcp6 nowait.5 u internal");
  is_string(value(0, A_GROUP), "g", "user.group");
  is_string(value(0, A_USER), "u", "... is both");
  is_string(value(0, A_SERVER_ARGS), "/x", "a program without arguments has its own name");
  is_string(value(1, A_GROUP), "g", "user:group");
  is_string(value(1, A_FLAGS), "IPv4 NAMEINARGS", "tcp4");
  is_string(value(1, A_WAIT), "yes", "wait");
  is_string(value(2, A_V6ONLY), "yes", "tcp6");
  is_string(value(2, A_PER_MINUTE), "5", "nowait.5");
  is_string(value(2, A_TYPE), "UNLISTED INTERNAL", "internal");
  parse_inetd("1.2.3.4:\na stream tcp nowait u /x x\n*:b stream tcp nowait u /x x\n::1,[::2]:c stream tcp "
              "nowait u /x x\n");
  is_string(value(0, A_BIND), "1.2.3.4", "an address for all that follows");
  is_string(value(1, A_BIND), "-", "... but for who has another");
  is_string(value(2, A_BIND), "::1", "several addresses");
  is_string(value(3, A_BIND), "::2", "... are several services");
  parse_inetd("tcpmux/a stream tcp nowait u /x x\ntcpmux/+b stream tcp nowait u /x x\n");
  is_string(value(0, A_TYPE), "UNLISTED TCPMUX", "tcpmux/a");
  is_string(value(1, A_TYPE), "UNLISTED TCPMUXPLUS", "tcpmux/+b");
  ok(parsed.count == 2 && strcmp(parsed.entries[1].name, "b") == 0, "... is b");
}

static void forms_are_told_apart(void)
{
  static struct {
    char const *text;
    bool xinetd;
  } const files[] = {
      {"# c\n\nservice a\n{\n", true},
      {"defaults\n{\n", true},
      {"includedir /x\n", true},
      {"service a {\n", true},
      {"service stream tcp\n", false},
      {"ftp stream tcp nowait\n", false},
      {"", false},
      {"#\n", false},
      {"}\nservice a\n", true},
  };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    ok(xinetdconf_likely(files[i].text, strlen(files[i].text)) == files[i].xinetd, "form of file %zu", i);
}

int main(void)
{
  lines_of_xinetd();
  values_in_the_end();
  lines_of_inetd();
  forms_are_told_apart();
  config_free(&parsed);
  return tap_done();
}
