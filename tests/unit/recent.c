/* recent.c - names of the last second: what is remembered, for whom and how long, and what takes its place. */
#include "../../src/tcpserver/recent.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static struct recent recent;

static struct address address(char const *text)
{
  struct address a;
  if (!address_parse(&a, text))
    abort();
  return a;
}

static struct lookup_peer_answer answer(uint32_t known, char const *remote_host, char const *local_host)
{
  struct lookup_peer_answer a;
  memset(&a, 0, sizeof a);
  a.known = known;
  snprintf(a.remote_host, sizeof a.remote_host, "%s", remote_host);
  snprintf(a.local_host, sizeof a.local_host, "%s", local_host);
  return a;
}

static void keep(char const *remote, char const *local, struct lookup_peer_answer a, int64_t now_ms)
{
  struct address r = address(remote), l = address(local);
  recent_keep(&recent, &r, &l, &a, now_ms);
}

static struct recent_names const *find(char const *remote, char const *local, int64_t now_ms)
{
  struct address r = address(remote), l = address(local);
  return recent_find(&recent, &r, &l, now_ms);
}

static char const *host(char const *remote, char const *local, int64_t now_ms)
{
  struct recent_names const *names = find(remote, local, now_ms);
  return names ? names->remote_host : "nothing remembered";
}

/* More peers than there are slots: each is remembered rightly or not at all. */
static void crowd(void)
{
  unsigned int right = 0, wrong = 0;
  char remote[32], name[32];
  for (unsigned int i = 0; i < 2000; i++) {
    snprintf(remote, sizeof remote, "10.1.%u.%u", i / 256, i % 256);
    snprintf(name, sizeof name, "host%u.example", i);
    keep(remote, "10.0.0.1", answer(LOOKUP_REMOTE_HOST, name, ""), 5000);
  }
  for (unsigned int i = 0; i < 2000; i++) {
    struct recent_names const *names;
    snprintf(remote, sizeof remote, "10.1.%u.%u", i / 256, i % 256);
    snprintf(name, sizeof name, "host%u.example", i);
    names = find(remote, "10.0.0.1", 5000);
    right += names && strcmp(names->remote_host, name) == 0;
    wrong += names && strcmp(names->remote_host, name) != 0;
  }
  ok(wrong == 0, "nobody gets another's name (%u)", wrong);
  ok(right > RECENT_SLOTS / 2 && right <= RECENT_SLOTS, "... and most slots are used (%u)", right);
}

int main(void)
{
  struct recent_names const *names;
  struct address other_scope = address("fe80::1"), local = address("fe80::2");
  ok(!find("10.0.0.2", "10.0.0.1", 0), "nothing is remembered at first");
  keep("10.0.0.2", "10.0.0.1", answer(LOOKUP_REMOTE_HOST | LOOKUP_LOCAL_HOST | LOOKUP_INFO, "peer", "here"),
       1000);
  names = find("10.0.0.2", "10.0.0.1", 1000);
  ok(names && names->known == (LOOKUP_REMOTE_HOST | LOOKUP_LOCAL_HOST), "names are remembered, ident is not");
  is_string(names ? names->remote_host : "", "peer", "... the peer's");
  is_string(names ? names->local_host : "", "here", "... and the local one");
  is_string(host("10.0.0.2", "10.0.0.1", 1999), "peer", "... for a second");
  ok(!find("10.0.0.2", "10.0.0.1", 2000), "... and no longer");
  ok(!find("10.0.0.3", "10.0.0.1", 1000), "they are not another peer's");
  ok(!find("10.0.0.2", "10.0.0.4", 1000), "... nor those at another local address");
  ok(!find("fe80::a00:2", "10.0.0.1", 1000), "... nor those of another family");

  keep("10.0.0.2", "10.0.0.1", answer(0, "", ""), 1500);
  names = find("10.0.0.2", "10.0.0.1", 1500);
  ok(names && names->known == 0 && !*names->remote_host,
     "that there is no name is remembered too, in its place");
  keep("fe80::1", "fe80::2", answer(LOOKUP_PARANOID, "liar", ""), 1500);
  names = find("fe80::1", "fe80::2", 1600);
  other_scope.scope = 2;
  ok(names && names->known == LOOKUP_PARANOID && strcmp(names->remote_host, "liar") == 0,
     "... and a name that is not confirmed");
  ok(!recent_find(&recent, &other_scope, &local, 1600), "a scope is part of an address");
  crowd();
  for (size_t i = 0; i < RECENT_SLOTS; i++)
    free(recent.slot[i].text);
  return tap_done();
}
