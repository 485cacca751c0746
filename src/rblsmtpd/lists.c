/* lists.c - see lists.h. */
#include "lists.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>

#include "clock.h"
#include "complain.h"
#include "descriptors.h"
#include "events.h"
#include "hostname.h"
#include "prog.h"
#include "resolver.h"
#include "settings.h"

enum { FROM_RESOLVER = 1 };

/* RFC 5782 section 2.1: lists answer with addresses in 127.0.0.0/8. Any other address comes from whoever has bought the
 * domain since, and lists everybody. Addresses in 127.255.255.0/24 are what large lists answer when they do not want to
 * be asked, whoever the client is. */
static bool is_listing(unsigned char const octet[4])
{
  return octet[0] == 127 && !(octet[1] == 255 && octet[2] == 255);
}

static bool has_listing(struct hostent const *data)
{
  for (size_t i = 0; data->h_addr_list[i]; i++)
    if (is_listing((unsigned char const *)data->h_addr_list[i]))
      return true;
  return false;
}

static enum step_state failed(struct step *s, char const *why)
{
  text_add_string(&s->text, why);
  return STEP_FAILED;
}

/* Its first address, which for large lists tells why. */
static enum step_state no_listing(struct step *s, struct hostent const *data)
{
  char address[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, data->h_addr_list[0], address, sizeof address);
  text_add_string(&s->text, address);
  return failed(s, " is no listing");
}

static enum step_state state_after(struct step *s, struct resolver_reply const *reply)
{
  if (reply->outcome == RESOLVER_NONE)
    return STEP_UNLISTED;
  if (reply->outcome == RESOLVER_FAILED)
    return failed(s, reply->problem);
  switch (s->kind) {
  case STEP_ALLOW: return STEP_LISTED;
  case STEP_BLOCK_ADDRESS:
    if (!has_listing(reply->data))
      return no_listing(s, reply->data);
    text_add_pattern(&s->text, s->reason, s->client->text.octet);
    break;
  case STEP_BLOCK: text_add(&s->text, reply->text, reply->text_len); break;
  case STEP_DELAY: break;
  }
  /* As in ucspi-tcp a record that says nothing lists nobody. */
  return s->text.len > 0 ? STEP_LISTED : STEP_UNLISTED;
}

static void answered(void *context, struct resolver_reply const *reply)
{
  struct step *s = context;
  s->state = state_after(s, reply);
}

/* Where we are. */
struct consultation {
  struct step *steps;
  size_t count;
  struct client const *client;
  int64_t deadline_ms; /* of all lists */
  bool is_asking;      /* the two below are in use */
  struct events events;
  struct resolver resolver;
  lists_delayed *delayed;
  struct step const *delay; /* that has begun, null for none */
  int64_t delay_end_ms;
};

static bool is_list(struct step const *s)
{
  return s->kind != STEP_DELAY;
}

static bool has_lists(struct consultation const *c)
{
  for (size_t i = 0; i < c->count; i++)
    if (is_list(&c->steps[i]))
      return true;
  return false;
}

static void fail_pending(struct consultation *c, char const *why)
{
  c->is_asking = false;
  for (size_t i = 0; i < c->count; i++)
    if (is_list(&c->steps[i]) && c->steps[i].state == STEP_PENDING)
      c->steps[i].state = failed(&c->steps[i], why);
}

/* One that can't be asked has failed. */
static void ask(struct consultation *c, struct step *s)
{
  char name[ADDRESS_LABELS_SIZE + HOSTNAME_SIZE];
  enum resolver_type type = s->kind == STEP_BLOCK ? RESOLVER_TXT : RESOLVER_A;
  snprintf(name, sizeof name, "%s%.*s", c->client->labels, (int)s->base_len, s->base);
  s->client = c->client;
  if (!resolver_ask(&c->resolver, name, type, answered, s))
    s->state = failed(s, "can't be asked");
}

/* False, and a warning, if nobody can be asked anything. */
static bool prepare(struct consultation *c)
{
  struct settings settings;
  if (!c->client->is_known) {
    complain(PROG, ": warning: $TCPREMOTEIP is unset or not an IP address: no list can be asked about it");
    return false;
  }
  settings_init_servers(&settings);
  if (settings.servers_problem[0]) {
    complain(PROG, ": warning: ", settings.servers_problem);
    return false;
  }
  /* Else a socket of ours could take the place of the client, or of the log. */
  if (descriptors_guard() == 0 && events_init(&c->events) == 0 &&
      resolver_init(&c->resolver, &c->events, FROM_RESOLVER, &settings) == 0)
    return true;
  complain(PROG, ": warning: unable to ask lists: ", strerror(errno));
  return false;
}

static void ask_all(struct consultation *c)
{
  c->is_asking = prepare(c);
  if (!c->is_asking) {
    fail_pending(c, "");
    return;
  }
  for (size_t i = 0; i < c->count; i++)
    if (is_list(&c->steps[i]))
      ask(c, &c->steps[i]);
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
  return a_ms < b_ms ? a_ms : b_ms;
}

/* Until then, or until there are answers. */
static void take_answers(struct consultation *c, int64_t until_ms)
{
  struct event event[EVENTS_BATCH];
  struct resolver *r = &c->resolver;
  int64_t next_ms;
  int n;
  resolver_settle(r, clock_ms());
  if (timers_next(&r->timers, &next_ms))
    until_ms = earlier(until_ms, next_ms);
  n = events_wait(&c->events, event, clock_wait_ms(until_ms));
  for (int i = 0; i < n; i++)
    resolver_ready(r, &event[i]);
  resolver_expire(r, clock_ms());
}

/* A delay begins when everything before it has been answered. */
static int64_t end_of_delay(struct consultation *c, struct step const *s)
{
  if (c->delay != s) {
    c->delay = s;
    c->delay_end_ms = clock_ms() + (int64_t)s->delay_s * 1000;
    c->delayed(c->client, s->delay_s);
  }
  return c->delay_end_ms;
}

static void wait_for(struct consultation *c, struct step *s)
{
  int64_t until_ms = is_list(s) ? c->deadline_ms : end_of_delay(c, s);
  if (c->is_asking)
    take_answers(c, earlier(until_ms, c->deadline_ms));
  else
    poll(NULL, 0, clock_wait_ms(until_ms));
  if (!is_list(s) && clock_ms() >= until_ms)
    s->state = STEP_UNLISTED;
  if (c->is_asking && clock_ms() >= c->deadline_ms)
    fail_pending(c, "no answer in time");
}

struct verdict lists_consult(struct step *steps, size_t count, struct client const *client,
                             int64_t deadline_ms, lists_delayed *delayed)
{
  /* Answers may come as long as the process lives. */
  static struct consultation c;
  struct verdict v;
  c = (struct consultation){
      .steps = steps, .count = count, .client = client, .deadline_ms = deadline_ms, .delayed = delayed};
  if (has_lists(&c))
    ask_all(&c);
  while ((v = steps_judge(steps, count)).decision == DECISION_WAIT)
    wait_for(&c, &steps[v.step - steps]);
  return v;
}
