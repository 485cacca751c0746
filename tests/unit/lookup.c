/* Unit tests for lookup: what a helper says is believed only if every octet of it is in order. */
#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static struct address ipv4(char const *text)
{
  struct address a = {.family = ADDRESS_NONE};
  address_parse(&a, text);
  return a;
}

static void test_rows(void)
{
  ok(lookup_row(LOOKUP_PEER)->size == sizeof(struct lookup_peer), "a question's row");
  ok(lookup_row(LOOKUP_PONG)->size == 0 && lookup_row(LOOKUP_PONG)->kind == LOOKUP_PONG, "an answer's row");
  ok(lookup_row((enum lookup_kind)99) == NULL, "no row for what is no kind");
}

static struct lookup_peer peer(void)
{
  struct lookup_peer q;
  memset(&q, 0, sizeof q);
  q.local = ipv4("127.0.0.1");
  q.remote = ipv4("::1");
  q.wanted = LOOKUP_REMOTE_HOST | LOOKUP_INFO;
  q.info_timeout_s = 26;
  return q;
}

static void test_peer(void)
{
  struct lookup_peer q = peer();
  ok(lookup_peer_is_sound(&q), "a question about a peer is sound");
  q.wanted |= LOOKUP_PARANOID | LOOKUP_LOCAL_HOST;
  ok(lookup_peer_is_sound(&q), "... with everything wanted");
  q.wanted = LOOKUP_PARANOID;
  ok(!lookup_peer_is_sound(&q), "... not if nothing is wanted");
  q.wanted = LOOKUP_REMOTE_HOST | 16;
  ok(!lookup_peer_is_sound(&q), "... nor something unknown");
  q = peer();
  q.info_timeout_s = 0;
  ok(!lookup_peer_is_sound(&q), "... nor ident in no time");
  q.info_timeout_s = LOOKUP_INFO_TIMEOUT_MAX_S + 1;
  ok(!lookup_peer_is_sound(&q), "... nor in more than a day");
  q.wanted = LOOKUP_REMOTE_HOST;
  ok(lookup_peer_is_sound(&q), "... which is no matter when ident is not wanted");
  q = peer();
  q.remote.family = ADDRESS_NONE;
  ok(!lookup_peer_is_sound(&q), "... nor without an address");
  q.remote.family = (enum address_family)5;
  ok(!lookup_peer_is_sound(&q), "... nor with one of an unknown family");
  q = peer();
  q.local.octet[15] = 1;
  ok(!lookup_peer_is_sound(&q), "... nor with an IPv4 address that goes on");
}

static struct lookup_peer_answer answer(void)
{
  struct lookup_peer_answer a;
  memset(&a, 0, sizeof a);
  a.known = LOOKUP_REMOTE_HOST | LOOKUP_LOCAL_HOST | LOOKUP_INFO;
  strcpy(a.remote_host, "a.example");
  strcpy(a.local_host, "b.example");
  strcpy(a.info, "joe");
  return a;
}

static void test_peer_answer(void)
{
  struct lookup_peer_answer a = answer();
  ok(lookup_peer_answer_is_sound(&a), "an answer about a peer is sound");
  memset(&a, 0, sizeof a);
  ok(lookup_peer_answer_is_sound(&a), "... one that knows nothing, too");
  a = answer();
  a.known ^= LOOKUP_REMOTE_HOST | LOOKUP_PARANOID;
  ok(lookup_peer_answer_is_sound(&a), "... a name that is not confirmed, too");
  a.known |= LOOKUP_REMOTE_HOST;
  ok(!lookup_peer_answer_is_sound(&a), "... not one that is both");
  a = answer();
  a.known |= 64;
  ok(!lookup_peer_answer_is_sound(&a), "... nor with an unknown fact");
  a = answer();
  a.known |= LOOKUP_NAMES_UNASKED;
  ok(!lookup_peer_answer_is_sound(&a), "... nor with names that were not asked for");
  a = answer();
  a.known |= LOOKUP_INFO_UNASKED;
  ok(!lookup_peer_answer_is_sound(&a), "... nor with ident that was not");
  memset(&a, 0, sizeof a);
  a.known = LOOKUP_NAMES_UNASKED | LOOKUP_INFO_UNASKED;
  ok(lookup_peer_answer_is_sound(&a), "... but one that neither was asked for is");
  a = answer();
  a.known &= ~(uint32_t)LOOKUP_INFO;
  ok(!lookup_peer_answer_is_sound(&a), "... nor with text for a fact that is not known");
  a = answer();
  a.info[0] = '\0';
  ok(!lookup_peer_answer_is_sound(&a), "... nor without text for one that is");
  a = answer();
  memset(a.remote_host, 'a', sizeof a.remote_host);
  ok(!lookup_peer_answer_is_sound(&a), "... nor with a host name without an end");
  a = answer();
  memset(a.info, 'a', sizeof a.info);
  ok(!lookup_peer_answer_is_sound(&a), "... nor with ident without an end");
  a = answer();
  a.local_host[sizeof a.local_host - 1] = 'x';
  ok(!lookup_peer_answer_is_sound(&a), "... nor with something behind the text");
  a = answer();
  strcpy(a.remote_host, "a b");
  ok(!lookup_peer_answer_is_sound(&a), "... nor with a host name that is none");
  a = answer();
  strcpy(a.info, "a\x1b");
  ok(!lookup_peer_answer_is_sound(&a), "... nor with an escape in ident");
}

static void test_host(void)
{
  struct lookup_host q;
  memset(&q, 0, sizeof q);
  ok(!lookup_host_is_sound(&q), "a question about no name is unsound");
  strcpy(q.name, "a.example");
  ok(lookup_host_is_sound(&q), "... about a name it is sound");
  q.family = 5;
  ok(!lookup_host_is_sound(&q), "... not for an unknown family");
  q.family = ADDRESS_IPV6;
  ok(lookup_host_is_sound(&q), "... but for IPv6");
  q.name[100] = 'x';
  ok(!lookup_host_is_sound(&q), "... not with something behind the name");
  memset(q.name, 'x', sizeof q.name);
  ok(!lookup_host_is_sound(&q), "... nor with a name without an end");
  memset(q.name, 0, sizeof q.name);
  strcpy(q.name, "a b");
  ok(!lookup_host_is_sound(&q), "... nor with a blank in it");
}

static void test_host_answer(void)
{
  struct lookup_host_answer a;
  memset(&a, 0, sizeof a);
  a.family = ADDRESS_IPV4;
  a.status = LOOKUP_NONE;
  ok(lookup_host_answer_is_sound(&a), "an answer about a name without addresses is sound");
  a.count = 1;
  a.address[0] = ipv4("127.0.0.1");
  ok(!lookup_host_answer_is_sound(&a), "... not if it has one all the same");
  a.status = LOOKUP_FOUND;
  ok(lookup_host_answer_is_sound(&a), "one with an address is sound");
  a.family = ADDRESS_IPV6;
  ok(!lookup_host_answer_is_sound(&a), "... not if that is of the other family");
  a.family = ADDRESS_IPV4;
  a.count = LOOKUP_ADDRESSES_MAX + 1;
  ok(!lookup_host_answer_is_sound(&a), "... nor with more addresses than fit");
  a.count = 0;
  ok(!lookup_host_answer_is_sound(&a), "... nor found without one");
  a.count = 2;
  ok(!lookup_host_answer_is_sound(&a), "... nor with one that is none");
  a.count = 1;
  a.status = LOOKUP_SETTINGS + 1;
  ok(!lookup_host_answer_is_sound(&a), "... nor with an unknown status");
}

/* Programs find their helper in ../libexec of their own folder, so this one runs as a copy of itself, in a folder
 * of its own, with a helper beside it. */
static void test_start(char const *folder)
{
  static char const *const environment[] = {"SHOWN=this", NULL};
  char path[HELPER_PATH_SIZE], expected[HELPER_PATH_SIZE];
  struct helper h;
  FILE *script;
  char said[128] = "";
  ssize_t len = -1;
  int status = -1;

  snprintf(expected, sizeof expected, "%s/libexec/tcplookup", folder);
  ok(lookup_path(path) == 0, "the helper has a place");
  is_string(path, expected, "... in libexec, beside the program's own folder");
  ok(lookup_start(&h, environment, 7) == -1 && errno == ENOENT, "one that is not there is an error");
  script = fopen(path, "w");
  if (!script)
    return;
  fprintf(script, "#!/bin/sh\nprintf '%%s' \"$* $SHOWN ${HOME-none}\" >&0\nread -r end <&1\nexit 3\n");
  fclose(script);
  chmod(path, 0755);
  ok(lookup_start(&h, environment, 7) == 0, "one that is there is started");
  for (int tries = 0; len == -1 && tries < 5000; tries++) {
    usleep(1000);
    len = read(h.fd, said, sizeof said - 1);
  }
  is_string(said, "-s -w 7 this none", "... with its options and environment, on descriptors 0 and 1");
  close(h.fd);
  ok(waitpid(h.pid, &status, 0) == h.pid && WIFEXITED(status) && WEXITSTATUS(status) == 3,
     "... and sees the end when we close ours");
}

/* Runs a copy of this program with the name of its folder; returns if it can't. */
static void become_copy(void)
{
  char folder[] = "/tmp/lookup-unit-XXXXXX", command[256], copy[64];
  if (!mkdtemp(folder))
    return;
  snprintf(command, sizeof command, "mkdir %s/bin %s/libexec && cp /proc/%ld/exe %s/bin/lookup", folder,
           folder, (long)getpid(), folder);
  if (system(command) != 0)
    return;
  snprintf(copy, sizeof copy, "%s/bin/lookup", folder);
  execl(copy, copy, folder, (char *)NULL);
}

static void remove_folder(char const *folder)
{
  char command[256];
  snprintf(command, sizeof command, "rm -r %s", folder);
  ok(system(command) == 0, "the folder is gone again");
}

static void test_wishes(void)
{
  struct lookup_wishes const nothing = {.paranoid = true}, names = {.remote_host = true, .local_host = true},
                             all = {.remote_host = true,
                                    .paranoid = true,
                                    .local_host = true,
                                    .info_timeout_s = 26};
  struct lookup_peer q, clear;
  ok(lookup_wanted(&nothing) == 0, "who wants no name wants none confirmed, and no time is no ident");
  ok(lookup_wanted(&names) == (LOOKUP_REMOTE_HOST | LOOKUP_LOCAL_HOST), "names alone can be wanted");
  ok(lookup_wanted(&all) == (LOOKUP_REMOTE_HOST | LOOKUP_PARANOID | LOOKUP_LOCAL_HOST | LOOKUP_INFO),
     "... and all there is");
  memset(&q, 'x', sizeof q);
  memset(&clear, 0, sizeof clear);
  lookup_peer_begin(&q, LOOKUP_INFO, 26);
  clear.wanted = LOOKUP_INFO;
  clear.info_timeout_s = 26;
  ok(memcmp(&q, &clear, sizeof q) == 0, "a question begins with what is wanted, and nothing else in it");
  lookup_peer_begin(&q, LOOKUP_REMOTE_HOST, 26);
  ok(q.wanted == LOOKUP_REMOTE_HOST && q.info_timeout_s == 0, "... without a time limit if ident isn't");
}

int main(int argc, char **argv)
{
  if (argc != 2) {
    become_copy();
    return 111;
  }
  test_rows();
  test_peer();
  test_wishes();
  test_peer_answer();
  test_host();
  test_host_answer();
  test_start(argv[1]);
  remove_folder(argv[1]);
  return tap_done();
}
