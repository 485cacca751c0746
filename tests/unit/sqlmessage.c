/* sqlmessage.c - tests of src/lib/sqlmessage.h and ids.h: what tcpserver and tcpsql tell each other is believed only if it is in
 * order, and a process becomes whom it is told to be, for good. */
#include "sqlmessage.h"

#include <errno.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static void test_rows(void)
{
  ok(sqlmessage_row(SQL_BEGIN)->size == sizeof(struct ids) && sqlmessage_row(SQL_BEGIN)->kind == SQL_BEGIN,
     "a beginning's row");
  ok(sqlmessage_row(SQL_READY)->size == sizeof(struct sql_ready), "an answer's row");
  ok(sqlmessage_row(SQL_IMAGE)->descriptors == 1, "rules come with a descriptor");
  ok(sqlmessage_row(SQL_FAILED)->size == sizeof(struct sql_failure), "a row of what the loader says");
  ok(!sqlmessage_row((enum sqlmessage_kind)99), "no row for what is no kind");
}

static void test_failure(void)
{
  static struct sql_failure f;
  ok(!sqlmessage_failure_is_sound(&f), "a failure without a reason is none");
  strcpy(f.reason, "Access denied");
  ok(sqlmessage_failure_is_sound(&f), "a reason is text");
  strcpy(f.reason, "a\nb");
  ok(!sqlmessage_failure_is_sound(&f), "... in one line");
  strcpy(f.reason, "a\177");
  ok(!sqlmessage_failure_is_sound(&f), "... that can be printed");
  strcpy(f.reason, "a\377");
  ok(!sqlmessage_failure_is_sound(&f), "... in ASCII");
  memset(f.reason, 'a', sizeof f.reason);
  ok(!sqlmessage_failure_is_sound(&f), "... and has an end");
  f.reason[sizeof f.reason - 1] = '\0';
  ok(sqlmessage_failure_is_sound(&f), "... which may be the last octet");
}

static void test_sound(void)
{
  static struct ids ids;
  ok(ids_of_process(&ids) == 0 && ids_are_sound(&ids) && ids.uid == geteuid() && ids.gid == getegid(),
     "who this process is");
  ids.group_count = IDS_GROUPS_MAX + 1;
  ok(!ids_are_sound(&ids), "more groups than there is room for are not believed");
  ids.group_count = 0;
  ids.uid = UINT32_MAX;
  ok(!ids_are_sound(&ids), "a uid that would mean to stay as it is is not");
  ids.uid = 0;
  ids.gid = UINT32_MAX;
  ok(!ids_are_sound(&ids), "nor such a gid");
}

/* In a process of its own: 0 if it has become that, 1 if it says that it can't, 2 if it could become root again. */
static int become(struct ids const *who)
{
  int status;
  pid_t pid;
  fflush(stdout);
  pid = fork();
  if (pid == 0) {
    struct ids now;
    if (ids_become(who))
      _exit(1);
    if (ids_of_process(&now) == -1 || now.uid != who->uid || now.gid != who->gid ||
        now.group_count != who->group_count)
      _exit(3);
    _exit(who->uid != 0 && (setuid(0) == 0 || setgroups(0, NULL) == 0) ? 2 : 0);
  }
  return pid != -1 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_becoming(void)
{
  static struct ids same, other = {.uid = 54321, .gid = 54322, .group_count = 2, .group = {54324, 54323}};
  ids_of_process(&same);
  ok(become(&same) == 0, "a process can become what it is");
  ok(become(&other) == (geteuid() == 0 ? 0 : 1), "root can become anybody, for good; nobody else can");
}

int main(void)
{
  test_rows();
  test_failure();
  test_sound();
  test_becoming();
  return tap_done();
}
