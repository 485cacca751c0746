/* Listening sockets: where they are bound, and what is said of those that can't be had. */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static struct listen_problem problem;

/* A wish of anybody's, with that host and port. */
static struct listen_wish wish(char const *host, char const *port)
{
  return (struct listen_wish){.host = host, .port = port, .first = ADDRESS_IPV4, .backlog = 5};
}

static int open_wish(struct listen_wish const *w)
{
  struct address a;
  problem.text[0] = '\0';
  return listen_find(&a, w, &problem) ? listen_at(&a, w, &problem) : -1;
}

static int lowest_descriptor(void)
{
  int fd = dup(0);
  close(fd);
  return fd;
}

/* What is said, and that nothing stays open. */
static void refused(struct listen_wish const *w, char const *text)
{
  int before = lowest_descriptor();
  int fd = open_wish(w);
  ok(fd == -1, "%s port %s can't be had", w->host, w->port);
  is_string(problem.text, text, "... which is said");
  ok(lowest_descriptor() == before, "... and no descriptor stays");
}

static void test_sockets(void)
{
  struct listen_wish w = wish("127.0.0.1", "0");
  struct address a;
  char text[ADDRESS_TEXT_SIZE];
  uint16_t port = 0;
  int fd = open_wish(&w);
  ok(fd != -1 && listen_bound_to(&a, &port, fd), "there is a socket");
  address_print(text, &a);
  is_string(text, "127.0.0.1", "... at the address");
  ok(port > 0, "... and a port that was free");
  ok(!(fcntl(fd, F_GETFL) & O_NONBLOCK), "it is blocking");
  ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "... and closed when another program is run");
  close(fd);
  w.nonblocking = true;
  fd = open_wish(&w);
  ok(fcntl(fd, F_GETFL) & O_NONBLOCK, "nonblocking, if that was asked for");
  close(fd);
  w = wish("0", "0");
  w.only = ADDRESS_IPV4;
  fd = open_wish(&w);
  ok(listen_bound_to(&a, &port, fd) && a.family == ADDRESS_IPV4 && address_is_any(&a),
     "every local address of IPv4, if that is the only family");
  close(fd);
  ok(!listen_bound_to(&a, &port, fd) && errno == EBADF, "where nothing is bound is an error of the system's");
}

static void test_problems(void)
{
  struct listen_wish w = wish("127.1", "0");
  char host[3 * LISTEN_PROBLEM_SIZE];
  refused(&w, "no IP address for 127.1");
  w = wish("192.0.2.1", "0");
  refused(&w, "unable to bind to 192.0.2.1 port 0: Cannot assign requested address");
  w = wish("127.0.0.1", "");
  refused(&w, "unable to figure out port number for ");
  w = wish("127.0.0.1", "65536");
  refused(&w, "unable to figure out port number for 65536");
  w = wish("::1", "0");
  w.only = ADDRESS_IPV4;
  refused(&w, "-4 was given, but ::1 is not an IPv4 address");
  w = wish("127.0.0.1", "0");
  w.interface = "nosuch0";
  refused(&w, "unable to find interface nosuch0");
  memset(host, 'x', sizeof host - 1);
  host[sizeof host - 1] = '\0';
  w = wish(host, "0");
  ok(open_wish(&w) == -1 && strncmp(problem.text, "no IP address for xxx", 21) == 0 &&
         strlen(problem.text) == LISTEN_PROBLEM_SIZE - 1,
     "what is too long to be said whole is said as far as there is room");
}

static void test_names(void)
{
  struct listen_wish w = wish("localhost", "0");
  ok(listen_is_name(&w), "a name is one");
  w.host = "127.0.0.1";
  ok(!listen_is_name(&w), "... an address is not");
  w.host = "0";
  ok(!listen_is_name(&w), "... nor every address");
  w.host = "";
  ok(!listen_is_name(&w), "... nor an empty host");
}

int main(void)
{
  test_sockets();
  test_problems();
  test_names();
  return tap_done();
}
