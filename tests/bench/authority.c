/* authority.c - the DNS server and the ident servers of the benchmark's rows about names: they answer at once, or
 * never. Made for a network namespace of their own, where ports 53 and 113 are free.
 *
 * It prints a line when it is ready, and then serves until it is killed:
 *   UDP port 53 of 127.0.0.1     the name of any address is client.example: that of 127.2.x.y is never told, that
 *                                of 127.1.x.y may not be kept (TTL 0), that of others for an hour; anything else
 *                                does not exist
 *   TCP port 113 of 127.0.0.1    the owner of every connection is "bench"
 *   TCP port 113 of all others   like behind a firewall that drops: nobody ever hears anything */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DNS_PORT      53
#define IDENT_PORT    113
#define BACKLOG       4096
#define BURST         64
#define DATAGRAM_SIZE 512
#define TEXT_SIZE     256
#define HEADER_SIZE   12
#define QUESTION_TAIL 4 /* type and class */
#define TYPE_PTR      12
#define KEPT_S        3600
#define ANSWER_LIMIT  100000 /* microseconds: an asker that says nothing must not stop the others */

/* Silence is a matter of the second number of an address. */
enum { NOT_KEPT = 1, NEVER_TOLD = 2 };

static uint8_t const client_name[] = "\6client\7example";

static void die(char const *what)
{
  fprintf(stderr, "authority: fatal: %s: %s\n", what, strerror(errno));
  exit(111);
}

static struct sockaddr_in at(in_addr_t address, uint16_t port)
{
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

static int bound(int type, in_addr_t address, uint16_t port)
{
  int const on = 1;
  struct sockaddr_in here = at(address, port);
  int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ||
      bind(fd, (struct sockaddr const *)&here, sizeof here) < 0)
    die("unable to bind");
  return fd;
}

/* A listener whose queue is full: the kernel drops who comes next. */
static void drop_everybody(void)
{
  int fd = bound(SOCK_STREAM, INADDR_ANY, IDENT_PORT);
  struct sockaddr_in there = at(INADDR_LOOPBACK + 1, IDENT_PORT);
  if (listen(fd, 0) < 0)
    die("unable to listen");
  for (int i = 0; i < 4; i++) {
    int filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (filler < 0 ||
        (connect(filler, (struct sockaddr const *)&there, sizeof there) < 0 && errno != EINPROGRESS))
      die("unable to fill a queue");
  }
}

/* The question's length, its name included; 0 if it is none of ours. Writes the labels' places. */
static size_t question_length(uint8_t const *bytes, size_t length, size_t *label, size_t labels)
{
  size_t p = HEADER_SIZE, n = 0;
  while (p < length && bytes[p] != 0 && bytes[p] < 64) {
    if (n < labels)
      label[n] = p;
    n++;
    p += bytes[p] + 1u;
  }
  return p + 1 + QUESTION_TAIL <= length && bytes[p] == 0 && n >= labels ? p + 1 + QUESTION_TAIL - HEADER_SIZE
                                                                         : 0;
}

static uint8_t *put16(uint8_t *p, unsigned int n)
{
  *p++ = (uint8_t)(n >> 8);
  *p++ = (uint8_t)n;
  return p;
}

/* Makes the answer of the question, in its place; 0: there will be none. */
static size_t answer(uint8_t *bytes, size_t length)
{
  size_t label[3]; /* of d.c.b.a.in-addr.arpa, where the address is a.b.c.d */
  size_t question = question_length(bytes, length, label, 3);
  uint8_t *p = bytes + HEADER_SIZE + question;
  bool found;
  int second;
  if (question == 0)
    return 0;
  found = p[-QUESTION_TAIL] == 0 && p[1 - QUESTION_TAIL] == TYPE_PTR;
  second = atoi((char const *)bytes + label[2] + 1);
  if (found && second == NEVER_TOLD)
    return 0;
  bytes[2] |= 0x80;               /* a response */
  bytes[3] = found ? 0x80 : 0x83; /* recursion available; no such name */
  put16(bytes + 4, 1);            /* a question, and so many answers, authorities and others */
  put16(bytes + 6, found);
  memset(bytes + 8, 0, 4);
  if (!found)
    return (size_t)(p - bytes);
  p = put16(p, 0xc000 | HEADER_SIZE); /* the name of the question */
  p = put16(p, TYPE_PTR);
  p = put16(p, 1);
  p = put16(p, 0);
  p = put16(p, second == NOT_KEPT ? 0 : KEPT_S);
  p = put16(p, sizeof client_name);
  memcpy(p, client_name, sizeof client_name);
  return (size_t)(p - bytes) + sizeof client_name;
}

static void serve_names(int fd)
{
  uint8_t bytes[DATAGRAM_SIZE + TEXT_SIZE];
  for (int i = 0; i < BURST; i++) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t r = recvfrom(fd, bytes, DATAGRAM_SIZE, 0, (struct sockaddr *)&from, &size);
    size_t length;
    if (r < 0)
      return;
    length = answer(bytes, (size_t)r);
    /* What the kernel has no room for is lost, as it would be on a wire. */
    if (length > 0)
      (void)!sendto(fd, bytes, length, 0, (struct sockaddr const *)&from, size);
  }
}

static void serve_owners(int fd)
{
  struct timeval const limit = {.tv_usec = ANSWER_LIMIT};
  int connection;
  while ((connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
    char text[TEXT_SIZE];
    ssize_t r;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    r = recv(connection, text, sizeof text / 2, 0);
    while (r > 0 && (text[r - 1] == '\n' || text[r - 1] == '\r'))
      r--;
    if (r > 0) {
      int tail = snprintf(text + r, sizeof text - (size_t)r, " : USERID : UNIX : bench\r\n");
      (void)!send(connection, text, (size_t)r + (size_t)tail, MSG_NOSIGNAL);
    }
    close(connection);
  }
}

int main(void)
{
  struct pollfd ready[] = {{.fd = bound(SOCK_DGRAM, INADDR_LOOPBACK, DNS_PORT), .events = POLLIN},
                           {.fd = bound(SOCK_STREAM, INADDR_LOOPBACK, IDENT_PORT), .events = POLLIN}};
  if (listen(ready[1].fd, BACKLOG) < 0)
    die("unable to listen");
  drop_everybody();
  puts("ready");
  if (fflush(stdout) == EOF)
    die("unable to say so");
  for (;;) {
    if (poll(ready, 2, -1) < 0)
      die("poll");
    if (ready[0].revents)
      serve_names(ready[0].fd);
    if (ready[1].revents)
      serve_owners(ready[1].fd);
  }
}
