/* dbconf.c - tests of src/lib/dbconf.h. */
#include "dbconf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static struct dbconf c;

static char const *parse(char const *text)
{
  return dbconf_parse(&c, text, strlen(text));
}

static void test_forms(void)
{
  ok(!parse("db.example:mail:secret:access:rules\n"), "five fields in a line");
  ok(strcmp(c.server, "db.example") == 0 && c.port == 0 && !c.is_path && strcmp(c.user, "mail") == 0 &&
         strcmp(c.password, "secret") == 0 && strcmp(c.database, "access") == 0 &&
         strcmp(c.table, "rules") == 0,
     "... are what they are");
  ok(!parse("192.0.2.1/3307:u::d:t") && c.port == 3307 && c.password[0] == '\0',
     "a server may have a port, a user no password, a file no end of line");
  ok(!parse("[2001:db8::1]/3306:u:p:d:t\r\n\n") && strcmp(c.server, "2001:db8::1") == 0 && c.port == 3306,
     "an IPv6 address stands in brackets");
  ok(!parse("/run/mysqld/mysqld.sock:u:p:d:t") && c.is_path &&
         strcmp(c.server, "/run/mysqld/mysqld.sock") == 0,
     "a server may be a socket's path");
  ok(!parse("h:u:a:b:c:d:t") && strcmp(c.password, "a:b:c") == 0 && strcmp(c.database, "d") == 0,
     "a password may have colons");
}

static void test_wrong(void)
{
  static char const *const wrong[] = {
      "",           "\n",           "h:u:p:d",           ":u:p:d:t",       "h::p:d:t",
      "h:u:p::t",   "h:u:p:d:",     "h/0:u:p:d:t",       "h/x:u:p:d:t",    "h/65536:u:p:d:t",
      "h/:u:p:d:t", "[::1:u:p:d:t", "[::1]3306:u:p:d:t", "h:u:p:d:t\nmore"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    ok(parse(wrong[i]) != NULL, "line %zu of those that are wrong is refused", i);
  ok(dbconf_parse(&c, "h:u:p\0q:d:t", 11) != NULL, "a NUL is refused");
  ok(!strstr(parse("h:u:hidden:d:t\nx"), "hidden"), "what is wrong is told without the password");
}

static void test_file(void)
{
  char path[] = "/tmp/dbconf.XXXXXX";
  int fd = mkstemp(path);
  ok(fd != -1 && write(fd, "h:u:p:d:t\n", 10) == 10 && fchmod(fd, 0640) == 0 && !dbconf_read(&c, path),
     "a file for owner and group is read");
  fchmod(fd, 0644);
  ok(dbconf_read(&c, path) != NULL, "... for others it is refused");
  fchmod(fd, 0602);
  ok(dbconf_read(&c, path) != NULL, "... also if they may only write it");
  fchmod(fd, 0600);
  ok(ftruncate(fd, 0) == 0 && dbconf_read(&c, path) != NULL, "an empty file is refused");
  ok(ftruncate(fd, DBCONF_FILE_MAX + 1) == 0 && dbconf_read(&c, path) != NULL, "... and a large one");
  close(fd);
  unlink(path);
  ok(dbconf_read(&c, path) && strcmp(dbconf_read(&c, path), "No such file or directory") == 0,
     "a file that is not there is told as such");
  ok(dbconf_read(&c, "/tmp") != NULL, "a folder is no db.conf");
}

int main(void)
{
  test_forms();
  test_wrong();
  test_file();
  return tap_done();
}
