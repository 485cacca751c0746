/* tlsfloor.c - the cheapest TLS server that runs a program: one process does all handshakes and relays, and vforks the
 * service on one end of a socket pair. What any server with programs has to do, and nothing else: no rules, no limits,
 * no log, no other process that keeps the key.
 *
 *   tlsfloor certificate.pem exec prog [args]
 *   tlsfloor certificate.pem download octets | upload    itself sends so many octets from memory, or reads to the end and
 *                                                         answers "ok"; one connection after the other
 *
 * Listens on 127.0.0.1 at any free port and prints it. certificate.pem has the key, too. */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static char const PROG[] = "tlsfloor";
#include "bench.h"

#define EVENTS 64
#define BLOCK  16384

static SSL_CTX *make_context(char const *file)
{
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (!context || SSL_CTX_use_certificate_chain_file(context, file) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) != 1)
    die(file);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  return context;
}

static SSL *accepted(SSL_CTX *context, int listener, int flags)
{
  int const on = 1;
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | flags);
  SSL *ssl;
  if (fd < 0)
    return NULL;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ssl = SSL_new(context);
  if (!ssl || SSL_set_fd(ssl, fd) != 1)
    die("SSL_new");
  SSL_set_accept_state(ssl);
  return ssl;
}

/* --- One at a time ---------------------------------------------------------------------------------------- */

static void serve_itself(SSL_CTX *context, int listener, uint64_t octets)
{
  static char block[BLOCK];
  for (;;) {
    SSL *ssl = accepted(context, listener, 0);
    int n = 1;
    if (!ssl)
      continue;
    if (SSL_accept(ssl) == 1) {
      for (uint64_t left = octets; left > 0 && n > 0; left -= (uint64_t)n)
        n = SSL_write(ssl, block, left < BLOCK ? (int)left : BLOCK);
      if (!octets) {
        while (SSL_read(ssl, block, BLOCK) > 0)
          ;
        SSL_write(ssl, "ok\n", 3);
      }
      SSL_shutdown(ssl);
      shutdown(SSL_get_fd(ssl), SHUT_WR);
      while (read(SSL_get_fd(ssl), block, BLOCK) > 0)
        ;
    }
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
    ERR_clear_error();
  }
}

/* --- With a program ----------------------------------------------------------------------------------------- */

struct session {
  SSL *ssl;
  int pair; /* -1 before the handshake is over */
  struct session *next;
};

static void watch(int poller, int fd, uint32_t events, struct session *s)
{
  struct epoll_event e = {.events = events | EPOLLET, .data.ptr = s};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e) < 0)
    die("epoll_ctl");
}

static void start_service(int poller, struct session *s, char *const *prog)
{
  static char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "PROTO=TCP", NULL};
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
    die("socketpair");
  run(pair[0], prog, environment);
  close(pair[0]);
  fcntl(pair[1], F_SETFL, O_NONBLOCK);
  s->pair = pair[1];
  watch(poller, pair[1], EPOLLIN, s);
}

/* True when it is over. */
static bool step(int poller, struct session *s, char *const *prog)
{
  char block[BLOCK];
  ssize_t n;
  int result;
  ERR_clear_error();
  if (s->pair < 0) {
    result = SSL_do_handshake(s->ssl);
    if (result != 1) {
      int error = SSL_get_error(s->ssl, result);
      return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
    }
    start_service(poller, s, prog);
  }
  while ((result = SSL_read(s->ssl, block, sizeof block)) > 0)
    if (write(s->pair, block, (size_t)result) < 0)
      return true;
  while ((n = read(s->pair, block, sizeof block)) > 0)
    if (SSL_write(s->ssl, block, (int)n) != n)
      return true;
  if (n < 0 && errno == EAGAIN)
    return false;
  SSL_shutdown(s->ssl);
  return true;
}

/* A child that has just been let go may not have closed its copies yet, so closing alone does not end the watch. */
static void leave(int poller, int fd)
{
  struct epoll_event unused;
  epoll_ctl(poller, EPOLL_CTL_DEL, fd, &unused);
  close(fd);
}

static void end(int poller, struct session *s, struct session **over)
{
  leave(poller, SSL_get_fd(s->ssl));
  if (s->pair >= 0)
    leave(poller, s->pair);
  SSL_free(s->ssl);
  s->ssl = NULL;
  s->next = *over;
  *over = s;
}

static void serve(SSL_CTX *context, int listener, char *const *prog)
{
  int poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event[EVENTS], e = {.events = EPOLLIN};
  struct session *over = NULL;
  fcntl(listener, F_SETFL, O_NONBLOCK);
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e);
  for (;;) {
    int n = epoll_wait(poller, event, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      struct session *s = event[i].data.ptr;
      if (!s) {
        SSL *ssl = accepted(context, listener, SOCK_NONBLOCK);
        if (!ssl)
          continue;
        s = calloc(1, sizeof *s);
        if (!s)
          die("calloc");
        *s = (struct session){.ssl = ssl, .pair = -1};
        watch(poller, SSL_get_fd(ssl), EPOLLIN | EPOLLRDHUP, s);
        continue;
      }
      if (s->ssl && step(poller, s, prog))
        end(poller, s, &over);
    }
    /* Both of its descriptors may have been in this batch. */
    while (over) {
      struct session *next = over->next;
      free(over);
      over = next;
    }
  }
}

int main(int argc, char **argv)
{
  struct sigaction nobody_waits = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
  SSL_CTX *context;
  if (argc < 3 || (strcmp(argv[2], "upload") != 0 && argc < 4)) {
    fputs("tlsfloor: usage: tlsfloor certificate.pem exec prog [args] | download octets | upload\n", stderr);
    return 100;
  }
  signal(SIGPIPE, SIG_IGN);
  sigaction(SIGCHLD, &nobody_waits, NULL);
  context = make_context(argv[1]);
  if (strcmp(argv[2], "exec") == 0)
    serve(context, listener_announced(), argv + 3);
  else
    serve_itself(context, listener_announced(), argc > 3 ? strtoull(argv[3], NULL, 10) : 0);
}
