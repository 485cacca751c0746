/* hosts.c - see hosts.h. Each family has a side of its own, so that one that is known need not wait for the other;
 * only from one name to the next do they go together. */
#include "hosts.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* What the rules may make of a name, and how much of a hosts file is looked at. */
enum { CANDIDATES_MAX = 16, HOSTS_LINES_MAX = 100000, HOSTS_LINE_SIZE = 1024 };

enum { SIDES = 2 };

struct side {
  struct host_search *search;
  struct resolver_query *query; /* null: not asked, or it has come */
  struct lookup_host_answer answer;
  bool wanted; /* and not told yet */
};

struct host_search {
  struct hosts *hosts;
  struct timer timer;
  hosts_done *done;
  void *context;
  bool begun;
  struct side side[SIDES];
  size_t candidate, candidates;
  char name[CANDIDATES_MAX][HOSTNAME_SIZE];
};

static enum address_family const family_of_side[SIDES] = {ADDRESS_IPV4, ADDRESS_IPV6};
static enum resolver_type const type_of_side[SIDES] = {RESOLVER_A, RESOLVER_AAAA};

void hosts_init(struct hosts *h, struct settings *settings, struct resolver *resolver)
{
  struct hosts const none = {.settings = settings, .resolver = resolver};
  *h = none;
}

void hosts_cancel(struct host_search *s)
{
  for (size_t i = 0; i < SIDES; i++)
    if (s->side[i].query)
      resolver_abandon(s->side[i].query);
  timers_cancel(&s->hosts->timers, &s->timer);
  free(s);
}

/* Tells what one side has come to; true if that was the last one, and the search is gone. */
static bool tell(struct host_search *s, struct side *side)
{
  bool last;
  side->wanted = false;
  last = !s->side[0].wanted && !s->side[1].wanted;
  s->done(s->context, &side->answer, last);
  if (last)
    hosts_cancel(s);
  return last;
}

static void tell_rest(struct host_search *s)
{
  for (size_t i = 0; i < SIDES; i++)
    if (s->side[i].wanted && tell(s, &s->side[i]))
      return;
}

static void fail_rest(struct host_search *s, enum lookup_status status)
{
  for (size_t i = 0; i < SIDES; i++)
    if (s->side[i].answer.status == LOOKUP_NONE)
      s->side[i].answer.status = status;
  tell_rest(s);
}

static void add(struct side *side, struct address const *a)
{
  struct lookup_host_answer *answer = &side->answer;
  if (!side->wanted || (uint32_t)a->family != answer->family || answer->count == LOOKUP_ADDRESSES_MAX)
    return;
  for (uint32_t i = 0; i < answer->count; i++)
    if (address_equal(&answer->address[i], a))
      return;
  answer->address[answer->count++] = *a;
  answer->status = LOOKUP_FOUND;
}

static void add_anywhere(struct host_search *s, struct address const *a)
{
  for (size_t i = 0; i < SIDES; i++)
    add(&s->side[i], a);
}

static bool found_any(struct host_search const *s)
{
  return s->side[0].answer.count > 0 || s->side[1].answer.count > 0;
}

/* --- Names that need no DNS -------------------------------------------------------------------------------------- */

static size_t length_without_dot(char const *name)
{
  size_t len = strlen(name);
  return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

/* RFC 6761 section 6.3. */
static bool is_localhost(char const *name)
{
  static char const local[] = "localhost";
  size_t len = length_without_dot(name), size = sizeof local - 1;
  return len >= size && strncasecmp(name + len - size, local, size) == 0 &&
         (len == size || name[len - size - 1] == '.');
}

/* No top-level domain is a number (RFC 1123 section 2.1): this is a mistyped address. */
static bool ends_in_number(char const *name)
{
  size_t len = length_without_dot(name), start = len;
  while (start > 0 && name[start - 1] != '.')
    start--;
  return start < len && strspn(name + start, "0123456789") >= len - start;
}

static void read_hosts_line(struct host_search *s, char *line, char const *name)
{
  static char const blanks[] = " \t\r\n";
  struct address a;
  char *rest, *word;
  line[strcspn(line, "#")] = '\0';
  word = strtok_r(line, blanks, &rest);
  if (!word || !address_parse(&a, word))
    return;
  while ((word = strtok_r(NULL, blanks, &rest)))
    if (strcasecmp(word, name) == 0) {
      add_anywhere(s, &a);
      return;
    }
}

static void read_hosts_file(struct host_search *s, char const *name)
{
  char line[HOSTS_LINE_SIZE];
  FILE *file = fopen(HOSTS_FILE, "re");
  if (!file)
    return;
  for (int i = 0; i < HOSTS_LINES_MAX && fgets(line, sizeof line, file); i++)
    read_hosts_line(s, line, name);
  fclose(file);
}

/* True if the name is settled without DNS, with or without an address. */
static bool known_here(struct host_search *s, char const *name)
{
  static struct address const loopback[] = {{ADDRESS_IPV4, 0, {127, 0, 0, 1}}, {ADDRESS_IPV6, 0, {[15] = 1}}};
  struct address a;
  if (is_localhost(name)) {
    add_anywhere(s, &loopback[0]);
    add_anywhere(s, &loopback[1]);
    return true;
  }
  if (address_parse(&a, name)) { /* a rule may well make one of a name */
    address_unmap(&a);
    add_anywhere(s, &a);
    return true;
  }
  read_hosts_file(s, name);
  return found_any(s);
}

/* --- DNS --------------------------------------------------------------------------------------------------------- */

static void try_candidates(struct host_search *s);

static void take_addresses(struct side *side, struct hostent const *data)
{
  struct address a = {.family = (enum address_family)side->answer.family};
  size_t size = a.family == ADDRESS_IPV4 ? 4 : 16;
  for (char **p = data->h_addr_list; (size_t)data->h_length == size && *p; p++) {
    memcpy(a.octet, *p, size);
    add(side, &a);
  }
}

/* What there is to do now that one side has its answer from DNS. */
static void proceed(struct host_search *s)
{
  bool waiting = s->side[0].query || s->side[1].query;
  bool failed = s->side[0].answer.status == LOOKUP_FAILURE || s->side[1].answer.status == LOOKUP_FAILURE;

  if (found_any(s)) {
    /* This name is it: whatever is known about it is told. */
    for (size_t i = 0; i < SIDES; i++)
      if (s->side[i].wanted && !s->side[i].query && tell(s, &s->side[i]))
        return;
  } else if (!waiting && failed) {
    tell_rest(s); /* who takes a later name now might take the wrong one */
  } else if (!waiting) {
    s->candidate++;
    try_candidates(s);
  }
}

static void addresses_came(void *context, struct resolver_reply const *reply)
{
  struct side *side = context;
  side->query = NULL;
  if (reply->outcome == RESOLVER_FOUND)
    take_addresses(side, reply->data);
  else if (reply->outcome == RESOLVER_FAILED)
    side->answer.status = LOOKUP_FAILURE;
  proceed(side->search);
}

/* True if there is something to wait for. */
static bool ask_dns(struct host_search *s, char const *name)
{
  bool waiting = false;
  for (size_t i = 0; i < SIDES; i++) {
    struct side *side = &s->side[i];
    if (!side->wanted)
      continue;
    side->query = resolver_ask(s->hosts->resolver, name, type_of_side[i], addresses_came, side);
    if (side->query)
      waiting = true;
    else
      side->answer.status = LOOKUP_FAILURE;
  }
  return waiting;
}

/* From s->candidate on, until one is found, or DNS is asked, or there are no more. */
static void try_candidates(struct host_search *s)
{
  for (; s->candidate < s->candidates; s->candidate++) {
    char const *name = s->name[s->candidate];
    char clean[HOSTNAME_SIZE];
    if (known_here(s, name))
      break;
    if (ends_in_number(name) || !hostname_clean(clean, name))
      continue;
    if (s->hosts->settings->servers_problem[0] != '\0') {
      fail_rest(s, LOOKUP_SETTINGS);
      return;
    }
    if (ask_dns(s, clean))
      return;
    break;
  }
  tell_rest(s);
}

static void begin(struct host_search *s)
{
  struct settings const *settings = s->hosts->settings;
  char name[HOSTNAME_SIZE];
  memcpy(name, s->name[0], sizeof name);
  if (known_here(s, name)) { /* a short name in the hosts file is meant as it is */
    tell_rest(s);
    return;
  }
  if (settings->rewrite_problem[0] != '\0') {
    fail_rest(s, LOOKUP_SETTINGS);
    return;
  }
  s->candidates = rewrite_apply(&settings->rewrite, name, s->name, CANDIDATES_MAX);
  try_candidates(s);
}

struct host_search *hosts_ask(struct hosts *h, char const *name, enum address_family family, hosts_done *done,
                              void *context, int64_t now_ms)
{
  struct host_search *s = calloc(1, sizeof *s);
  /* It begins as soon as the timers are looked at, so that nobody is answered before his question is listed. */
  if (!s || timers_set(&h->timers, &s->timer, now_ms) == -1) {
    free(s);
    return NULL;
  }
  s->hosts = h;
  s->done = done;
  s->context = context;
  for (size_t i = 0; i < SIDES; i++) {
    struct side *side = &s->side[i];
    side->search = s;
    side->answer.family = (uint32_t)family_of_side[i];
    side->answer.status = LOOKUP_NONE;
    side->wanted = family == ADDRESS_NONE || family == family_of_side[i];
  }
  snprintf(s->name[0], sizeof s->name[0], "%s", name);
  return s;
}

void hosts_expire(struct hosts *h, int64_t now_ms)
{
  for (struct timer *t; (t = timers_expired(&h->timers, now_ms));) {
    struct host_search *s = (struct host_search *)(void *)((char *)t - offsetof(struct host_search, timer));
    if (!s->begun && timers_set(&h->timers, t, now_ms + LOOKUP_DNS_TIMEOUT_S * 1000) == 0) {
      s->begun = true;
      begin(s);
    } else {
      fail_rest(s, LOOKUP_FAILURE);
    }
  }
}
