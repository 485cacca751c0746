/* byhand.c - see byhand.h. */
#include "byhand.h"

#include <string.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/strerr.h>

#include "engine.h"

enum { ID = 1, NAME_MAX_LEN = 32 };

#define die(...) strerr_die(111, PROG, ": fatal: ", __VA_ARGS__)

static void say(char const *name, char const *value)
{
  char line[NAME_MAX_LEN + IDENT_SIZE + 1];
  size_t name_len = strlen(name), value_len = strlen(value);
  memcpy(line, name, name_len);
  memcpy(line + name_len, value, value_len);
  line[name_len + value_len] = '\n';
  if (allwrite(1, line, name_len + value_len + 1) < name_len + value_len + 1)
    strerr_diesys(111, PROG, ": fatal: unable to write standard output");
}

static void start(struct engine *e)
{
  if (engine_init(e, 1) == -1)
    strerr_diesys(111, PROG, ": fatal: unable to start");
  if (e->settings.servers_problem[0] != '\0')
    die(e->settings.servers_problem);
}

static void wait_for_answer(struct engine *e, struct answer_view *a)
{
  while (!questions_answer(&e->questions, a))
    if (engine_turn(e) == -1)
      strerr_diesys(111, PROG, ": fatal: unable to wait for events");
  questions_take(&e->questions);
}

void byhand_peer(struct lookup_peer const *peer)
{
  static struct engine e;
  struct answer_view a;
  struct lookup_peer_answer const *found = &a.payload.peer;

  start(&e);
  if (questions_ask_peer(&e.questions, ID, peer, e.now_ms) == -1)
    strerr_diesys(111, PROG, ": fatal: unable to ask");
  wait_for_answer(&e, &a);
  if (found->known & LOOKUP_LOCAL_HOST)
    say("TCPLOCALHOST=", found->local_host);
  if (found->known & LOOKUP_REMOTE_HOST)
    say("TCPREMOTEHOST=", found->remote_host);
  if (found->known & LOOKUP_PARANOID)
    say("TCPPARANOID=", found->remote_host);
  if (found->known & LOOKUP_INFO)
    say("TCPREMOTEINFO=", found->info);
}

static char const *family_name(uint32_t family)
{
  return family == ADDRESS_IPV4 ? "IPv4" : family == ADDRESS_IPV6 ? "IPv6" : "IP";
}

static void say_addresses(struct lookup_host_answer const *found)
{
  for (uint32_t i = 0; i < found->count; i++) {
    char text[ADDRESS_TEXT_SIZE];
    address_print(text, &found->address[i]);
    say("", text);
  }
}

void byhand_addresses(struct lookup_host const *host)
{
  static struct engine e;
  struct lookup_host_answer found[2];
  size_t answers = host->family == ADDRESS_NONE ? 2 : 1;
  bool any = false, failed = false;

  start(&e);
  if (e.settings.rewrite_problem[0] != '\0')
    die(e.settings.rewrite_problem);
  if (questions_ask_host(&e.questions, ID, host, e.now_ms) == -1)
    strerr_diesys(111, PROG, ": fatal: unable to ask");
  for (size_t i = 0; i < answers; i++) {
    struct answer_view a;
    wait_for_answer(&e, &a);
    /* IPv4 first, whichever came first. */
    found[answers == 2 && a.payload.host.family == ADDRESS_IPV6] = a.payload.host;
    any = any || a.payload.host.status == LOOKUP_FOUND;
    failed = failed || a.payload.host.status != LOOKUP_NONE;
  }
  if (!any && failed)
    die("unable to figure out IP address for ", host->name, ": temporary DNS failure");
  if (!any)
    die("no ", family_name(host->family), " address for ", host->name);
  for (size_t i = 0; i < answers; i++)
    say_addresses(&found[i]);
}
