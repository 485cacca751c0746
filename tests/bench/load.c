/* load.c - the client of the benchmark: makes connections, so many at a time, checks every reply to the last
 * byte, and prints how many it got per second and how long they took. One thread, epoll, bounded in number
 * and in time. It knows nothing about the server at the other end.
 *
 *   load -p port [options]
 *     -a address   of the server (127.0.0.1)          -s text   send this once connected
 *     -c n         connections at a time (1)          -e text   the whole reply that is expected (ok\n)
 *     -n n         at most n in all (1,000,000)       -d        expect to be turned away: no byte, then the end
 *     -w seconds   warm-up, not counted (0)           -S n      connect from n addresses in turn, from 127.1.0.0
 *     -t seconds   measure for so long (1)            -T s      a connection that takes longer has failed (10)
 *     -H n         measure; open n idle connections ("h" out, "h" back); measure again; let them end
 *     -W n         the same with n connections, from as many addresses from 127.2.0.0, that nobody answers
 *     -P pid       with -H or -W: read this process's memory (PSS) before the first measurement and with all of
 *                  them open; may be given twice
 *
 * \r, \n, \\ and \xHH are understood in texts. Prints one line of NAME=VALUE words: ok, errors and, if any, their
 * kinds; seconds, rate (good connections per second), and percentiles of the time from connect() to the end
 * of the connection, in microseconds; with -H or -W, held, and held_… for the second measurement. Exit 0 if every
 * connection was as expected, 1 if some were not, 100 misuse, 111 the client itself could not go on. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char const PROG[] = "load";
#include "bench.h"

#define TEXT_SIZE      512
#define SCAN_US        (SECOND_US / 10) /* how often to look for connections that take too long */
#define HOLD_AT_ONCE   64 /* idle ones that may be unanswered at a time: fewer than any backlog */
#define HOLD_LIMIT_US  (240 * (uint64_t)SECOND_US)
#define END_LIMIT_US   (60 * (uint64_t)SECOND_US)
#define SPARE_FILES    32
#define EVENTS         256
#define MAX_CONNECTION 1000000
#define FIRST_SOURCE   0x7f010000u /* 127.1.0.0 */
#define FIRST_WAITING  0x7f020000u /* 127.2.0.0 */
#define MAX_SOURCES    65536
#define MAX_WATCHED    2

struct text {
  char bytes[TEXT_SIZE];
  size_t length;
};

struct options {
  struct sockaddr_in server;
  size_t connections;
  size_t concurrency;
  size_t hold;     /* idle ones */
  bool unanswered; /* nobody answers these */
  uint32_t sources;
  uint64_t warm_us, measure_us, timeout_us;
  struct text send, expect;
  bool refused;              /* being turned away is what we want */
  long watched[MAX_WATCHED]; /* pids whose memory is read, or 0 */
};

enum role { SHORT_LIVED, HELD, UNANSWERED };

struct connection {
  int fd; /* -1: free */
  enum role role;
  bool to_send; /* the request has not been sent yet */
  bool wrong;   /* some byte was not the expected one */
  size_t got;   /* bytes received */
  uint64_t start_us;
};

enum failure { REFUSED, RESET, TIMED_OUT, WRONG_REPLY, HOLD_LOST, LOCAL, FAILURES };
static char const *const failure_name[FAILURES] = {"refused", "reset", "timeout", "wrong", "lost", "local"};

struct client {
  struct options const *o;
  int epoll;
  struct connection *slot; /* o->concurrency of them */
  struct connection *held; /* o->hold */
  uint32_t *latency_us;    /* of the good ones of this measurement; o->connections */
  size_t good;
  size_t failed[FAILURES];
  uint32_t next_source, next_waiting;
};

enum outcome { GOES_ON, ENDED, FAILED };

/* --- One connection ----------------------------------------------------------------------------------- */

/* The address to connect from, or 0: any. */
static uint32_t source(struct client *c, enum role role)
{
  if (role == UNANSWERED)
    return FIRST_WAITING + 1 + c->next_waiting++ % MAX_SOURCES;
  return c->o->sources ? FIRST_SOURCE + 1 + c->next_source++ % c->o->sources : 0;
}

static int connected_socket(struct client *c, uint32_t address)
{
  int const on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    c->failed[LOCAL]++;
    return -1;
  }
  if (address) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr const *)&from, sizeof from) < 0) {
      c->failed[LOCAL]++;
      close(fd);
      return -1;
    }
  }
  if (connect(fd, (struct sockaddr const *)&c->o->server, sizeof c->o->server) < 0 && errno != EINPROGRESS) {
    c->failed[errno == ECONNREFUSED ? REFUSED : LOCAL]++;
    close(fd);
    return -1;
  }
  return fd;
}

static bool asks_to_hold(struct options const *o)
{
  return o->hold && !o->unanswered;
}

static bool begin(struct client *c, struct connection *k, enum role role)
{
  struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = k};
  *k = (struct connection){.fd = -1, .role = role, .start_us = now_us()};
  k->to_send = role != SHORT_LIVED || asks_to_hold(c->o) || c->o->send.length;
  k->fd = connected_socket(c, source(c, role));
  if (k->fd < 0)
    return false;
  if (k->to_send)
    e.events |= EPOLLOUT;
  if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, k->fd, &e) < 0)
    die("epoll_ctl");
  return true;
}

/* A server that can be told to hold reads one byte first: "h" to hold, anything else for a quick reply. */
static bool send_request(struct client const *c, struct connection *k)
{
  char const *request = k->role == HELD ? "h" : asks_to_hold(c->o) ? "q" : c->o->send.bytes;
  size_t length = k->role == HELD || asks_to_hold(c->o) ? 1 : c->o->send.length;
  k->to_send = false;
  if (k->role == UNANSWERED)
    return true;
  return send(k->fd, request, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static enum outcome receive(struct client *c, struct connection *k)
{
  struct text const *expect = &c->o->expect;
  for (;;) {
    char bytes[TEXT_SIZE + 1];
    ssize_t r = recv(k->fd, bytes, sizeof bytes, 0);
    if (r < 0) {
      if (errno == EAGAIN)
        return GOES_ON;
      if (c->o->refused && errno == ECONNRESET)
        return ENDED;
      c->failed[errno == ECONNREFUSED ? REFUSED : RESET]++;
      return FAILED;
    }
    if (r == 0)
      return ENDED;
    if (k->role == HELD) {
      k->wrong = r != 1 || bytes[0] != 'h';
      k->got += (size_t)r;
      return ENDED;
    }
    if ((size_t)r > expect->length - k->got || memcmp(bytes, expect->bytes + k->got, (size_t)r) != 0) {
      k->wrong = true;
      return ENDED;
    }
    k->got += (size_t)r;
  }
}

static enum outcome advance(struct client *c, struct connection *k, uint32_t events)
{
  if (k->to_send && (events & EPOLLOUT) && !send_request(c, k)) {
    c->failed[RESET]++;
    return FAILED;
  }
  if (k->role == UNANSWERED && events == EPOLLOUT)
    return ENDED;
  if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
    return GOES_ON;
  return receive(c, k);
}

static void finish(struct client *c, struct connection *k, enum outcome outcome)
{
  close(k->fd);
  k->fd = -1;
  if (outcome == FAILED)
    return;
  if (k->wrong || k->got != c->o->expect.length)
    c->failed[WRONG_REPLY]++;
  else
    c->latency_us[c->good++] = (uint32_t)(now_us() - k->start_us);
}

/* --- A measurement: short connections, always `concurrency` of them, until the time is over ------------- */

static size_t drop_late(struct client *c, struct connection *slot, size_t n)
{
  size_t dropped = 0;
  uint64_t now = now_us();
  for (size_t i = 0; i < n; i++)
    if (slot[i].fd >= 0 && now - slot[i].start_us > c->o->timeout_us) {
      close(slot[i].fd);
      slot[i].fd = -1;
      c->failed[TIMED_OUT]++;
      dropped++;
    }
  return dropped;
}

/* Returns the seconds from the first connect() to the end of the last connection. */
static double measure(struct client *c, uint64_t duration_us)
{
  struct epoll_event event[EVENTS];
  size_t started = 0, open = 0;
  uint64_t begin_us = now_us(), last_scan_us = begin_us;
  c->good = 0;
  for (;;) {
    bool more = started < c->o->connections && now_us() - begin_us < duration_us;
    for (size_t i = 0; more && i < c->o->concurrency; i++)
      if (c->slot[i].fd < 0) {
        open += begin(c, &c->slot[i], SHORT_LIVED);
        more = ++started < c->o->connections;
      }
    if (!open && !more)
      return (double)(now_us() - begin_us) / SECOND_US;
    int n = epoll_wait(c->epoll, event, EVENTS, (int)(SCAN_US / 1000));
    for (int i = 0; i < n; i++) {
      struct connection *k = event[i].data.ptr;
      enum outcome outcome = advance(c, k, event[i].events);
      if (outcome == GOES_ON)
        continue;
      finish(c, k, outcome);
      open--;
      if (started < c->o->connections && now_us() - begin_us < duration_us) {
        open += begin(c, k, SHORT_LIVED);
        started++;
      }
    }
    if (now_us() - last_scan_us > SCAN_US) {
      last_scan_us = now_us();
      open -= drop_late(c, c->slot, c->o->concurrency);
    }
  }
}

static void report(struct client *c, char const *prefix, double seconds)
{
  print_figures(prefix, c->good, seconds);
  print_percentiles(prefix, c->latency_us, c->good);
}

/* --- Idle connections ----------------------------------------------------------------------------------- */

/* Opens o->hold connections and waits for each one's answer, if there will be one: then its service runs. Returns
 * how many stand. */
static size_t hold(struct client *c)
{
  struct epoll_event event[EVENTS];
  enum role role = c->o->unanswered ? UNANSWERED : HELD;
  size_t started = 0, waiting = 0, standing = 0;
  uint64_t begin_us = now_us();
  for (size_t i = 0; i < c->o->hold; i++)
    c->held[i].fd = -1;
  while ((started < c->o->hold || waiting) && now_us() - begin_us < HOLD_LIMIT_US) {
    for (; started < c->o->hold && waiting < HOLD_AT_ONCE; started++)
      waiting += begin(c, &c->held[started], role);
    int n = epoll_wait(c->epoll, event, EVENTS, (int)(SCAN_US / 1000));
    for (int i = 0; i < n; i++) {
      struct connection *k = event[i].data.ptr;
      enum outcome outcome = advance(c, k, event[i].events);
      if (outcome == GOES_ON)
        continue;
      waiting--;
      epoll_ctl(c->epoll, EPOLL_CTL_DEL, k->fd, 0);
      if (outcome == ENDED && (k->got == 1 || role == UNANSWERED) && !k->wrong) {
        standing++;
        continue;
      }
      c->failed[HOLD_LOST] += outcome == ENDED;
      close(k->fd);
      k->fd = -1;
    }
  }
  c->failed[TIMED_OUT] += waiting;
  return standing;
}

/* A connection that nobody has answered is reset, so that the server has no more to do with it. */
static void reset(int fd)
{
  struct linger const at_once = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

/* Ends the idle connections from our side and waits for the server's side to end too, so that the next
 * measurement does not begin among dying processes. One that had ended before is an error. */
static void release(struct client *c)
{
  char byte;
  uint64_t begin_us = now_us();
  for (size_t i = 0; i < c->o->hold; i++) {
    if (c->held[i].fd < 0)
      continue;
    if (recv(c->held[i].fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 || errno != EAGAIN)
      c->failed[HOLD_LOST]++;
    if (!c->o->unanswered)
      shutdown(c->held[i].fd, SHUT_WR);
    else {
      reset(c->held[i].fd);
      c->held[i].fd = -1;
    }
  }
  for (size_t i = 0; i < c->o->hold; i++) {
    struct pollfd p = {.fd = c->held[i].fd, .events = POLLIN};
    uint64_t spent_us = now_us() - begin_us;
    if (p.fd < 0)
      continue;
    if (spent_us < END_LIMIT_US)
      poll(&p, 1, (int)((END_LIMIT_US - spent_us) / 1000));
    close(p.fd);
  }
}

struct memory {
  unsigned long kb[MAX_WATCHED];
};

static struct memory memory_now(struct options const *o)
{
  struct memory m = {{0}};
  for (size_t i = 0; i < MAX_WATCHED; i++)
    if (o->watched[i])
      m.kb[i] = memory_kb(o->watched[i]);
  return m;
}

static void report_memory(char const *prefix, struct memory const *m)
{
  static char const *const name[MAX_WATCHED] = {"pss_kb", "second_pss_kb"};
  for (size_t i = 0; i < MAX_WATCHED; i++)
    if (m->kb[i])
      printf(" %s%s=%lu", prefix, name[i], m->kb[i]);
}

/* --- The command line ------------------------------------------------------------------------------------ */

static void usage(char const *why)
{
  fprintf(
      stderr,
      "load: usage: load -p port [-a address] [-c concurrency] [-n connections] [-w seconds] [-t seconds] "
      "[-T seconds] [-s text] [-e text] [-d] [-S sources] [-H idle | -W idle] [-P pid]: %s\n",
      why);
  exit(100);
}

static unsigned long number(char const *s, unsigned long least, unsigned long most)
{
  char *end;
  unsigned long n = strtoul(s, &end, 10);
  if (s[0] < '0' || s[0] > '9' || *end || n < least || n > most)
    usage(s);
  return n;
}

static uint64_t duration_us(char const *s)
{
  char *end;
  double seconds = strtod(s, &end);
  if (end == s || *end || !(seconds >= 0 && seconds <= 3600))
    usage(s);
  return (uint64_t)(seconds * SECOND_US);
}

/* The octet behind a backslash; *s is left at its last character. */
static char escaped(char const **s)
{
  char digits[3] = {0};
  switch (**s) {
  case 'n': return '\n';
  case 'r': return '\r';
  case 'x':
    if (strspn(*s + 1, "0123456789abcdef") < 2)
      usage(*s);
    memcpy(digits, *s + 1, 2);
    *s += 2;
    return (char)strtoul(digits, NULL, 16);
  default: return **s;
  }
}

static struct text text(char const *s)
{
  struct text t = {.length = 0};
  for (; *s; s++) {
    char byte = *s;
    if (byte == '\\' && s[1]) {
      s++;
      byte = escaped(&s);
    }
    if (t.length == sizeof t.bytes)
      usage("text too long");
    t.bytes[t.length++] = byte;
  }
  return t;
}

static struct options options_from(int argc, char **argv)
{
  struct options o = {.server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
                      .connections = MAX_CONNECTION,
                      .concurrency = 1,
                      .measure_us = SECOND_US,
                      .timeout_us = (uint64_t)10 * SECOND_US,
                      .expect = {.bytes = "ok\n", .length = 3}};
  int option;
  while ((option = getopt(argc, argv, "a:p:c:n:w:t:T:s:e:dS:H:W:P:")) != -1)
    switch (option) {
    case 'a':
      if (inet_pton(AF_INET, optarg, &o.server.sin_addr) != 1)
        usage(optarg);
      break;
    case 'p': o.server.sin_port = htons((uint16_t)number(optarg, 1, 65535)); break;
    case 'c': o.concurrency = number(optarg, 1, 10000); break;
    case 'n': o.connections = number(optarg, 1, MAX_CONNECTION); break;
    case 'w': o.warm_us = duration_us(optarg); break;
    case 't': o.measure_us = duration_us(optarg); break;
    case 'T': o.timeout_us = duration_us(optarg); break;
    case 's': o.send = text(optarg); break;
    case 'e': o.expect = text(optarg); break;
    case 'd':
      o.refused = true;
      o.expect.length = 0;
      break;
    case 'S': o.sources = (uint32_t)number(optarg, 0, MAX_SOURCES); break;
    case 'H':
    case 'W':
      o.hold = number(optarg, 0, MAX_CONNECTION);
      o.unanswered = option == 'W';
      break;
    case 'P': o.watched[o.watched[0] ? 1 : 0] = (long)number(optarg, 1, INT32_MAX); break;
    default: usage("unknown option or missing value");
    }
  if (optind != argc)
    usage(argv[optind]);
  if (!o.server.sin_port)
    usage("-p is needed");
  if (asks_to_hold(&o) && (o.send.length || o.refused))
    usage("-H goes with neither -s nor -d");
  return o;
}

static void allow_files(size_t n)
{
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) < 0)
    die("getrlimit");
  files.rlim_cur = files.rlim_max;
  if (files.rlim_max < n) {
    errno = EMFILE;
    die("the hard limit of open files is too low for that many connections");
  }
  if (setrlimit(RLIMIT_NOFILE, &files) < 0)
    die("setrlimit");
}

static struct client client_for(struct options const *o)
{
  struct client c = {.o = o, .epoll = epoll_create1(EPOLL_CLOEXEC)};
  if (c.epoll < 0)
    die("epoll_create1");
  c.slot = calloc(o->concurrency, sizeof *c.slot);
  c.held = calloc(o->hold ? o->hold : 1, sizeof *c.held);
  c.latency_us = calloc(o->connections, sizeof *c.latency_us);
  if (!c.slot || !c.held || !c.latency_us)
    die("memory");
  for (size_t i = 0; i < o->concurrency; i++)
    c.slot[i].fd = -1;
  return c;
}

/* The second measurement, among idle connections; and what they cost the watched process. */
static void measure_holding(struct client *c)
{
  struct options const *o = c->o;
  size_t standing = hold(c);
  measure(c, o->warm_us);
  /* After one more has been served they are all known to the server. */
  struct memory memory = memory_now(o);
  double seconds = measure(c, o->measure_us);
  release(c);
  printf(" held=%zu ", standing);
  report(c, "held_", seconds);
  report_memory("held_", &memory);
}

int main(int argc, char **argv)
{
  struct options o = options_from(argc, argv);
  size_t failures = 0;
  allow_files(o.hold + o.concurrency + SPARE_FILES);
  struct client c = client_for(&o);

  struct memory memory = memory_now(&o);
  measure(&c, o.warm_us);
  double seconds = measure(&c, o.measure_us);
  bool any = c.good > 0;
  report(&c, "", seconds);
  report_memory("", &memory);
  if (o.hold)
    measure_holding(&c);

  for (size_t i = 0; i < FAILURES; i++) {
    failures += c.failed[i];
    if (c.failed[i])
      printf(" %s=%zu", failure_name[i], c.failed[i]);
  }
  printf(" errors=%zu\n", failures);
  return failures || !any ? 1 : 0;
}
