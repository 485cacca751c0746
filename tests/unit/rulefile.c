/* Rules as text: what each line compiles to, what each bad line is told, and that text made from records
 * compiles back to them. */
#include <errno.h>
#include <stdlib.h>

#include "rulefile.h"
#include "tap.h"

#define LOG_SIZE 200000

/* What came out: "key -> data" with | for NUL, or "! line problem found", one a line. */
static char out[LOG_SIZE];
static size_t out_len;
static size_t stop_after; /* records until the sink says stop; 0: never */
static struct rules_index used;
static struct rulefile file;

static void log_bytes(char const *bytes, size_t len)
{
  for (size_t i = 0; i < len && out_len < LOG_SIZE - 1; i++, out_len++) {
    out[out_len] = bytes[i];
    if (bytes[i] == '\0')
      out[out_len] = '|';
  }
  out[out_len] = '\0';
}

static void log_text(char const *text)
{
  log_bytes(text, strlen(text));
}

static int log_record(void *context, struct rulefile_record const *record)
{
  (void)context;
  log_bytes(record->key, record->key_len);
  log_text(" -> ");
  log_bytes(record->data, record->data_len);
  log_text("\n");
  used.kinds = (uint8_t)(used.kinds | record->kind);
  if (record->family != ADDRESS_NONE)
    rules_index_add_network(&used, record->family, record->bits);
  if (stop_after > 0 && --stop_after == 0) {
    errno = ENOSPC;
    return -1;
  }
  return 0;
}

static void log_complaint(void *context, struct rulefile_complaint const *complaint)
{
  char line[32];
  (void)context;
  snprintf(line, sizeof line, "%c %zu ", complaint->warning ? '?' : '!', complaint->line);
  log_text(line);
  log_bytes(complaint->found, complaint->found_len > 40 ? 40 : complaint->found_len);
  log_text(" ");
  log_text(complaint->what);
  log_text("\n");
}

static struct rulefile_sink const sink = {log_record, log_complaint, NULL};

static char const *compile_bytes(char const *bytes, size_t len, bool lenient)
{
  out_len = 0;
  out[0] = '\0';
  used = (struct rules_index){.kinds = 0};
  rulefile_start(&file, &sink, lenient);
  if (rulefile_feed(&file, bytes, len) == -1 || rulefile_end(&file) == -1)
    log_text("stopped\n");
  return out;
}

static char const *compile(char const *text)
{
  return compile_bytes(text, strlen(text), false);
}

struct example {
  char const *text;
  char const *result;
};

static struct example const good[] = {
    {"", ""},
    {"\n \n\t\n\r\n# 10.:allow\n#", ""},
    {":allow", " -> \n"},
    {":deny\n", " -> D|\n"},
    {"1.2.3.4:allow", "1.2.3.4 -> \n"},
    {"1.2.3.4:accept", "1.2.3.4 -> \n"},
    {"1.2.3.4:deny\r\n10.:allow \t\r\n", "1.2.3.4 -> D|\n10. -> \n"},
    {"0.0.0.0:allow\n255.255.255.255:deny", "0.0.0.0 -> \n255.255.255.255 -> D|\n"},
    {"10.:allow\n10.1.:allow\n10.1.2.:deny", "10. -> \n10.1. -> \n10.1.2. -> D|\n"},
    /* values: any delimiter, and whatever it encloses */
    {"10.:allow,A=\"b\"", "10. -> +A=b|\n"},
    {"10.:allow,A=\"\",B=/x,y:z=/,C=xx", "10. -> +A=|+B=x,y:z=|+C=|\n"},
    {"10.:deny,DIEMSG=\"go away\"", "10. -> D|+DIEMSG=go away|\n"},
    {"10.:allow,A= b ,B=\"c\"", "10. -> +A=b|+B=c|\n"},
    {"10.:allow,A=\":deny\"", "10. -> +A=:deny|\n"},
    {"10.:allow,A=\"x:deny,y\"", "10. -> +A=x:deny,y|\n"},
    {"10.:allow,A=\"\303\251\"", "10. -> +A=\303\251|\n"},
    {"10.:allow,A=\"1\",A=\"2\"", "10. -> +A=1|+A=2|\n"},
    {"10.:allow,!A", "10. -> -A|\n"},
    {"10.:allow,!A,B=\"c\",!D", "10. -> -A|+B=c|-D|\n"},
    {"10.:allow,MAXPERIP=\"4\",MAXCONNIP=\"0\",MAXCONNC=\"20\",MAXLOAD=\"4294967294\"",
     "10. -> +MAXPERIP=4|+MAXCONNIP=0|+MAXCONNC=20|+MAXLOAD=4294967294|\n"},
    {"10.:allow,MAXRATE=\"10/60\",HOURS=\"22:00-6:00,12:00-13:00\"",
     "10. -> +MAXRATE=10/60|+HOURS=22:00-6:00,12:00-13:00|\n"},
    {"10.:allow,MAXRATE=\"1/1:86400\",MAXRATES=\"x\",HOUR=\"y\"",
     "10. -> +MAXRATE=1/1:86400|+MAXRATES=x|+HOUR=y|\n"},
    /* ranges */
    {"10.0.0.5-7:deny", "10.0.0.5 -> D|\n10.0.0.6 -> D|\n10.0.0.7 -> D|\n"},
    {"10.0-1.:deny", "10.0. -> D|\n10.1. -> D|\n"},
    {"254-255.:deny", "254. -> D|\n255. -> D|\n"},
    {"1.2.3.4-4:deny", "1.2.3.4 -> D|\n"},
    {"1.2-3.4.5:deny", "1.2.4.5 -> D|\n1.3.4.5 -> D|\n"},
    /* networks: one key each */
    {"10.0.0.0/8:deny", "10. -> D|\n"},
    {"10./8:deny", "10. -> D|\n"},
    {"10./9:deny", "10.0.0.0/9 -> D|\n"},
    {"10.1.0.0/16:deny", "10.1. -> D|\n"},
    {"10.1.2.0/24:deny", "10.1.2. -> D|\n"},
    {"10.1.2.3/32:deny", "10.1.2.3 -> D|\n"},
    {"10.1.2.2/31:deny", "10.1.2.2/31 -> D|\n"},
    {"172.16.0.0/12:deny", "172.16.0.0/12 -> D|\n"},
    {"0.0.0.0/0:deny", "0.0.0.0/0 -> D|\n"},
    {"128.0.0.0/1:deny", "128.0.0.0/1 -> D|\n"},
    /* IPv6: one spelling each */
    {"::1:deny", "::1 -> D|\n"},
    {"[::1]:deny", "::1 -> D|\n"},
    {":::deny", ":: -> D|\n"},
    {"2001:0DB8:0:0::0001:allow", "2001:db8::1 -> \n"},
    {"2001:db8::/32:deny", "2001:db8::/32 -> D|\n"},
    {"[2001:DB8::]/32:deny", "2001:db8::/32 -> D|\n"},
    {"::/0:deny", "::/0 -> D|\n"},
    {"::1/128:deny", "::1 -> D|\n"},
    {"2001:db8::/127:deny", "2001:db8::/127 -> D|\n"},
    {"::ffff:1.2.3.4:deny", "1.2.3.4 -> D|\n"},
    {"::ffff:102:304:deny", "1.2.3.4 -> D|\n"},
    {"::ffff:10.0.0.0/104:deny", "10. -> D|\n"},
    {"::ffff:0.0.0.0/96:deny", "0.0.0.0/0 -> D|\n"},
    /* names */
    {"=Mail.Example.ORG:deny", "=mail.example.org -> D|\n"},
    {"=localhost:deny", "=localhost -> D|\n"},
    {"=.Example.org:deny", "=.example.org -> D|\n"},
    {"=.com:deny", "=.com -> D|\n"},
    {"=:deny", "= -> D|\n"},
    {"=a-b_c.9:deny", "=a-b_c.9 -> D|\n"},
    /* ident */
    {"joe@1.2.3.4:deny", "joe@1.2.3.4 -> D|\n"},
    {"Joe@=Host.Example:deny", "Joe@=host.example -> D|\n"},
    {"@1.2.3.4:deny", "@1.2.3.4 -> D|\n"},
    {"a@b@1.2.3.4:deny", "a@b@1.2.3.4 -> D|\n"},
    {"a:b@1.2.3.4:deny", "a:b@1.2.3.4 -> D|\n"},
    {"a:denyx@1.2.3.4:allow", "a:denyx@1.2.3.4 -> \n"},
    {"=x@1.2.3.4:deny", "=x@1.2.3.4 -> D|\n"},
    {"joe-1@1.2.3.4:deny", "joe-1@1.2.3.4 -> D|\n"},
    {"joe@2001:DB8::1:deny", "joe@2001:db8::1 -> D|\n"},
    {"joe@[2001:DB8::1]:deny", "joe@2001:db8::1 -> D|\n"},
    {"joe@::ffff:1.2.3.4:deny", "joe@1.2.3.4 -> D|\n"},
};

static struct example const bad[] = {
    {"10.0.0.5", "! 1 10.0.0.5 has no decision\n"},
    {"2001:db8::1", "! 1 2001:db8::1 has no decision\n"},
    {"\n\n10.\n", "! 3 10. has no decision\n"},
    {"10.:dney", "! 1 dney is no decision\n"},
    {"10.:", "! 1  is no decision\n"},
    {"10.: deny", "! 1  deny is no decision\n"},
    {"10.:Deny", "! 1 Deny is no decision\n"},
    {"10.:denyx", "! 1 denyx is no decision\n"},
    {"10.:deny x", "! 1 deny x is no decision\n"},
    {"2001:db8::/32:dney,A=\"b\"", "! 1 dney is no decision\n"},
    {"10.:dney,A=\"x:deny,y\"", "! 1 10.:dney,A=\"x is no address\n"},
    {"10.:allow,", "! 1  sets no variable\n"},
    {"10.:allow,A", "! 1 A sets no variable\n"},
    {"10.:allow,A=", "! 1 A= has no value\n"},
    {"10.:allow,A=\"", "! 1 \" does not end\n"},
    {"10.:allow,A=\"b", "! 1 \"b does not end\n"},
    {"10.:allow,A=b", "! 1 b does not end\n"},
    {"10.:allow,A=\"b\"c", "! 1 c follows a value\n"},
    {"10.:allow,A=\"b\" ,C=\"d\"", "! 1  ,C=\"d\" follows a value\n"},
    {"10.:allow,=\"b\"", "! 1  is no variable's name\n"},
    {"10.:allow, A=\"b\"", "! 1  A is no variable's name\n"},
    {"10.:allow,A B=\"b\"", "! 1 A B is no variable's name\n"},
    {"10.:allow,\"A\"=\"b\"", "! 1 \"A\" is no variable's name\n"},
    {"10.:allow,\303\251=\"b\"", "! 1 \303\251 is no variable's name\n"},
    {"10.:allow,!", "! 1 ! is no variable's name\n"},
    {"10.:allow,!A=\"b\"", "! 1 !A=\"b\" unsets and sets\n"},
    {"10.:allow,MAXPERIP=\"\"", "! 1  is no limit\n"},
    {"10.:allow,MAXLOAD=\"3.5\"", "! 1 3.5 is no limit\n"},
    {"10.:allow,MAXCONNC=\"-1\"", "! 1 -1 is no limit\n"},
    {"10.:allow,MAXCONNIP=\"4294967295\"", "! 1 4294967295 is no limit\n"},
    {"10.:allow,MAXCONNIP=\"4294967296\"", "! 1 4294967296 is no limit\n"},
    {"10.:allow,MAXCONNIP=\"99999999999999999999999999\"", "! 1 99999999999999999999999999 is no limit\n"},
    {"10.:allow,MAXRATE=\"\"", "! 1  is no rate\n"},
    {"10.:allow,MAXRATE=\"5\"", "! 1 5 is no rate\n"},
    {"10.:allow,MAXRATE=\"0/5\"", "! 1 0/5 is no rate\n"},
    {"10.:allow,MAXRATE=\"5/10:\"", "! 1 5/10: is no rate\n"},
    {"10.:allow,HOURS=\"\"", "! 1  are no hours\n"},
    {"10.:allow,HOURS=\"8-18\"", "! 1 8-18 are no hours\n"},
    {"10.:allow,HOURS=\"08:00-18:00,\"", "! 1 08:00-18:00, are no hours\n"},
    {" 10.0.0.1:allow", "! 1  10.0.0.1 starts with a blank\n"},
    {" # comment: allow", "! 1  allow is no decision\n"},
    {"256.:allow", "! 1 256. has a part over 255\n"},
    {"1.2.3.400:allow", "! 1 1.2.3.400 has a part over 255\n"},
    {"1.2.3.04:allow", "! 1 1.2.3.04 has a part with a leading zero\n"},
    {"010.:allow", "! 1 010. has a part with a leading zero\n"},
    {"1.2.3:allow", "! 1 1.2.3 is no address\n"},
    {"1.2.3.4.:allow", "! 1 1.2.3.4. is no address\n"},
    {"1.2.3.4.5:allow", "! 1 1.2.3.4.5 is no address\n"},
    {".:allow", "! 1 . is no address\n"},
    {"1..:allow", "! 1 1.. is no address\n"},
    {"*:allow", "! 1 * is no address\n"},
    {"localhost:allow", "! 1 localhost is no address\n"},
    {"/:allow", "! 1  is no address\n"},
    {"/8:allow", "! 1  is no address\n"},
    {"10.1/16:allow", "! 1 10.1 is no address\n"},
    {"10.1.2.3/8:allow", "! 1 10.1.2.3/8 has bits set beyond its prefix length\n"},
    {"10.1./8:allow", "! 1 10.1./8 has bits set beyond its prefix length\n"},
    {"10.0.0.1/31:allow", "! 1 10.0.0.1/31 has bits set beyond its prefix length\n"},
    {"10.0.0.1/0:allow", "! 1 10.0.0.1/0 has bits set beyond its prefix length\n"},
    {"2001:db8::1/32:allow", "! 1 2001:db8::1/32 has bits set beyond its prefix length\n"},
    {"::ffff:10.1.0.0/104:allow", "! 1 ::ffff:10.1.0.0/104 has bits set beyond its prefix length\n"},
    {"10.0.0.0/33:allow", "! 1 10.0.0.0/33 has no legal prefix length\n"},
    {"10.0.0.0/:allow", "! 1 10.0.0.0/ has no legal prefix length\n"},
    {"10.0.0.0/08:allow", "! 1 10.0.0.0/08 has no legal prefix length\n"},
    {"10.0.0.0/+8:allow", "! 1 10.0.0.0/+8 has no legal prefix length\n"},
    {"10.0.0.0/8/8:allow", "! 1 10.0.0.0/8/8 has no legal prefix length\n"},
    {"10.0.0.0/4294967304:allow", "! 1 10.0.0.0/4294967304 has no legal prefix length\n"},
    {"2001:db8::/129:allow", "! 1 2001:db8::/129 has no legal prefix length\n"},
    {"2001:db8::g:allow", "! 1 2001:db8::g is no address\n"},
    {"2001:db8:allow", "! 1 2001:db8 is no address\n"},
    {"1:2:3:4:5:6:7:8:9:allow", "! 1 1:2:3:4:5:6:7:8:9 is no address\n"},
    {"[::1:allow", "! 1 [::1 is no address\n"},
    {"[1.2.3.4]:allow", "! 1 [1.2.3.4] is no address\n"},
    {"[]:allow", "! 1 [] is no address\n"},
    {"[:allow", "! 1 [ is no address\n"},
    {"fe80::1%lo:allow", "! 1 fe80::1%lo names a zone\n"},
    {"fe80::%lo/64:allow", "! 1 fe80::%lo names a zone\n"},
    {"10.5-3.:allow", "! 1 10.5-3. is a reversed range\n"},
    {"10.0.0.9-1:allow", "! 1 10.0.0.9-1 is a reversed range\n"},
    {"10.0.0.250-300:allow", "! 1 10.0.0.250-300 has a part over 255\n"},
    {"300.0.0.1-2:allow", "! 1 300.0.0.1-2 has a part over 255\n"},
    {"10.0.0.01-2:allow", "! 1 10.0.0.01-2 has a part with a leading zero\n"},
    {"10.0.0.-2:allow", "! 1 10.0.0.-2 is no range\n"},
    {"10.0.0.2-:allow", "! 1 10.0.0.2- is no range\n"},
    {"10.0.0.0-10.0.0.2:allow", "! 1 10.0.0.0-10.0.0.2 is no range\n"},
    {"10.0-1.2-3.:allow", "! 1 10.0-1.2-3. is no range\n"},
    {"10.0.0.1-2/32:allow", "! 1 10.0.0.1-2/32 is no range\n"},
    {"1-2:allow", "! 1 1-2 is no range\n"},
    {"2001:db8::1-2:allow", "! 1 2001:db8::1-2 is no range\n"},
    {"10.0.0.0-99999999999999999999:allow", "! 1 10.0.0.0-99999999999999999999 is no range\n"},
    {"10.10.10.10.10.10.10.10.10.1-2:allow", "! 1 10.10.10.10.10.10.10.10.10.1-2 is no range\n"},
    {"=foo..bar:allow", "! 1 =foo..bar can never match a host name\n"},
    {"=foo.:allow", "! 1 =foo. can never match a host name\n"},
    {"=.:allow", "! 1 =. can never match a host name\n"},
    {"=..com:allow", "! 1 =..com can never match a host name\n"},
    {"=foo bar:allow", "! 1 =foo bar can never match a host name\n"},
    {"=*.com:allow", "! 1 =*.com can never match a host name\n"},
    {"joe@10.:allow", "! 1 10. can never match after @\n"},
    {"joe@10.0.0.0/8:allow", "! 1 10.0.0.0/8 can never match after @\n"},
    {"joe@10.0.0.1-2:allow", "! 1 10.0.0.1-2 can never match after @\n"},
    {"joe@=.com:allow", "! 1 =.com can never match after @\n"},
    {"joe@=:allow", "! 1 = can never match after @\n"},
    {"joe@:allow", "! 1  can never match after @\n"},
    {"joe@10.0.0.256:allow", "! 1 10.0.0.256 has a part over 255\n"},
    {"jo e@10.0.0.1:allow", "! 1 jo e can never match what ident says\n"},
    {"\303\251@10.0.0.1:allow", "! 1 \303\251 can never match what ident says\n"},
    {"x:allow\ny:deny\n10.:allow\nz:deny",
     "! 1 x is no address\n! 2 y is no address\n10. -> \n! 4 z is no address\n"},
};

/* What ucspi-tcp 0.88 makes of lines that we refuse. */
static struct example const lenient[] = {
    {"10.0.0.5", "? 1 10.0.0.5 has no decision\n"},
    {" 10.0.0.1:allow", "? 1  10.0.0.1 starts with a blank\n 10.0.0.1 -> \n"},
    {"1.2.3.400:deny", "? 1 1.2.3.400 has a part over 255\n1.2.3.400 -> D|\n"},
    {"10.1.2.3/8:deny", "? 1 10.1.2.3/8 has bits set beyond its prefix length\n10.1.2.3/8 -> D|\n"},
    {"localhost:deny", "? 1 localhost is no address\nlocalhost -> D|\n"},
    {"10.5-3.:deny", "? 1 10.5-3. is a reversed range\n"},
    {"1.2.3.254-300:deny", "? 1 1.2.3.254-300 has a part over 255\n1.2.3.254 -> D|\n1.2.3.255 -> D|\n"},
    {"1.2.3.-1:deny", "? 1 1.2.3.-1 is no range\n1.2.3.0 -> D|\n1.2.3.1 -> D|\n"},
    {"1.2.3.007-8:deny", "? 1 1.2.3.007-8 has a part with a leading zero\n1.2.3.7 -> D|\n1.2.3.8 -> D|\n"},
    {"1-2:deny", "? 1 1-2 is no range\n1 -> D|\n2 -> D|\n"},
    {"1-2.5.6-7:deny", "? 1 1-2.5.6-7 is no range\n1.5.6-7 -> D|\n2.5.6-7 -> D|\n"},
    {"1.2.3.99999999999999999999-100000000000000000000:deny",
     "? 1 1.2.3.99999999999999999999-1000000000000 is no range\n"},
    {"10.:allow,A B=\"b\"", "? 1 A B is no variable's name\n10. -> +A B=b|\n"},
    {"10.:allow,=\"b\"", "? 1  is no variable's name\n10. -> +=b|\n"},
    {"10.:allow,!A=\"b\"", "? 1 !A=\"b\" unsets and sets\n10. -> +!A=b|\n"},
    {"10.:allow,!A,B=\"b\"", "10. -> -A|+B=b|\n"},
    {"10.:allow,MAXPERIP=\"x\"", "? 1 x is no limit\n10. -> +MAXPERIP=x|\n"},
    {"10.:allow,MAXRATE=\"x\"", "? 1 x is no rate\n10. -> +MAXRATE=x|\n"},
    {"10.:allow,HOURS=\"x\"", "? 1 x are no hours\n10. -> +HOURS=x|\n"},
    {"joe@10.:allow", "? 1 10. can never match after @\njoe@10. -> \n"},
    {"10.:dney", "! 1 dney is no decision\n"},
    {"10.:allow,A=\"b", "! 1 \"b does not end\n"},
    {"a-b:allow", "! 1 a-b is no range\n"},
    {"2001:db8::1/32:allow", "! 1 2001:db8::1/32 has bits set beyond its prefix length\n"},
    {"/:allow", "! 1  is no address\n"},
};

/* The test's name: the text without what would disturb TAP. */
static char const *name_of(char const *text)
{
  static char name[200];
  snprintf(name, sizeof name, "%s", text);
  for (char *p = name; *p; p++)
    if (*p < ' ' || *p == '#')
      *p = '_';
  return name;
}

static void examples(struct example const *list, size_t count, bool be_lenient)
{
  for (size_t i = 0; i < count; i++)
    is_string(compile_bytes(list[i].text, strlen(list[i].text), be_lenient), list[i].result,
              name_of(list[i].text));
}
#define EXAMPLES(list, be_lenient) examples(list, sizeof(list) / sizeof *(list), be_lenient)

static void bytes_may_arrive_in_any_portions(void)
{
  char const text[] = "10.:allow,A=\"b\"\r\n\n# c\nbad\n=x.y:deny\n1.2.3.4-5:deny";
  char expected[1000];
  size_t wrong = 0;
  snprintf(expected, sizeof expected, "%s", compile(text));
  for (size_t portion = 1; portion < sizeof text; portion++) {
    out_len = 0;
    rulefile_start(&file, &sink, false);
    for (size_t at = 0; at < sizeof text - 1; at += portion)
      rulefile_feed(&file, text + at, portion < sizeof text - 1 - at ? portion : sizeof text - 1 - at);
    rulefile_end(&file);
    wrong += strcmp(out, expected) != 0;
  }
  ok(wrong == 0, "the same records come out however the bytes arrive");
}

static void nul_bytes_are_refused(void)
{
  char const text[] = "10.:allow,A=\"b\0D\"\n#\0\n11.:deny\n";
  is_string(compile_bytes(text, sizeof text - 1, false),
            "! 1 10.:allow,A=\"b|D\" contains a NUL byte\n11. -> D|\n", "a NUL byte is an error");
  is_string(compile_bytes(text, sizeof text - 1, true),
            "! 1 10.:allow,A=\"b|D\" contains a NUL byte\n11. -> D|\n", "even for those who want warnings");
}

static void long_lines_are_refused(void)
{
  static char text[RULEFILE_LINE_MAX + 100];
  char const head[] = "10.:allow,A=\"";
  memset(text, 'x', sizeof text);
  memcpy(text, head, sizeof head - 1);
  text[RULEFILE_LINE_MAX - 1] = '"';
  memcpy(text + RULEFILE_LINE_MAX, "\n11.:deny\n", 10);
  compile_bytes(text, RULEFILE_LINE_MAX + 10, false);
  ok(out_len > RULEFILE_LINE_MAX - 20 && strstr(out, "11. -> D|") && out[0] != '!',
     "the longest line is taken");
  text[RULEFILE_LINE_MAX - 1] = 'x';
  text[RULEFILE_LINE_MAX] = '"';
  memcpy(text + RULEFILE_LINE_MAX + 1, "\n11.:deny\n", 10);
  is_string(
      compile_bytes(text, RULEFILE_LINE_MAX + 11, false),
      "! 1 10.:allow,A=\"xxxxxxxxxxxxxxxxxxxxxxxxxxx is the start of a line that is too long\n11. -> D|\n",
      "one byte more is one error, and the next line is read");
  rulefile_start(&file, &sink, false);
  out_len = 0;
  for (int i = 0; i < 10; i++)
    rulefile_feed(&file, text, RULEFILE_LINE_MAX - 100);
  rulefile_feed(&file, "\n11.:deny", 9);
  rulefile_end(&file);
  ok(file.errors == 1 && strstr(out, "11. -> D|"), "a line of half a million bytes is one error");
  rulefile_start(&file, &sink, false);
  rulefile_feed(&file, text, RULEFILE_LINE_MAX);
  rulefile_feed(&file, text, RULEFILE_LINE_MAX);
  rulefile_end(&file);
  ok(file.errors == 1, "also at the end of the text");
}

static void long_names_are_refused(void)
{
  char text[1000], label[65];
  memset(text, 'j', 600);
  strcpy(text + 512, "@1.2.3.4:deny"); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
  ok(strstr(compile(text), "j@1.2.3.4 -> D|"), "ident of 512 characters is taken");
  memset(text, 'j', 600);
  strcpy(text + 513, "@1.2.3.4:deny"); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
  ok(strstr(compile(text), "can never match what ident says"), "513 are not");
  memset(label, 'a', 64);
  label[63] = label[64] = '\0';
  snprintf(text, sizeof text, "=%s.%s.%s.%.61s:deny", label, label, label, label);
  ok(strstr(compile(text), "a -> D|"), "a host name of 253 characters is taken");
  snprintf(text, sizeof text, "=%s.%s.%s.%.62s:deny", label, label, label, label);
  ok(strstr(compile(text), "can never match a host name"), "254 are not");
  label[63] = 'a';
  snprintf(text, sizeof text, "=%s:deny", label);
  ok(strstr(compile(text), "can never match a host name"), "nor is a label of 64");
}

static void kinds_are_noted(void)
{
  compile("1.2.3.4:deny\n10.:deny\n172.16.0.0/12:deny\n::1:deny\n2001:db8::/32:deny\n:deny");
  ok(used.kinds == 0, "addresses need no names");
  ok(rules_index_has_network(&used, ADDRESS_IPV4, 32) && rules_index_has_network(&used, ADDRESS_IPV4, 8) &&
         rules_index_has_network(&used, ADDRESS_IPV4, 12) &&
         rules_index_has_network(&used, ADDRESS_IPV6, 128) &&
         rules_index_has_network(&used, ADDRESS_IPV6, 32),
     "the lengths in use are noted");
  ok(!rules_index_has_network(&used, ADDRESS_IPV4, 16) && !rules_index_has_network(&used, ADDRESS_IPV6, 64),
     "and no others");
  compile("=a.b:deny");
  ok(used.kinds == RULES_KIND_HOST, "=host needs the host");
  compile("=.b:deny\n=:deny");
  ok(used.kinds == RULES_KIND_SUFFIX, "=.suffix and = are suffixes");
  compile("joe@1.2.3.4:deny");
  ok(used.kinds == RULES_KIND_INFO_ADDRESS && !rules_index_has_network(&used, ADDRESS_IPV4, 32),
     "info@address is no rule for the address");
  compile("joe@=a.b:deny");
  ok(used.kinds == RULES_KIND_INFO_HOST, "info@=host is no rule for the host");
}

static void the_sink_can_stop(void)
{
  stop_after = 3;
  is_string(compile("1.2.3.0-9:deny\n10.:deny\n"), "1.2.3.0 -> D|\n1.2.3.1 -> D|\n1.2.3.2 -> D|\nstopped\n",
            "the sink can stop in the middle of a range");
  stop_after = 1;
  errno = 0;
  compile("1.2.3.0:deny\n10.:deny\n");
  ok(strstr(out, "10.") == NULL && errno == ENOSPC, "or at a line, and errno is its own");
  stop_after = 0;
}

static void expectations_are_precise(void)
{
  ok(strcmp(rulefile_what(RULEFILE_DUPLICATE), "is a key that was there before") == 0,
     "there are words for duplicates");
}

/* --- Text from records --------------------------------------------------------------------------------- */

#define DATA(text) (text), sizeof(text) - 1

static char const *printed(char const *key, char const *data, size_t data_len,
                           struct rules_index const *index)
{
  static char line[RULEFILE_LINE_MAX + 1];
  static struct rulefile scratch;
  static char const *const outcome[] = {[RULEFILE_RULE_LENIENT] = "(lenient)",
                                        [RULEFILE_NEVER] = "(never)",
                                        [RULEFILE_IMPOSSIBLE] = "(impossible)"};
  struct rulefile_record const record = {
      .key = key, .key_len = strlen(key), .data = data, .data_len = data_len};
  size_t len = 0;
  enum rulefile_text text = rulefile_print(line, &len, &record, index, &scratch);
  line[len] = '\0';
  return text == RULEFILE_RULE ? line : outcome[text];
}

static void records_become_text(void)
{
  static struct rules_index const all = {.kinds = RULES_KINDS_ALL,
                                         .lengths4 = {255, 255, 255, 255, 1},
                                         .lengths6 = {[0] = 255, [4] = 1, [16] = 1}};
  static struct rules_index const classic = {
      .kinds = RULES_KINDS_ALL, .lengths4 = {0, 1, 1, 1, 1}, .lengths6 = {[16] = 1}};
  char every[260], most[260];
  size_t n = 0;

  is_string(printed("", DATA(""), &all), ":allow", "the empty key");
  is_string(printed("10.", DATA("D\0"), &all), "10.:deny", "a prefix");
  is_string(printed("10.", DATA("D\0+A=b\0-C\0"), &all), "10.:deny,A=\"b\",!C", "edits");
  is_string(printed("10.", DATA("+A=\"\0"), &all), "10.:allow,A=/\"/",
            "a value with quotes gets another delimiter");
  is_string(printed("10.", DATA("+A=\"/'|%@#+~^\0"), &all), "10.:allow,A=\377\"/'|%@#+~^\377",
            "a value with all familiar delimiters gets an unusual one");
  is_string(printed("2001:db8::/32", DATA(""), &all), "2001:db8::/32:allow", "an IPv6 network");
  is_string(printed("10.0.0.0/8", DATA(""), &all), "(never)", "a key that no lookup spells like this");
  is_string(printed("10.0.0.0/9", DATA(""), &all), "10.0.0.0/9:allow", "a network whose length is looked up");
  is_string(printed("10.0.0.0/9", DATA(""), &classic), "(never)", "in a file of ucspi-tcp it is not");
  is_string(printed("=Host", DATA(""), &all), "(never)", "capitals in a host name");
  is_string(printed("1.2.3.400", DATA(""), &all), "(never)", "no address");
  is_string(printed("10.", DATA("+MAXPERIP=x\0"), &all), "(lenient)", "a limit that is no number");
  is_string(printed("10.", DATA("+A=b\nc\0"), &all), "(impossible)", "a newline in a value");
  is_string(printed("10.", DATA("+A=b\0D\0"), &all), "(impossible)", "a decision behind an edit");
  is_string(printed("10.", DATA("+A=b"), &all), "(impossible)", "data without an end");
  is_string(printed("#x@1.2.3.4", DATA(""), &all), "(impossible)", "a key that looks like a comment");
  is_string(printed("x:deny,@1.2.3.4", DATA(""), &all), "(impossible)", "a key with a decision in it");

  memcpy(every, "+A=", 3);
  for (int byte = 1; byte < 256; byte++)
    if (byte != '\n')
      every[3 + n++] = (char)byte;
  every[3 + n] = '\0';
  is_string(printed("10.", every, 3 + n + 1, &all), "(impossible)", "a value of all bytes has no delimiter");
  memcpy(most, every, sizeof every);
  most[3] = '\2';
  ok(strchr(printed("10.", most, 3 + n + 1, &all), '\1') != NULL,
     "one that leaves a byte has it for delimiter");
}

static void text_and_records_are_inverse(void)
{
  size_t wrong = 0;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    char records[1000], text[1000] = "";
    char *saved = NULL;
    size_t len = 0;
    struct rules_index index;
    snprintf(records, sizeof records, "%s", compile(good[i].text));
    index = used;
    if (!strchr(records, '>') || strstr(records, "|\n") == NULL)
      continue;
    for (char *line = strtok_r(records, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
      char *arrow = strstr(line, " -> ");
      size_t data_len = strlen(arrow + 4);
      *arrow = '\0';
      for (char *p = arrow + 4; *p; p++)
        if (*p == '|')
          *p = '\0';
      len +=
          (size_t)snprintf(text + len, sizeof text - len, "%s\n", printed(line, arrow + 4, data_len, &index));
    }
    snprintf(records, sizeof records, "%s", compile(good[i].text));
    if (strcmp(compile(text), records) != 0) {
      wrong++;
      printf("# %s became %s", good[i].text, text);
    }
  }
  ok(wrong == 0, "what the good examples compile to can be printed and compiled again");
}

int main(void)
{
  EXAMPLES(good, false);
  EXAMPLES(bad, false);
  EXAMPLES(lenient, true);
  EXAMPLES(good, true);
  bytes_may_arrive_in_any_portions();
  nul_bytes_are_refused();
  long_lines_are_refused();
  long_names_are_refused();
  kinds_are_noted();
  the_sink_can_stop();
  expectations_are_precise();
  records_become_text();
  text_and_records_are_inverse();
  return tap_done();
}
