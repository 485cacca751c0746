/* conduit.c - see conduit.h. With edges both sockets are watched for everything once and for all, because a session always
 * goes on as far as it gets; but for room in the program's end only while it waits for that, because the system reports
 * room in a pair with whatever is read at the other end, needed or not. Without edges they are watched for nothing but
 * what it waits for: what is ready and not wanted would be reported over and over. */
#include "conduit.h"

#include <errno.h>

/* What is watched at first: before the first step nobody knows what it waits for. */
#if EVENTS_HAVE_EDGES
enum { PLAIN_BEGINNING = EVENTS_IN | EVENTS_END | EVENTS_EDGE, NET_BEGINNING = PLAIN_BEGINNING | EVENTS_OUT };
#else
enum { PLAIN_BEGINNING = EVENTS_IN, NET_BEGINNING = EVENTS_IN };
#endif

int conduit_open(struct conduit *c, struct events *events, SSL_CTX *context, bool server, int net_fd,
                 int plain_fd, struct event net, struct event plain, int64_t now_ms)
{
  *c = (struct conduit){.events = events,
                        .net = net,
                        .plain = plain,
                        .watched_net = NET_BEGINNING,
                        .watched_plain = PLAIN_BEGINNING,
                        .since_ms = now_ms,
                        .state = SESSION_SHAKING};
  if (events_watch(events, net_fd, NET_BEGINNING, net) == -1)
    return -1;
  if (events_watch(events, plain_fd, PLAIN_BEGINNING, plain) == -1) {
    int error = errno;
    events_forget(events, net_fd);
    errno = error;
    return -1;
  }
  if (session_init(&c->session, context, server, net_fd, plain_fd) == -1) {
    events_forget(events, net_fd);
    events_forget(events, plain_fd);
    errno = ENOMEM;
    return -1;
  }
  return 0;
}

#if !EVENTS_HAVE_EDGES
static int adjust(struct events *e, int fd, unsigned int *watched, unsigned int wanted, struct event who)
{
  int result = 0;
  if (*watched == wanted)
    return 0;
  if (wanted == 0)
    result = events_forget(e, fd);
  else
    result = *watched == 0 ? events_watch(e, fd, wanted, who) : events_change(e, fd, wanted, who);
  if (result == 0)
    *watched = wanted;
  return result;
}

static void watch(struct conduit *c)
{
  struct session *s = &c->session;
  if (adjust(c->events, s->net, &c->watched_net, s->want_net, c->net) == -1 ||
      adjust(c->events, s->plain, &c->watched_plain, s->want_plain, c->plain) == -1)
    session_abort(s, "out of memory", true);
}
#else
static void watch(struct conduit *c)
{
  unsigned int wanted = PLAIN_BEGINNING | (c->session.want_plain & EVENTS_OUT);
  if (wanted == c->watched_plain)
    return;
  c->watched_plain = wanted;
  if (events_change(c->events, c->session.plain, wanted, c->plain) == -1)
    session_abort(&c->session, "out of memory", true);
}
#endif

enum session_result conduit_step(struct conduit *c, int64_t now_ms)
{
  enum session_result result = session_step(&c->session, now_ms);
  if (c->session.state != SESSION_OVER)
    watch(c);
  if (c->session.state != c->state) {
    c->state = c->session.state;
    c->since_ms = now_ms;
  }
  return result;
}

bool conduit_is_made(struct conduit const *c)
{
  return SSL_is_init_finished(c->session.ssl) && c->session.state != SESSION_SHAKING;
}

static int64_t later(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

bool conduit_deadline(struct conduit const *c, struct conduit_times const *times, int64_t *deadline_ms)
{
  struct session const *s = &c->session;
  switch (s->state) {
  case SESSION_SHAKING: *deadline_ms = c->since_ms + times->handshake_ms; return true;
  case SESSION_RELAYING:
    /* What the peer takes counts, too: who only downloads is not idle. */
    *deadline_ms = later(c->since_ms, later(s->heard_ms, s->sent_ms)) + times->idle_ms;
    return times->idle_ms != 0;
  case SESSION_LINGERING: *deadline_ms = c->since_ms + SESSION_LINGER_MS; return true;
  case SESSION_OVER: break;
  }
  return false;
}

void conduit_expire(struct conduit *c, struct conduit_times const *times, int64_t now_ms)
{
  int64_t deadline_ms;
  if (!conduit_deadline(c, times, &deadline_ms) || deadline_ms > now_ms)
    return;
  switch (c->session.state) {
  case SESSION_SHAKING: session_abort(&c->session, "no handshake in time", true); break;
  /* What has come is perhaps not all: that must not look like an orderly end. */
  case SESSION_RELAYING: session_abort(&c->session, "idle", true); break;
  case SESSION_LINGERING:
  case SESSION_OVER: session_abort(&c->session, "the peer does not end", false); break;
  }
  c->state = c->session.state;
}

void conduit_close(struct conduit *c)
{
  if (c->watched_net)
    events_forget(c->events, c->session.net);
  if (c->watched_plain)
    events_forget(c->events, c->session.plain);
  session_free(&c->session);
}
