/* Connecting: families alternate, attempts start 250 ms apart or when one has failed, the first to answer wins. */
#include "../../src/tcpclient/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "tap.h"

static uint16_t port; /* the same one for all addresses: connect_any() has one */

/* 0, or what bind() says of IPv6 addresses on a machine without them. */
static int bind_error6;

/* Takes the place of the C library's bind(), whose declaration differs from one library to the other. */
int choosy_bind(int fd, struct sockaddr const *sa, socklen_t len) __asm__("bind");

int choosy_bind(int fd, struct sockaddr const *sa, socklen_t len)
{
  int error = sa->sa_family == AF_INET6 ? bind_error6 : 0;
  if (error == 0)
    return (int)syscall(SYS_bind, fd, sa, len);
  errno = error;
  return -1;
}

static struct address address_of(char const *text)
{
  struct address a = {.family = ADDRESS_NONE};
  address_parse(&a, text);
  return a;
}

/* A listener on this address, at `port`, or at any that is free if that is 0; or -1. */
static int listen_at(char const *text, int backlog)
{
  struct address a = address_of(text);
  struct sockaddr_storage ss;
  socklen_t len = address_to_sockaddr(&ss, &a, port);
  int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (struct sockaddr *)&ss, len) == -1 || listen(fd, backlog) == -1 ||
      getsockname(fd, (struct sockaddr *)&ss, &len) == -1 ||
      !address_from_sockaddr(&a, &port, (struct sockaddr *)&ss)) {
    close(fd);
    return -1;
  }
  return fd;
}

static struct endpoints endpoints_of(char const *const *text)
{
  struct endpoints e = {.count = 0};
  while (*text)
    e.address[e.count++] = address_of(*text++);
  return e;
}
#define ENDPOINTS(...) endpoints_of((char const *const[]){__VA_ARGS__, NULL})

static int64_t took_ms;

static struct connect_result connect_to(struct endpoints e, unsigned int first_s, unsigned int second_s)
{
  struct connect_plan plan = {.endpoints = &e, .port = port, .first_s = first_s, .second_s = second_s};
  int64_t start_ms = clock_ms();
  struct connect_result r = connect_any(&plan);
  took_ms = clock_ms() - start_ms;
  return r;
}

/* A source whose news is what can be read from its descriptor: one address each. */
static void receive_one(struct connect_source *s, struct endpoints *e)
{
  char const *const *text = s->context;
  char octet;
  if (read(s->fd, &octet, 1) != 1)
    s->fd = -1;
  else
    e->address[e->count++] = address_of(*text);
}

/* The address that a connection leads to. */
static bool reaches(struct connect_result const *r, char const *text)
{
  struct address wanted = address_of(text), a;
  struct sockaddr_storage ss;
  socklen_t len = sizeof ss;
  uint16_t unused;
  return r->status == CONNECT_MADE && getpeername(r->fd, (struct sockaddr *)&ss, &len) == 0 &&
         address_from_sockaddr(&a, &unused, (struct sockaddr *)&ss) && address_equal(&a, &wanted);
}

static int open_descriptors(void)
{
  int n = 0;
  for (int fd = 0; fd < 256; fd++)
    n += fcntl(fd, F_GETFD) != -1;
  return n;
}

static bool becomes_after(size_t settled, struct endpoints e, struct endpoints expected)
{
  endpoints_interleave(&e, settled);
  if (e.count != expected.count)
    return false;
  for (size_t i = 0; i < e.count; i++)
    if (!address_equal(&e.address[i], &expected.address[i]))
      return false;
  return true;
}

static bool becomes(struct endpoints e, struct endpoints expected)
{
  return becomes_after(0, e, expected);
}

static void test_interleave(void)
{
  ok(becomes(ENDPOINTS("::1", "::2", "::3", "1.1.1.1", "1.1.1.2"),
             ENDPOINTS("::1", "1.1.1.1", "::2", "1.1.1.2", "::3")),
     "families alternate, the first one first");
  ok(becomes(ENDPOINTS("1.1.1.1", "::1", "1.1.1.2", "1.1.1.3"),
             ENDPOINTS("1.1.1.1", "::1", "1.1.1.2", "1.1.1.3")),
     "what alternates already stays so");
  ok(becomes(ENDPOINTS("1.1.1.1", "1.1.1.2", "::1"), ENDPOINTS("1.1.1.1", "::1", "1.1.1.2")),
     "IPv4 may be the first");
  ok(becomes(ENDPOINTS("1.1.1.3", "1.1.1.2", "1.1.1.1"), ENDPOINTS("1.1.1.3", "1.1.1.2", "1.1.1.1")),
     "one family stays as it is");
  ok(becomes(ENDPOINTS("::1"), ENDPOINTS("::1")), "so does one address");
  ok(becomes_after(2, ENDPOINTS("1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "::1", "::2"),
                   ENDPOINTS("1.1.1.1", "1.1.1.2", "::1", "1.1.1.3", "::2", "1.1.1.4")),
     "what comes late alternates with what was not tried yet, and is the next");
  ok(becomes_after(1, ENDPOINTS("::1", "1.1.1.1"), ENDPOINTS("::1", "1.1.1.1")),
     "what was tried stays the first");
  ok(becomes_after(2, ENDPOINTS("1.1.1.1", "::1"), ENDPOINTS("1.1.1.1", "::1")),
     "when all was tried nothing changes");
}

/* hole: never answers. open: does. Nobody listens at 127.0.0.5 and up. */
static void test_race(void)
{
  struct connect_result r;
  int before;
  int hole = listen_at("127.0.0.2", 0), open4 = listen_at("127.0.0.3", 50), open6 = listen_at("::1", 50);
  int fill = connect_to(ENDPOINTS("127.0.0.2"), 1, 0).fd;
  ok(hole != -1 && open4 != -1 && open6 != -1 && fill != -1, "the test's listeners are there");

  before = open_descriptors();
  r = connect_to(ENDPOINTS("127.0.0.3", "127.0.0.2"), 20, 0);
  ok(reaches(&r, "127.0.0.3") && took_ms < 10000, "an address that answers is not kept waiting");
  ok(fcntl(r.fd, F_GETFD) == FD_CLOEXEC && (fcntl(r.fd, F_GETFL) & O_NONBLOCK),
     "the connection is close-on-exec and nonblocking");
  close(r.fd);
  r = connect_to(ENDPOINTS("127.0.0.2", "127.0.0.3"), 20, 0);
  ok(reaches(&r, "127.0.0.3") && took_ms >= CONNECT_STAGGER_MS && took_ms < 10000,
     "an address that does not answer gets a head start of 250 ms (took %d)", (int)took_ms);
  close(r.fd);
  r = connect_to(ENDPOINTS("127.0.0.2", "127.0.0.2", "::1"), 20, 0);
  ok(reaches(&r, "::1") && took_ms >= 2 * CONNECT_STAGGER_MS && took_ms < 10000, "so does each of several");
  close(r.fd);
  r = connect_to(ENDPOINTS("127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.9", "127.0.0.3"), 20,
                 0);
  ok(reaches(&r, "127.0.0.3") && took_ms < 5 * CONNECT_STAGGER_MS,
     "after one that refuses the next is tried at once");
  close(r.fd);
  r = connect_to(ENDPOINTS("127.0.0.2", "127.0.0.5", "127.0.0.3"), 20, 0);
  ok(reaches(&r, "127.0.0.3") && took_ms >= CONNECT_STAGGER_MS && took_ms < 10000,
     "a slow one does not hold up those after one that refuses");
  close(r.fd);
  ok(open_descriptors() == before, "the losers are closed");

  r = connect_to(ENDPOINTS("127.0.0.5", "127.0.0.2", "127.0.0.6"), 1, 0);
  ok(r.status == CONNECT_FAILED && r.fd == -1 && r.error[0] == ECONNREFUSED && r.error[1] == ETIMEDOUT &&
         r.error[2] == ECONNREFUSED,
     "when all fail, each has its own reason");
  ok(took_ms >= 1000 && took_ms < 10000, "and time is up for all of them at once");
  r = connect_to(ENDPOINTS("127.0.0.2", "127.0.0.2"), 0, 1);
  ok(r.status == CONNECT_FAILED && took_ms >= 1000 && took_ms < 10000,
     "both numbers of seconds add up for several");
  r = connect_to(ENDPOINTS("127.0.0.5", "127.0.0.6"), 20, 20);
  ok(r.status == CONNECT_FAILED && took_ms < 10000, "when all refuse, nobody waits");
  ok(open_descriptors() == before, "nothing stays open");

  for (size_t late = 0; late < 2; late++) {
    char const *text = late ? "127.0.0.3" : "127.0.0.5";
    struct endpoints e = ENDPOINTS("127.0.0.2");
    struct connect_source more = {.receive = receive_one, .context = &text};
    struct connect_plan plan = {.endpoints = &e, .more = &more, .port = port, .first_s = 1, .second_s = 19};
    int news[2];
    int64_t start_ms = clock_ms();
    ok(pipe(news) == 0 && write(news[1], "x", 1) == 1 && close(news[1]) == 0, "a source with news");
    more.fd = news[0];
    if (late) {
      r = connect_any(&plan);
      ok(reaches(&r, "127.0.0.3") && clock_ms() - start_ms < 10000, "a late endpoint joins the race");
      close(r.fd);
    } else {
      plan.second_s = 1;
      r = connect_any(&plan);
      ok(r.status == CONNECT_FAILED && e.count == 2 && r.error[0] == ETIMEDOUT && r.error[1] == ECONNREFUSED,
         "a late endpoint has its own reason");
    }
    close(news[0]);
  }
  {
    char const *text = "";
    struct endpoints e = ENDPOINTS("127.0.0.2");
    struct connect_source more = {.receive = receive_one, .context = &text};
    struct connect_plan plan = {.endpoints = &e, .more = &more, .port = port, .first_s = 1};
    int64_t start_ms = clock_ms();
    int news[2];
    ok(pipe(news) == 0 && close(news[1]) == 0, "a source that ends");
    more.fd = news[0];
    r = connect_any(&plan);
    ok(r.status == CONNECT_FAILED && r.error[0] == ETIMEDOUT && more.fd == -1 &&
           clock_ms() - start_ms >= 1000,
       "leaves the endpoint that there is");
    close(news[0]);
  }
  ok(open_descriptors() == before, "nor does that leave anything open");
  close(fill);
  close(hole);
  close(open4);
  close(open6);
}

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
  uint16_t wanted, kept = port;
  port = 0;
  close(listen_at("0.0.0.0", 1));
  wanted = port;
  port = kept;
  return wanted;
}

static struct connect_result connect_from(char const *local, struct endpoints e)
{
  struct connect_plan plan = {.endpoints = &e, .port = port, .local_port = free_port(), .first_s = 20};
  if (local)
    plan.local = address_of(local);
  return connect_any(&plan);
}

static void test_local_port(void)
{
  struct connect_result r;
  int before, open4 = listen_at("127.0.0.3", 50);
  static int const lacks[] = {EADDRNOTAVAIL, EAFNOSUPPORT};

  before = open_descriptors();
  for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
    bind_error6 = lacks[i];
    r = connect_from(NULL, ENDPOINTS("::1", "127.0.0.3"));
    ok(reaches(&r, "127.0.0.3"), "a local port: without IPv6 the IPv4 address is reached (%s)",
       strerror(lacks[i]));
    close(r.fd);
    r = connect_from(NULL, ENDPOINTS("::1", "127.0.0.5"));
    ok(r.status == CONNECT_FAILED && r.error[0] == lacks[i] && r.error[1] == ECONNREFUSED,
       "or has its own reason");
    r = connect_from(NULL, ENDPOINTS("::1", "::2"));
    ok(r.status == CONNECT_UNBOUND && r.reason == lacks[i] && r.fd == -1,
       "when no address is of a family that is there, the port can't be had");
    r = connect_from(NULL, ENDPOINTS("::1"));
    ok(r.status == CONNECT_UNBOUND && r.reason == lacks[i], "one address or several");
    r = connect_from("::1", ENDPOINTS("::2", "::1"));
    ok(r.status == CONNECT_UNBOUND && r.reason == lacks[i], "a local address that is not there is fatal");
  }
  bind_error6 = EADDRINUSE;
  r = connect_from(NULL, ENDPOINTS("::1", "127.0.0.3"));
  ok(r.status == CONNECT_UNBOUND && r.reason == EADDRINUSE, "so is a port in use");
  bind_error6 = 0;
  ok(open_descriptors() == before, "nothing stays open after that");
  close(open4);
}

int main(void)
{
  test_interleave();
  /* One free port at several addresses: somebody else may have taken it at one of them. */
  for (int attempt = 0; attempt < 50; attempt++) {
    int probe[3];
    port = 0;
    probe[0] = listen_at("127.0.0.2", 1);
    probe[1] = listen_at("127.0.0.3", 1);
    probe[2] = listen_at("::1", 1);
    for (int i = 0; i < 3; i++)
      close(probe[i]);
    if (probe[0] != -1 && probe[1] != -1 && probe[2] != -1)
      break;
  }
  test_race();
  test_local_port();
  return tap_done();
}
