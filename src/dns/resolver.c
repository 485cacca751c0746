/* resolver.c - see resolver.h. c-ares 1.18: a channel must not be destroyed from within its own callbacks, so that
 * is done by resolver_settle(). */
#include "resolver.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <skalibs/random.h>

#include "reply.h"

enum { CLASS_IN = 1 };

/* To tell when the first question of a channel has waited long enough, c-ares looks at all of them. With more than these
 * it is not asked: they are looked after so often, and may be given up so late. */
enum { OPEN_FEW = 256, LATE_MAX_MS = 200 };

/* With more than these there is no question. An id has 16 bits, and c-ares tries random ones until it finds one that
 * is free: it would do so for ever. */
enum { OPEN_MAX = 32768 };

/* Two bits of 64 for each choice among four. */
enum { CHOICES_IN_RANDOM = 32 };
_Static_assert(RESOLVER_CHANNELS == 4, "CHOICES_IN_RANDOM is for four channels");

struct channel {
  ares_channel ares;
  struct resolver *resolver;
  struct timer timer;
  struct channel *next_changed;
  unsigned int asked; /* questions so far */
  unsigned int open;  /* without answer, abandoned ones included */
  unsigned int live;  /* without answer, and somebody waits for it */
  bool retired, is_changed;
};

struct resolver_query {
  struct channel *channel;
  resolver_done *done; /* null: abandoned */
  void *context;
  enum resolver_type type;
  bool asking; /* resolver_ask() has not returned yet */
  bool over;   /* the answer came while asking */
};

static void mark_changed(struct channel *c)
{
  if (c->is_changed)
    return;
  c->is_changed = true;
  c->next_changed = c->resolver->changed;
  c->resolver->changed = c;
}

static void watch(void *context, ares_socket_t fd, int readable, int writable)
{
  struct channel *c = context;
  struct resolver *r = c->resolver;
  struct event const who = {.kind = r->kind, .number = (uint32_t)fd};
  unsigned int interest = (readable ? EVENTS_IN : 0U) | (writable ? EVENTS_OUT : 0U);

  if (interest == 0) {
    if (fdtable_get(&r->sockets, (size_t)fd))
      events_forget(r->events, fd);
    fdtable_set(&r->sockets, fd, NULL);
  } else if (fdtable_get(&r->sockets, (size_t)fd)) {
    events_change(r->events, fd, interest, who);
  } else if (fdtable_set(&r->sockets, fd, c) == 0 && events_watch(r->events, fd, interest, who) == -1) {
    /* Without its events the question runs into its time limit. */
    fdtable_set(&r->sockets, fd, NULL);
  }
}

/* Sockets are made here, not by c-ares, which knows nothing of the interface that a link-local server is on. */
static ares_socket_t open_socket(int family, int type, int protocol, void *context)
{
  (void)context;
  return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

static int close_socket(ares_socket_t fd, void *context)
{
  (void)context;
  return close(fd);
}

static int connect_socket(ares_socket_t fd, struct sockaddr const *to, ares_socklen_t len, void *context)
{
  struct resolver const *r = context;
  struct sockaddr_in6 to6;
  if (to->sa_family != AF_INET6 || (size_t)len < sizeof to6)
    return connect(fd, to, len);
  memcpy(&to6, to, sizeof to6);
  for (size_t i = 0; i < r->servers.count; i++)
    if (r->servers.address[i].scope != 0 && memcmp(r->servers.address[i].octet, &to6.sin6_addr, 16) == 0)
      to6.sin6_scope_id = r->servers.address[i].scope;
  return connect(fd, (struct sockaddr const *)&to6, sizeof to6);
}

static ares_ssize_t receive(ares_socket_t fd, void *buf, size_t len, int flags, struct sockaddr *from,
                            ares_socklen_t *from_len, void *context)
{
  (void)context;
  return recvfrom(fd, buf, len, flags, from, from_len);
}

static ares_ssize_t send_vector(ares_socket_t fd, struct iovec const *part, int parts, void *context)
{
  (void)context;
  return writev(fd, part, parts);
}

static struct ares_socket_functions const socket_functions = {
    .asocket = open_socket,
    .aclose = close_socket,
    .aconnect = connect_socket,
    .arecvfrom = receive,
    .asendv = send_vector,
};

static int set_servers(ares_channel channel, struct nameservers const *servers)
{
  struct ares_addr_node node[NAMESERVERS_MAX];
  memset(node, 0, sizeof node);
  for (size_t i = 0; i < servers->count; i++) {
    struct address const *a = &servers->address[i];
    node[i].next = i + 1 < servers->count ? &node[i + 1] : NULL;
    node[i].family = a->family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
    memcpy(&node[i].addr, a->octet, a->family == ADDRESS_IPV4 ? 4 : 16);
  }
  return ares_set_servers(channel, node);
}

static struct channel *open_channel(struct resolver *r)
{
  struct ares_options options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
                                 .timeout = (int)r->options.timeout_s * 1000,
                                 .tries = (int)r->options.attempts,
                                 .sock_state_cb = watch,
                                 .lookups = (char[]){"b"}};
  int const given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
                    ARES_OPT_LOOKUPS | (r->options.rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE);
  struct channel *c = calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->resolver = r;
  options.sock_state_cb_data = c;
  if (ares_init_options(&c->ares, &options, given) != ARES_SUCCESS) {
    free(c);
    return NULL;
  }
  ares_set_socket_functions(c->ares, &socket_functions, r);
  if (set_servers(c->ares, &r->servers) != ARES_SUCCESS) {
    ares_destroy(c->ares);
    free(c);
    return NULL;
  }
  r->channels++;
  return c;
}

static void retire(struct resolver *r, size_t which)
{
  struct channel *c = r->active[which];
  if (!c)
    return;
  c->retired = true;
  r->active[which] = NULL;
  mark_changed(c);
}

/* One getrandom(2) for many questions. */
static size_t choose_at_random(struct resolver *r)
{
  size_t chosen;
  if (r->choices == 0) {
    random_buf((char *)&r->random, sizeof r->random);
    r->choices = CHOICES_IN_RANDOM;
  }
  chosen = r->random % RESOLVER_CHANNELS;
  r->random /= RESOLVER_CHANNELS;
  r->choices--;
  return chosen;
}

static struct channel *choose_channel(struct resolver *r)
{
  size_t which = choose_at_random(r);
  if (r->active[which] && r->active[which]->asked >= RESOLVER_CHANNEL_QUESTIONS &&
      r->channels < RESOLVER_CHANNELS_MAX)
    retire(r, which);
  if (!r->active[which])
    r->active[which] = open_channel(r);
  return r->active[which];
}

/* What is taken out of a message, until its asker has seen it. */
struct content {
  struct hostent *data; /* to be freed */
  char text[RESOLVER_TEXT_MAX];
  size_t text_len;
};

static int parse_text(struct content *content, unsigned char const *message, int len)
{
  struct ares_txt_ext *strings = NULL;
  int status = ares_parse_txt_reply_ext(message, len, &strings);
  if (status == ARES_SUCCESS && !strings)
    status = ARES_ENODATA;
  for (struct ares_txt_ext const *s = strings; s; s = s->next) {
    size_t room = RESOLVER_TEXT_MAX - content->text_len, size = s->length < room ? s->length : room;
    memcpy(content->text + content->text_len, s->txt, size);
    content->text_len += size;
  }
  if (strings)
    ares_free_data(strings);
  return status;
}

static int parse(enum resolver_type type, unsigned char const *message, int len, struct content *content)
{
  switch (type) {
  case RESOLVER_A: return ares_parse_a_reply(message, len, &content->data, NULL, NULL);
  case RESOLVER_AAAA: return ares_parse_aaaa_reply(message, len, &content->data, NULL, NULL);
  case RESOLVER_PTR: return ares_parse_ptr_reply(message, len, NULL, 0, AF_INET, &content->data);
  case RESOLVER_TXT: return parse_text(content, message, len);
  }
  return ARES_EBADQUERY;
}

static bool has_data(struct content const *content, enum resolver_type type)
{
  if (type == RESOLVER_TXT)
    return true;
  return content->data &&
         (type == RESOLVER_PTR ? content->data->h_aliases[0] : content->data->h_addr_list[0]);
}

/* What a message means that c-ares takes for an answer. */
static void judge(struct resolver_reply *reply, enum resolver_type type, int status,
                  unsigned char const *message, int len, struct content *content)
{
  size_t size = message && len > 0 ? (size_t)len : 0;
  enum reply_content kind = reply_content(message, size);
  if (kind == REPLY_RECORDS && status == ARES_SUCCESS && parse(type, message, len, content) == ARES_SUCCESS &&
      has_data(content, type)) {
    reply->outcome = RESOLVER_FOUND;
    reply->data = content->data;
    reply->text = content->text;
    reply->text_len = content->text_len;
    reply->ttl_s = reply_ttl_s(message, size);
  } else if (kind == REPLY_NOTHING) {
    reply->outcome = RESOLVER_NONE;
    reply->ttl_s = reply_negative_ttl_s(message, size);
  }
}

/* For a message, in words of ours: those of ares_strerror() change with its versions. c-ares 1.18 tells a server that
 * fails or refuses (SERVFAIL, REFUSED, NOTIMP) from one that is not there no more than this. */
static char const *problem_of(int status)
{
  switch (status) {
  case ARES_SUCCESS:
  case ARES_ENODATA:
  case ARES_ENOTFOUND:
  case ARES_EBADRESP: return "broken answer";
  case ARES_ETIMEOUT: return "no answer in time";
  case ARES_ENOMEM: return "out of memory";
  default: return "every server failed";
  }
}

static void answered(void *context, int status, int timeouts, unsigned char *message, int len)
{
  struct resolver_query *q = context;
  struct channel *c = q->channel;
  struct resolver_reply reply = {
      .outcome = RESOLVER_FAILED, .problem = problem_of(status), .ttl_s = REPLY_FAILURE_TTL_S};
  struct content content = {.data = NULL, .text_len = 0};

  (void)timeouts;
  c->open--;
  mark_changed(c);
  if (q->asking) {
    q->over = true;
    return;
  }
  if (!q->done) {
    free(q);
    return;
  }
  c->live--;
  if (status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND)
    judge(&reply, q->type, status, message, len, &content);
  q->done(q->context, &reply);
  if (content.data)
    ares_free_hostent(content.data);
  free(q);
}

struct resolver_query *resolver_ask(struct resolver *r, char const *name, enum resolver_type type,
                                    resolver_done *done, void *context)
{
  struct channel *c = choose_channel(r);
  struct resolver_query *q = c && c->open < OPEN_MAX ? calloc(1, sizeof *q) : NULL;
  if (!q)
    return NULL;
  q->channel = c;
  q->done = done;
  q->context = context;
  q->type = type;
  q->asking = true;
  c->asked++;
  c->open++;
  mark_changed(c);
  ares_query(c->ares, name, CLASS_IN, (int)type, answered, q);
  q->asking = false;
  if (q->over) {
    free(q);
    return NULL;
  }
  c->live++;
  return q;
}

void resolver_abandon(struct resolver_query *q)
{
  q->done = NULL;
  q->channel->live--;
  mark_changed(q->channel);
}

void resolver_ready(struct resolver *r, struct event const *e)
{
  struct channel *c = fdtable_get(&r->sockets, e->number);
  ares_socket_t fd = (ares_socket_t)e->number;
  /* An error is found by reading, and while connecting by writing. */
  bool failed = e->ready & EVENTS_FAILED;
  if (!c)
    return;
  ares_process_fd(c->ares, e->ready & EVENTS_IN || failed ? fd : ARES_SOCKET_BAD,
                  e->ready & EVENTS_OUT || failed ? fd : ARES_SOCKET_BAD);
  mark_changed(c);
}

void resolver_expire(struct resolver *r, int64_t now_ms)
{
  for (struct timer *t; (t = timers_expired(&r->timers, now_ms));) {
    struct channel *c = (struct channel *)(void *)((char *)t - offsetof(struct channel, timer));
    ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    mark_changed(c);
  }
}

static void settle(struct resolver *r, struct channel *c, int64_t now_ms)
{
  struct timeval left;
  if (c->open > OPEN_FEW) {
    if (c->timer.position == 0 || c->timer.deadline_ms > now_ms + LATE_MAX_MS)
      timers_set(&r->timers, &c->timer, now_ms + LATE_MAX_MS);
  } else if (c->open == 0 || !ares_timeout(c->ares, NULL, &left))
    timers_cancel(&r->timers, &c->timer);
  else
    /* A millisecond more, else rounding would bring us here before it is time. */
    timers_set(&r->timers, &c->timer, now_ms + left.tv_sec * 1000 + left.tv_usec / 1000 + 1);
}

static void end_channel(struct resolver *r, struct channel *c)
{
  for (size_t i = 0; i < RESOLVER_CHANNELS; i++)
    if (r->active[i] == c)
      r->active[i] = NULL;
  timers_cancel(&r->timers, &c->timer);
  c->is_changed = true; /* its callbacks must not list it again */
  ares_destroy(c->ares);
  free(c);
  r->channels--;
}

void resolver_settle(struct resolver *r, int64_t now_ms)
{
  while (r->changed) {
    struct channel *c = r->changed;
    r->changed = c->next_changed;
    c->is_changed = false;
    /* c-ares can't take one question back, so the last one that somebody waits for ends the channel. */
    if (c->live == 0 && (c->retired || c->open > 0))
      end_channel(r, c);
    else
      settle(r, c, now_ms);
  }
}

void resolver_change(struct resolver *r, struct settings const *settings)
{
  r->servers = settings->servers;
  r->options = settings->options;
  for (size_t i = 0; i < RESOLVER_CHANNELS; i++)
    retire(r, i);
}

/* Where there is no /dev/urandom (chroot), c-ares 1.18 makes its ids with rand(). */
static void seed_rand(void)
{
  unsigned int seed;
  random_buf((char *)&seed, sizeof seed);
  srand(seed);
}

int resolver_init(struct resolver *r, struct events *events, uint32_t kind, struct settings const *settings)
{
  memset(r, 0, sizeof *r);
  r->events = events;
  r->kind = kind;
  r->servers = settings->servers;
  r->options = settings->options;
  seed_rand();
  if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
    errno = ENOMEM;
    return -1;
  }
  return 0;
}
