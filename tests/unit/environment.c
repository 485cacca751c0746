/* Environments for programs: cleaned once, appended to, edited by rules. */
#include <errno.h>
#include <stdlib.h>

#include "environment.h"
#include "tap.h"

/* All entries in their order, blanks between them. */
static char const *all(struct environment const *e)
{
  static char text[20000];
  size_t len = 0;
  text[0] = '\0';
  for (size_t i = 0; i < e->count; i++)
    len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "", e->entry[i]);
  return text;
}

static void loading(void)
{
  static char const *const from[] = {
      "A=1", "TCPREMOTEIP=9.9.9.9", "PROTO=TCP", "TCPREMOTEIPX=2", "TCP6LOCALHOST=x",
      "B",   "PROTOCOL=3",          NULL};
  static char const *const none[] = {NULL};
  struct environment e = ENVIRONMENT_ZERO;
  ok(environment_load(&e, from, environment_ucspi_names) == 0, "an environment is loaded");
  is_string(all(&e), "A=1 TCPREMOTEIPX=2 B PROTOCOL=3", "without the names to strip, which match whole");
  ok(e.entry[e.count] == NULL, "it ends in a null pointer");
  ok(environment_load(&e, from, NULL) == 0 && e.count == 7, "nothing is stripped when nothing is asked");
  ok(environment_load(&e, none, NULL) == 0 && e.count == 0 && e.entry[0] == NULL, "it may be empty");
  environment_free(&e);
  ok(e.entry == NULL && e.count == 0, "and is freed");
}

static void every_name_of_ours_is_stripped(void)
{
  static char const *const name[] = {
      "PROTO",          "TCPLOCALIP",     "TCPLOCALPORT",   "TCPLOCALHOST",    "TCPREMOTEIP",
      "TCPREMOTEPORT",  "TCPREMOTEHOST",  "TCPREMOTEINFO",  "TCPINTERFACE",    "TCPCONNNUM",
      "TCPPARANOID",    "TCP6LOCALIP",    "TCP6LOCALPORT",  "TCP6LOCALHOST",   "TCP6REMOTEIP",
      "TCP6REMOTEPORT", "TCP6REMOTEHOST", "TCP6REMOTEINFO", "TCP6INTERFACE",   "TCPPROXYIP",
      "TCPPROXYPORT",   "TCP6PROXYIP",    "TCP6PROXYPORT",  "PROXY_AUTHORITY", "PROXY_SSL_CN"};
  for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
    char entry[40];
    char const *const from[] = {entry, NULL};
    struct environment e = ENVIRONMENT_ZERO;
    snprintf(entry, sizeof entry, "%s=stale", name[i]);
    environment_load(&e, from, environment_ucspi_names);
    ok(e.count == 0, "an inherited %s never passes", name[i]);
    environment_free(&e);
  }
}

static void adding(void)
{
  struct environment e = ENVIRONMENT_ZERO;
  static char const *const from[] = {"A=1", NULL};
  char value[8] = "two";
  static char big[ENVIRONMENT_TEXT_SIZE];

  environment_load(&e, from, NULL);
  ok(environment_add(&e, "B", value) == 0, "a variable is added");
  value[0] = 'x';
  is_string(all(&e), "A=1 B=two", "its text was copied");
  ok(environment_add(&e, "C", "") == 0 && strcmp(environment_get(&e, "C"), "") == 0, "a value may be empty");
  ok(environment_get(&e, "D") == NULL, "a variable that is not there is not found");
  memset(big, 'y', sizeof big - 1);
  errno = 0;
  ok(environment_add(&e, "D", big) == -1 && errno == E2BIG, "what does not fit is an error");
  is_string(all(&e), "A=1 B=two C=", "and changes nothing");
  big[ENVIRONMENT_TEXT_SIZE - e.text_used - 3] = '\0';
  ok(environment_add(&e, "D", big) == 0 && e.text_used == ENVIRONMENT_TEXT_SIZE, "the last byte can be used");
  ok(environment_add(&e, "", "") == -1, "and nothing after it");
  ok(environment_load(&e, from, NULL) == 0 && e.text_used == 0 && e.count == 1, "loading starts again");
  environment_free(&e);
}

static void many_entries(void)
{
  struct environment e = ENVIRONMENT_ZERO;
  static char const *const none[] = {NULL};
  int failed = 0;
  environment_load(&e, none, NULL);
  for (int i = 0; i < 500; i++) {
    char name[16];
    snprintf(name, sizeof name, "N%d", i);
    failed += environment_add(&e, name, "v") == -1;
  }
  ok(failed == 0 && e.count == 500 && e.entry[500] == NULL, "five hundred variables are kept");
  ok(strcmp(environment_get(&e, "N499"), "v") == 0 && strcmp(e.entry[0], "N0=v") == 0, "in their order");
  environment_free(&e);
}

static void editing(void)
{
  static char const *const from[] = {"A=1", "AB=2", "C=3", NULL};
  struct environment e = ENVIRONMENT_ZERO;
  environment_load(&e, from, NULL);
  environment_set(&e, "A=9");
  is_string(all(&e), "A=9 AB=2 C=3", "a variable is replaced where it was");
  environment_set(&e, "D=4=5");
  is_string(environment_get(&e, "D"), "4=5", "a new one is appended, and may contain =");
  environment_unset(&e, "A");
  ok(environment_get(&e, "A") == NULL && e.count == 3 && e.entry[3] == NULL, "one is taken away");
  is_string(environment_get(&e, "AB"), "2", "but not another that starts like it");
  environment_unset(&e, "NONE");
  ok(e.count == 3, "taking away what is not there does nothing");
  environment_free(&e);
}

int main(void)
{
  loading();
  every_name_of_ours_is_stripped();
  adding();
  many_entries();
  editing();
  return tap_done();
}
