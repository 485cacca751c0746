/* ruletable.c - tests of src/lib/sqlrow.h and ruletable.h: rows as a database has them, and what they say together. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sqlrow.h"
#include "tap.h"

/* So many calls for memory are answered; the next one is not. Negative: all are. */
static int answered = -1;

static bool is_refused(void)
{
  if (answered < 0 || answered-- > 0)
    return false;
  errno = ENOMEM;
  return true;
}

static void *scarce_reallocarray(void *at, size_t count, size_t size)
{
  return is_refused() ? NULL : reallocarray(at, count, size);
}

static int scarce_memfd_create(char const *name, unsigned int flags)
{
  return is_refused() ? -1 : memfd_create(name, flags);
}

static void *scarce_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
  return is_refused() ? MAP_FAILED : mmap(at, len, protection, flags, fd, offset);
}

#define reallocarray scarce_reallocarray
#define memfd_create scarce_memfd_create
#define mmap         scarce_mmap
#include "../../src/lib/ruletable.c" /* NOLINT(bugprone-suspicious-include) */
#undef reallocarray
#undef memfd_create
#undef mmap

static struct sqlrow row;
static struct ruletable_builder builder;
static struct ruletable table;
static struct rules_verdict verdict;
static char edits[RULETABLE_EDITS_SIZE];

static struct sqlrow_text text(char const *s)
{
  return (struct sqlrow_text){s, s ? strlen(s) : 0};
}

static enum sqlrow_result parse(char const *iprules, char const *decision, char const *env, char const *port)
{
  struct sqlrow_text const field[SQLROW_FIELDS] = {text(iprules), text(decision), text(env), text(port)};
  return sqlrow_parse(&row, field);
}

static void test_rows(void)
{
  static struct {
    char const *iprules, *decision, *env, *port;
    enum sqlrow_result result;
  } const t[] = {{"10.0.0.1", "D", NULL, NULL, SQLROW_GOOD},
                 {"10.0.0.1", "d", "", "0", SQLROW_GOOD},
                 {"10.0.0.1", NULL, "A=b", "25", SQLROW_GOOD},
                 {"10.0.0.1", "A", "A=b,", "65535", SQLROW_GOOD},
                 {"10.0.0.1", " ", "A=b, C=", "25", SQLROW_GOOD},
                 {"10.0.0.1", " D ", NULL, NULL, SQLROW_GOOD},
                 {NULL, "D", NULL, NULL, SQLROW_BAD},
                 {"10.0.0.", "A", NULL, NULL, SQLROW_GOOD},
                 {"no address", "D", NULL, NULL, SQLROW_BAD},
                 {"10.0.0.1", "Q", NULL, NULL, SQLROW_BAD},
                 {"10.0.0.1", "D D", NULL, NULL, SQLROW_BAD},
                 {"10.0.0.1", "A", "A", NULL, SQLROW_BAD},
                 {"10.0.0.1", "D", "A", NULL, SQLROW_REFUSES},
                 {"10.0.0.1", "D", "=b", NULL, SQLROW_REFUSES},
                 {"10.0.0.1", "D", "A B=c", NULL, SQLROW_REFUSES},
                 {"10.0.0.1", "D", NULL, "smtp", SQLROW_REFUSES},
                 {"10.0.0.1", "D", NULL, "65536", SQLROW_REFUSES},
                 {"10.0.0.1", "D", NULL, "-1", SQLROW_REFUSES},
                 {"10.0.0.1", "A", NULL, "", SQLROW_BAD}};
  for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
    enum sqlrow_result result = parse(t[i].iprules, t[i].decision, t[i].env, t[i].port);
    ok(result == t[i].result, "row %zu is %s", i,
       t[i].result == SQLROW_GOOD  ? "good"
       : t[i].result == SQLROW_BAD ? "of no use"
                                   : "wrong and refuses all the same");
    ok((row.problem == NULL) == (result == SQLROW_GOOD), "... and what is wrong with it is told");
  }
  ok(parse("10.0.0.1", "D", "A=1", "x") == SQLROW_REFUSES && row.row.port == 0 && row.row.deny,
     "what a row refuses whose port can't be read it refuses at every port");
}

static void test_backslashes(void)
{
  static struct {
    char const *env, *expected;
    size_t len;
  } const t[] = {
#define IS(list) list, sizeof list
      {"A=\\,", IS("+A=,")},       {"A=\\,,B=1", IS("+A=,\0+B=1")},
      {"A=\\,\\,x", IS("+A=,,x")}, {"A=x\\\\,B=1", IS("+A=x\\,B=1")},
      {"A=\\", IS("+A=\\")},       {"A=\\x,B=\\", IS("+A=\\x\0+B=\\")},
#undef IS
  };
  for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
    ok(parse("*", NULL, t[i].env, NULL) == SQLROW_GOOD && row.row.edits_len == t[i].len &&
           memcmp(row.edits, t[i].expected, t[i].len) == 0,
       "of %s only a comma's backslash is taken away", t[i].env);
  ok(parse("*", NULL, "A\\,B=1", NULL) == SQLROW_BAD, "a name has no comma, with a backslash neither");
  ok(parse("*", NULL, "\\,A=1", NULL) == SQLROW_BAD, "... nor has it one in front");
}

static void test_env(void)
{
  static char const expected[] = "+HOME=/tmp\0+SERVER=a,b\0+EMPTY=\0+WITH==\0+Q='\"\xff\\n";
  static char const nul[] = "A=b\0C=d";
  struct sqlrow_text field[SQLROW_FIELDS] = {text("*"), text("D"), {nul, sizeof nul - 1}, text(NULL)};
  char *large = malloc(SQLROW_ENV_MAX + 2);
  parse("*", NULL, "HOME=/tmp,SERVER=a\\,b,EMPTY=,WITH==,Q='\"\xff\\n", NULL);
  ok(row.row.edits_len == sizeof expected && memcmp(row.edits, expected, sizeof expected) == 0,
     "variables are taken apart at commas, not at those behind a backslash");
  ok(sqlrow_parse(&row, field) == SQLROW_REFUSES && row.row.edits_len == 0, "a NUL is part of no variable");
  memset(large, 'a', SQLROW_ENV_MAX + 1);
  large[1] = '=';
  field[SQLROW_ENV] = (struct sqlrow_text){large, SQLROW_ENV_MAX};
  ok(sqlrow_parse(&row, field) == SQLROW_GOOD, "a long list of variables is taken");
  field[SQLROW_ENV].len++;
  ok(sqlrow_parse(&row, field) == SQLROW_REFUSES, "... one too long is not");
  for (size_t i = 0; i < SQLROW_ENV_MAX; i++)
    large[i] = "A=,"[i % 3];
  field[SQLROW_ENV].len--;
  ok(sqlrow_parse(&row, field) != SQLROW_BAD && row.row.edits_len <= sizeof row.edits, "many small ones fit");
  free(large);
}

static void add(char const *iprules, char const *decision, char const *env, char const *port)
{
  if (parse(iprules, decision, env, port) == SQLROW_BAD ||
      ruletable_add(&builder, &row.pattern, &row.row) == -1)
    ok(0, "%s is added", iprules);
}

static void make(void)
{
  int fd = ruletable_finish(&builder);
  ruletable_close(&table);
  ok(fd != -1 && ruletable_open(&table, fd) == 0, "an image is made and opened");
  close(fd);
  ruletable_builder_free(&builder);
}

/* "D key edits" */
static char const *ask(char const *address, uint16_t port)
{
  static char out[512];
  struct address a;
  size_t len;
  address_parse(&a, address);
  if (ruletable_lookup(&table, &a, port, &verdict, edits) == -1)
    return "error";
  len = (size_t)sprintf(out, "%s %.100s",
                        verdict.decision == RULES_DENY    ? "deny"
                        : verdict.decision == RULES_ALLOW ? "allow"
                                                          : "default",
                        verdict.key);
  for (size_t i = 0; i < verdict.edits_len && len < sizeof out - 1; i++) {
    char c = verdict.edits[i];
    if (c == '\0')
      c = ';';
    out[len++] = c;
  }
  out[len] = '\0';
  return out;
}

static void test_asking(void)
{
  make();
  is_string(ask("10.0.0.1", 25), "default ", "an empty table allows everybody");
  add("*", NULL, "ALL=1", NULL);
  add("10.0.0.0/8", NULL, "NET=1", NULL);
  add("10.0.0.1", "A", "ONE=1", "25");
  add("10.0.0.1", "A", "ONE=2", "25");
  add("10.0.*.1-5", NULL, NULL, NULL);
  add("10.0.0.7", "D", "DIEMSG=go", NULL);
  add("10.0.0.", NULL, "LATE=1", NULL);
  add("10.0.0.8", "D", NULL, "80");
  add("2001:db8::/32", "D", NULL, NULL);
  add("2001:db8::1", NULL, "SIX=1", NULL);
  add("192.0.2.*", NULL, NULL, NULL);
  add("192.0.2.1?", "D", NULL, NULL);
  make();
  ok(ruletable_rows(&table) == 12, "it knows how many rows it has");
  is_string(ask("198.51.100.1", 25), "allow *+ALL=1;", "a row for everybody matches");
  is_string(ask("10.0.0.1", 25), "allow *+ALL=1;+NET=1;+ONE=1;+ONE=2;+LATE=1;",
            "the variables of all matching rows are set in row order, whatever kinds they are of");
  is_string(ask("10.0.0.1", 26), "allow *+ALL=1;+NET=1;+LATE=1;", "... those for other ports are not");
  is_string(ask("10.0.0.7", 25), "deny 10.0.0.7+ALL=1;+NET=1;+DIEMSG=go;+LATE=1;",
            "one that refuses refuses, whatever others say");
  is_string(ask("10.0.0.8", 80), "deny 10.0.0.8+ALL=1;+NET=1;+LATE=1;", "... at its port");
  is_string(ask("10.0.0.8", 25), "allow *+ALL=1;+NET=1;+LATE=1;", "... and at no other");
  is_string(ask("2001:db8::1", 25), "deny 2001:db8::/32+ALL=1;+SIX=1;",
            "IPv6 networks refuse what is in them");
  is_string(ask("192.0.2.15", 25), "deny 192.0.2.1?+ALL=1;", "so do patterns");
  is_string(ask("192.0.2.5", 25), "allow *+ALL=1;", "... what they match and nothing else");
}

static void test_many(void)
{
  char address[32];
  bool right = true;
  for (unsigned int i = 0; i < 100000; i++) {
    snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
    add(address, i % 2 ? "D" : NULL, NULL, NULL);
  }
  make();
  for (unsigned int i = 0; i < 100000 && right; i++) {
    snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
    right = ask(address, 25)[0] == (i % 2 ? 'd' : 'a');
  }
  ok(right, "each of 100,000 rows is found");
  is_string(ask("10.200.0.1", 25), "default ", "... and no other address");
}

static void test_too_many(void)
{
  char large[8192];
  for (int i = 0; i <= RULETABLE_MATCHES_MAX; i++)
    add("10.0.0.1", NULL, NULL, NULL);
  memset(large, 'a', sizeof large - 1);
  large[1] = '=';
  large[sizeof large - 1] = '\0';
  for (int i = 0; i < 9; i++)
    add("10.0.0.2", NULL, large, NULL);
  make();
  is_string(ask("10.0.0.1", 25), "error", "more matching rows than can be are an error, no answer");
  is_string(ask("10.0.0.2", 25), "error", "so are more variables");
}

/* An image that differs in one octet from one that was made, sealed like that. */
static bool open_damaged(unsigned char const *image, size_t size, size_t at, unsigned char octet)
{
  int fd = memfd_create("damaged", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  bool opened = write(fd, image, size) == (ssize_t)size && pwrite(fd, &octet, 1, (off_t)at) == 1 &&
                fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0 &&
                ruletable_open(&table, fd) == 0;
  close(fd);
  return opened;
}

static void test_damage(void)
{
  unsigned char image[8192];
  size_t size, survived = 0;
  int fd;
  add("10.0.0.1", "D", "A=b", NULL);
  add("10.0.0.1", NULL, "C=d", NULL);
  add("10.0.0.1-5", NULL, "E=f", "25");
  fd = ruletable_finish(&builder);
  ruletable_builder_free(&builder);
  size = (size_t)pread(fd, image, sizeof image, 0);
  ok(pwrite(fd, "x", 1, 0) == -1 && ftruncate(fd, 0) == -1, "nobody can change an image");
  close(fd);
  for (size_t at = 0; at < size; at++)
    for (int bit = 0; bit < 8; bit++) {
      ruletable_close(&table);
      if (!open_damaged(image, size, at, (unsigned char)(image[at] ^ 1 << bit)))
        continue;
      survived++;
      ask("10.0.0.1", 25);
      ask("10.0.0.3", 25);
      ask("::1", 25);
    }
  ok(survived > 0, "an image of which any bit is wrong is refused or asked without harm");
  ruletable_close(&table);
  fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ok(write(fd, image, size) == (ssize_t)size && ruletable_open(&table, fd) == -1 && errno == EPROTO,
     "one that is not sealed is refused");
  close(fd);
  ok(strcmp(ask("10.0.0.1", 25), "error") == 0, "without an image there is no answer");
}

/* One table is made and opened; 0, or -1 with errno. */
static int make_scarcely(void)
{
  static char const *const pattern[] = {"10.0.0.1", "10.0-9.0.1", "10.0.0.0/8", "2001:db8::1-2"};
  struct ruletable_builder b = RULETABLE_BUILDER_ZERO;
  struct ruletable t;
  int fd = -1, result = 0, error;
  for (size_t i = 0; i < 200 && result == 0; i++) {
    parse(pattern[i % 4], "D", i % 2 ? "A=b" : NULL, i % 3 ? "25" : NULL);
    result = ruletable_add(&b, &row.pattern, &row.row);
  }
  if (result == 0)
    fd = ruletable_finish(&b);
  if (fd != -1)
    result = ruletable_open(&t, fd);
  error = errno;
  ruletable_builder_free(&b);
  if (fd != -1 && result == 0)
    ruletable_close(&t);
  if (fd != -1)
    close(fd);
  errno = error;
  return fd == -1 ? -1 : result;
}

static void test_scarcity(void)
{
  int calls = 0;
  for (;; calls++) {
    answered = calls;
    errno = 0;
    if (make_scarcely() == 0)
      break;
    if (errno != ENOMEM || answered != -1)
      break;
  }
  ok(calls > 8 && answered == 0, "whichever of %d calls for memory fails, that is told", calls);
  answered = -1;
}

int main(void)
{
  test_rows();
  test_env();
  test_backslashes();
  test_asking();
  test_many();
  test_too_many();
  test_damage();
  test_scarcity();
  ruletable_close(&table);
  return tap_done();
}
