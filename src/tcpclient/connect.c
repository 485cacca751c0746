/* connect.c - see connect.h. */
#include "connect.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

void endpoints_interleave(struct endpoints *e, size_t settled)
{
  struct endpoints in = *e;
  enum address_family family = in.address[settled ? settled - 1 : 0].family;
  size_t next[2] = {settled, settled}; /* where to look on: of that family, of the other */
  for (size_t out = settled, turn = settled > 0; out < in.count; turn = 1 - turn) {
    size_t *i = &next[turn];
    while (*i < in.count && (in.address[*i].family == family) != (turn == 0))
      ++*i;
    if (*i < in.count)
      e->address[out++] = in.address[(*i)++];
  }
}

/* All the attempts of one race; those that are under way have a descriptor. */
struct race {
  struct connect_plan const *plan;
  struct connect_result *result;
  int fd[ENDPOINTS_MAX];   /* -1: not under way */
  size_t started, unbound; /* unbound: had no local end, of those that were started */
  int64_t next_start_ms;
  int64_t single_deadline_ms, deadline_ms; /* if there is but one endpoint; else */
};

static bool more_may_come(struct connect_plan const *plan)
{
  return plan->more && plan->more->fd != -1;
}

static bool is_single(struct connect_plan const *plan)
{
  return plan->endpoints->count == 1 && !more_may_come(plan);
}

/* It changes in the middle of a race, when the last answer from DNS is that there is nothing else. */
static int64_t deadline_ms(struct race const *r)
{
  return is_single(r->plan) ? r->single_deadline_ms : r->deadline_ms;
}

static int bind_local(int fd, struct connect_plan const *plan, enum address_family family)
{
  struct address local = plan->local;
  struct sockaddr_storage ss;
  int on = 1;
  if (local.family == ADDRESS_NONE && plan->local_port == 0)
    return 0;
  if (local.family == ADDRESS_NONE)
    local.family = family;
  /* Several attempts may share the port, and an old connection from it may be in TIME-WAIT. */
  if (plan->local_port && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
    return -1;
  return bind(fd, (struct sockaddr *)&ss, address_to_sockaddr(&ss, &local, plan->local_port));
}

/* A port of this machine that nobody listens on may be chosen as the local one, and TCP then connects the
 * socket to itself. */
static bool is_connected_to_itself(int fd)
{
  struct sockaddr_storage here, there;
  socklen_t here_len = sizeof here, there_len = sizeof there;
  struct address a, b;
  uint16_t here_port, there_port;
  return getsockname(fd, (struct sockaddr *)&here, &here_len) == 0 &&
         getpeername(fd, (struct sockaddr *)&there, &there_len) == 0 &&
         address_from_sockaddr(&a, &here_port, (struct sockaddr *)&here) &&
         address_from_sockaddr(&b, &there_port, (struct sockaddr *)&there) && here_port == there_port &&
         address_equal(&a, &b);
}

static void give_up(struct race *r, size_t i, int error)
{
  r->result->error[i] = error;
  if (r->fd[i] != -1)
    close(r->fd[i]);
  r->fd[i] = -1;
  r->next_start_ms = clock_ms();
}

/* Ends the attempt one way or the other. */
static void settle(struct race *r, size_t i, int error)
{
  if (error == 0 && is_connected_to_itself(r->fd[i]))
    error = ECONNREFUSED;
  if (error) {
    give_up(r, i, error);
    return;
  }
  r->result->status = CONNECT_MADE;
  r->result->fd = r->fd[i];
  r->fd[i] = -1;
}

/* This machine may be without one of the families (IPv6 is often switched off), which is no matter if there is an
 * endpoint of the other. Anything else would not be better for the next one. */
static void fail_unbound(struct race *r, size_t i, int error)
{
  bool lacks_family =
      r->plan->local.family == ADDRESS_NONE && (error == EADDRNOTAVAIL || error == EAFNOSUPPORT);
  give_up(r, i, error);
  r->unbound++;
  r->result->reason = error;
  if (!lacks_family)
    r->result->status = CONNECT_UNBOUND;
}

static void start_next(struct race *r)
{
  size_t i = r->started++;
  struct address const *to = &r->plan->endpoints->address[i];
  struct sockaddr_storage ss;
  socklen_t len = address_to_sockaddr(&ss, to, r->plan->port);

  r->fd[i] = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (r->fd[i] == -1) {
    give_up(r, i, errno);
    return;
  }
  if (bind_local(r->fd[i], r->plan, to->family) == -1) {
    fail_unbound(r, i, errno);
    return;
  }
  r->next_start_ms = clock_ms() + CONNECT_STAGGER_MS;
  if (connect(r->fd[i], (struct sockaddr *)&ss, len) == 0)
    settle(r, i, 0);
  else if (errno != EINPROGRESS)
    settle(r, i, errno);
}

static int attempt_error(int fd)
{
  int error = 0;
  socklen_t len = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 ? errno : error;
}

static void take_more(struct race *r)
{
  struct endpoints *e = r->plan->endpoints;
  r->plan->more->receive(r->plan->more, e);
  endpoints_interleave(e, r->started);
}

/* Waits until an attempt has ended, the next is to start, further endpoints have come, or time is up. False if there
 * is nothing to wait for. */
static bool wait_for_news(struct race *r)
{
  struct pollfd p[ENDPOINTS_MAX + 1];
  struct pollfd *more = &p[r->started];
  bool idle = r->started == r->plan->endpoints->count;
  int64_t limit_ms = deadline_ms(r);
  int64_t until_ms = !idle && r->next_start_ms < limit_ms ? r->next_start_ms : limit_ms;
  size_t running = 0;

  for (size_t i = 0; i < r->started; i++) {
    p[i] = (struct pollfd){.fd = r->fd[i], .events = POLLOUT};
    running += r->fd[i] != -1;
  }
  *more = (struct pollfd){.fd = more_may_come(r->plan) ? r->plan->more->fd : -1, .events = POLLIN};
  if (running == 0 && more->fd == -1)
    return false;
  if (poll(p, (nfds_t)r->started + 1, clock_wait_ms(until_ms)) <= 0)
    return true;
  for (size_t i = 0; i < r->started && r->result->status != CONNECT_MADE; i++)
    if (r->fd[i] != -1 && p[i].revents)
      settle(r, i, attempt_error(r->fd[i]));
  if (more->revents && r->result->status != CONNECT_MADE)
    take_more(r);
  return true;
}

static void close_losers(struct race *r)
{
  for (size_t i = 0; i < r->plan->endpoints->count; i++) {
    if (i >= r->started || r->fd[i] != -1)
      r->result->error[i] = ETIMEDOUT;
    if (r->fd[i] != -1)
      close(r->fd[i]);
  }
}

static struct connect_result race(struct connect_plan const *plan, unsigned int single_limit_s,
                                  unsigned int limit_s)
{
  struct connect_result result = {.status = CONNECT_FAILED, .fd = -1};
  struct race r = {.plan = plan, .result = &result};
  int64_t now_ms = clock_ms();

  r.single_deadline_ms = now_ms + (int64_t)single_limit_s * 1000;
  r.deadline_ms = now_ms + (int64_t)limit_s * 1000;
  r.next_start_ms = now_ms;
  memset(r.fd, 0xff, sizeof r.fd);
  while (result.status == CONNECT_FAILED && now_ms < deadline_ms(&r)) {
    if (r.started < plan->endpoints->count && now_ms >= r.next_start_ms)
      start_next(&r);
    else if (!wait_for_news(&r) && r.started == plan->endpoints->count)
      break;
    now_ms = clock_ms();
  }
  if (result.status == CONNECT_FAILED && r.unbound == plan->endpoints->count)
    result.status = CONNECT_UNBOUND;
  close_losers(&r);
  return result;
}

struct connect_result connect_any(struct connect_plan const *plan)
{
  unsigned int first_s = plan->first_s ? plan->first_s : plan->second_s;
  unsigned int second_s = plan->first_s ? plan->second_s : 0;
  struct connect_result result = race(plan, first_s, plan->first_s + plan->second_s);
  if (is_single(plan) && second_s && result.status == CONNECT_FAILED && result.error[0] == ETIMEDOUT)
    result = race(plan, second_s, second_s);
  return result;
}
