/* Unit tests for session: a session between a peer that speaks TLS over loopback and a program at the end of a pair,
 * all three in this process, each doing what it can in turn. If an event were lost, nobody would go on, which is what
 * `stalled` finds. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "clock.h"
#include "events.h"
#include "tap.h"
#include "tls.h"

#define STALL_MS 5000

static int server_version = TLS1_3_VERSION; /* the most that contexts allow */
static SSL_CTX *server_context, *client_context;

/* --- Contexts, sockets ------------------------------------------------------------------------------------------- */

static void bail_out(char const *what)
{
  printf("Bail out! %s: %s\n", what, strerror(errno));
  exit(1);
}

static X509 *self_signed(EVP_PKEY *key)
{
  X509 *x = X509_new();
  X509_NAME *name = X509_get_subject_name(x);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, key);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (unsigned char const *)"localhost", -1, -1, 0);
  X509_set_issuer_name(x, name);
  if (!X509_sign(x, key, EVP_sha256()))
    bail_out("X509_sign");
  return x;
}

static void contexts_make(void)
{
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *x = self_signed(key);
  server_context = SSL_CTX_new(TLS_server_method());
  client_context = SSL_CTX_new(TLS_client_method());
  if (SSL_CTX_use_certificate(server_context, x) != 1 || SSL_CTX_use_PrivateKey(server_context, key) != 1)
    bail_out("certificate");
  SSL_CTX_set_options(server_context, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(server_context, SSL_SESS_CACHE_OFF);
  X509_free(x);
  EVP_PKEY_free(key);
}

static void contexts_allow(int version)
{
  server_version = version;
  SSL_CTX_set_max_proto_version(server_context, version);
  SSL_CTX_set_max_proto_version(client_context, version);
}

/* A TCP connection with itself: [0] for the session, [1] for the peer; buffers of about `buffer` octets, or the
 * system's if that is 0. */
static void tcp_pair(int pair[2], int buffer)
{
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  if (buffer) {
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  }
  pair[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (buffer) {
    setsockopt(pair[1], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  }
  if (bind(listener, (struct sockaddr *)&a, sizeof a) == -1 || listen(listener, 1) == -1 ||
      getsockname(listener, (struct sockaddr *)&a, &len) == -1 ||
      connect(pair[1], (struct sockaddr *)&a, sizeof a) == -1)
    bail_out("connect");
  pair[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (pair[0] == -1)
    bail_out("accept");
  close(listener);
  setsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(pair[1], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(pair[1], F_SETFL, O_NONBLOCK);
}

static void close_with_reset(int fd)
{
  struct linger l = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
  close(fd);
}

static int descriptors(void)
{
  int count = 0;
  for (int fd = 0; fd < 256; fd++)
    count += fcntl(fd, F_GETFD) != -1;
  return count;
}

/* --- The three, and who takes turns ------------------------------------------------------------------------------ */

/* How the session is told of events. */
enum driver { EDGES, POLL };

struct trio {
  struct session s;
  enum driver driver;
  struct events events;
  unsigned int watched_net, watched_plain;
  bool more;
  int64_t ahead_ms; /* how far the session's clock is put forward */
  unsigned long steps;
  bool is_clean; /* after each step OpenSSL's queue was empty, and no SIGPIPE was raised */

  int program; /* -1: it has exited */
  uint64_t program_writes, program_wrote, program_read;
  bool program_reads, program_ends; /* ends: half-closes when all is written */
  bool program_has_ended;
  int program_end; /* of its input: 1 seen, or errno */
  int program_write_error;

  SSL *peer;
  int peer_fd;
  uint64_t peer_writes, peer_wrote, peer_read;
  bool peer_reads, peer_ends, peer_has_ended;
  int peer_end; /* 1: close_notify, 2: FIN without, else errno */
  int peer_first_records[32];
  int peer_record_count;

  size_t program_chunk, peer_chunk;
};

static unsigned char octet_at(uint64_t position)
{
  return (unsigned char)(position * 2654435761u >> 7);
}

static void fill(unsigned char *octets, size_t count, uint64_t position)
{
  for (size_t i = 0; i < count; i++)
    octets[i] = octet_at(position + i);
}

static bool matches(unsigned char const *octets, size_t count, uint64_t position)
{
  for (size_t i = 0; i < count; i++)
    if (octets[i] != octet_at(position + i))
      return false;
  return true;
}

/* OpenSSL's own BIO, which the peers here have, raises SIGPIPE; the session must not. */
static volatile sig_atomic_t pipe_signals;

static void on_pipe(int number)
{
  (void)number;
  pipe_signals++;
}

static bool is_mixed_up; /* something came that was not sent, or not in this order */

#if EVENTS_HAVE_EDGES
static bool const has_edges = true;
#else
static bool const has_edges = false;
#endif

static void watch_edges(struct trio *t)
{
  unsigned int all = EVENTS_IN | EVENTS_OUT | EVENTS_END | EVENTS_EDGE;
  if (events_init(&t->events) == -1 ||
      events_watch(&t->events, t->s.net, all, (struct event){.kind = 0}) == -1 ||
      events_watch(&t->events, t->s.plain, all, (struct event){.kind = 1}) == -1)
    bail_out("events");
}

/* With poll, an anchored end is always readable: that is asked of an epoll descriptor of its own there. */
static void watch_poll(struct trio *t)
{
  if (events_init(&t->events) == -1)
    bail_out("events");
  if (TLS_ANCHOR && events_watch(&t->events, t->s.plain, EVENTS_IN | EVENTS_END | EVENTS_EDGE,
                                 (struct event){.kind = 1}) == -1)
    bail_out("events");
}

static short poll_of(unsigned int want)
{
  return (short)((want & EVENTS_IN ? POLLIN : 0) | (want & EVENTS_OUT ? POLLOUT : 0));
}

static bool wait_poll(struct trio *t, int wait_ms)
{
  struct session const *s = &t->s;
  struct event out[EVENTS_BATCH];
  struct pollfd p[3] = {{.fd = s->want_net ? s->net : -1, .events = poll_of(s->want_net)},
                        {.fd = s->want_plain ? s->plain : -1, .events = poll_of(s->want_plain)},
                        {.fd = -1}};
#if EVENTS_HAVE_EDGES
  if (s->anchored) {
    p[1].events = (short)(p[1].events & ~POLLIN);
    if (s->want_plain & EVENTS_IN)
      p[2] = (struct pollfd){.fd = t->events.epoll, .events = POLLIN};
  }
#endif
  if (poll(p, 3, wait_ms) <= 0)
    return false;
  if (p[2].revents)
    events_wait(&t->events, out, 0);
  return true;
}

/* One step, if there is a reason for one. */
static bool session_turn(struct trio *t, int wait_ms)
{
  struct event out[EVENTS_BATCH];
  bool is_ready;
  if (t->s.state == SESSION_OVER)
    return false;
  if (t->more)
    wait_ms = 0;
  is_ready = t->driver == EDGES ? events_wait(&t->events, out, wait_ms) > 0 : wait_poll(t, wait_ms);
  if (!is_ready && !t->more)
    return false;
  pipe_signals = 0;
  t->more = session_step(&t->s, clock_ms() + t->ahead_ms) == SESSION_MORE;
  t->steps++;
  if (ERR_peek_error() != 0 || pipe_signals != 0)
    t->is_clean = false;
  return true;
}

static bool program_turn(struct trio *t)
{
  unsigned char octets[65536];
  bool acted = false;
  if (t->program == -1)
    return false;
  if (t->program_wrote < t->program_writes && !t->program_write_error) {
    uint64_t left = t->program_writes - t->program_wrote;
    size_t count = left < t->program_chunk ? (size_t)left : t->program_chunk;
    ssize_t sent;
    fill(octets, count, t->program_wrote);
    sent = send(t->program, octets, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0)
      t->program_wrote += (uint64_t)sent;
    else if (errno != EAGAIN)
      t->program_write_error = errno;
    acted = sent > 0;
  }
  if (t->program_ends && !t->program_has_ended && t->program_wrote == t->program_writes) {
    shutdown(t->program, SHUT_WR);
    t->program_has_ended = acted = true;
  }
  if (t->program_reads && !t->program_end) {
    ssize_t got = recv(t->program, octets, t->program_chunk, MSG_DONTWAIT);
    if (got > 0) {
      if (!matches(octets, (size_t)got, t->program_read))
        is_mixed_up = true;
      t->program_read += (uint64_t)got;
    } else if (got == 0 || errno != EAGAIN)
      t->program_end = got == 0 ? 1 : errno;
    acted |= got != -1 || t->program_end;
  }
  return acted;
}

/* What SSL_read_ex() did not get. */
static void peer_stops(struct trio *t, int result)
{
  int error = SSL_get_error(t->peer, result), number = errno;
  if (error == SSL_ERROR_ZERO_RETURN)
    t->peer_end = 1;
  else if (error == SSL_ERROR_SSL)
    t->peer_end = 2;
  else if (error == SSL_ERROR_SYSCALL && number != 0 && number != EAGAIN)
    t->peer_end = number; /* else it met data amid a renegotiation */
  ERR_clear_error();
}

static bool peer_turn(struct trio *t)
{
  unsigned char octets[65536];
  bool acted = false;
  size_t done = 0;
  if (t->peer_fd == -1)
    return false;
  if (!SSL_is_init_finished(t->peer)) {
    int result;
    ERR_clear_error();
    result = SSL_do_handshake(t->peer);
    if (result != 1) {
      peer_stops(t, result);
      return false;
    }
    acted = true;
  }
  if (t->peer_wrote < t->peer_writes) {
    uint64_t left = t->peer_writes - t->peer_wrote;
    size_t count = left < t->peer_chunk ? (size_t)left : t->peer_chunk;
    fill(octets, count, t->peer_wrote);
    ERR_clear_error();
    if (SSL_write_ex(t->peer, octets, count, &done) == 1) {
      t->peer_wrote += done;
      acted = true;
    }
    ERR_clear_error();
  }
  if (t->peer_ends && !t->peer_has_ended && t->peer_wrote == t->peer_writes && !SSL_in_init(t->peer)) {
    t->peer_has_ended = SSL_shutdown(t->peer) >= 0;
    ERR_clear_error();
    acted = true;
  }
  if (t->peer_reads && !t->peer_end) {
    int result;
    ERR_clear_error();
    errno = 0;
    result = SSL_read_ex(t->peer, octets, t->peer_chunk, &done);
    if (result == 1) {
      if (!matches(octets, done, t->peer_read))
        is_mixed_up = true;
      if (t->peer_record_count < 32 && !SSL_pending(t->peer))
        t->peer_first_records[t->peer_record_count++] = (int)done;
      t->peer_read += done;
      acted = true;
    } else
      peer_stops(t, result);
    acted |= t->peer_end != 0;
  }
  return acted;
}

/* Everybody does what he can until nobody does anything for a while. */
static bool round_of_turns(struct trio *t)
{
  bool acted = session_turn(t, 0);
  acted |= program_turn(t);
  acted |= peer_turn(t);
  return acted;
}

/* Goes on until `*done`; false if it stalled. */
static bool run_until(struct trio *t, bool (*is_done)(struct trio const *))
{
  int64_t last_ms = clock_ms();
  while (!is_done(t)) {
    if (round_of_turns(t) || session_turn(t, 1))
      last_ms = clock_ms();
    else if (clock_ms() - last_ms > STALL_MS) {
      printf("# stalled: state %d inward %d outward %d failure %s program %llu/%llu read %llu end %d peer "
             "%llu/%llu "
             "read %llu end %d\n",
             t->s.state, t->s.inward, t->s.outward, t->s.failure ? t->s.failure : "-",
             (unsigned long long)t->program_wrote, (unsigned long long)t->program_writes,
             (unsigned long long)t->program_read, t->program_end, (unsigned long long)t->peer_wrote,
             (unsigned long long)t->peer_writes, (unsigned long long)t->peer_read, t->peer_end);
      return false;
    }
  }
  return true;
}

/* Until nothing happens for 20 ms. */
static void settle(struct trio *t)
{
  int64_t last_ms = clock_ms();
  while (clock_ms() - last_ms < 20)
    if (round_of_turns(t) || session_turn(t, 1))
      last_ms = clock_ms();
}

/* Owners must not be woken for nothing. TCP may still move a few octets now and then. */
static bool is_quiet(struct trio *t)
{
  int64_t end_ms;
  unsigned long before;
  settle(t);
  before = t->steps;
  end_ms = clock_ms() + 30;
  while (clock_ms() < end_ms)
    session_turn(t, 10);
  return t->steps - before < 5;
}

static struct trio *trio_make(enum driver driver, bool server, int buffer)
{
  struct trio *t = calloc(1, sizeof *t);
  int net[2], pair[2];
  tcp_pair(net, buffer);
  if (!t || tls_pair(pair) == -1 ||
      session_init(&t->s, server ? server_context : client_context, server, net[0], pair[1]) == -1)
    bail_out("session_init");
  t->driver = has_edges ? driver : POLL;
  t->program = pair[0];
  t->program_chunk = t->peer_chunk = 65536;
  t->program_reads = t->peer_reads = true;
  t->is_clean = true;
  t->peer_fd = net[1];
  t->peer = SSL_new(server ? client_context : server_context);
  SSL_set_fd(t->peer, t->peer_fd);
  SSL_set_mode(t->peer, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (server)
    SSL_set_connect_state(t->peer);
  else
    SSL_set_accept_state(t->peer);
  if (t->driver == EDGES)
    watch_edges(t);
  else
    watch_poll(t);
  t->more = true; /* the first step */
  return t;
}

static void program_exits(struct trio *t)
{
  close(t->program);
  t->program = -1;
}

static void peer_closes(struct trio *t)
{
  close(t->peer_fd);
  t->peer_fd = -1;
}

static void trio_free(struct trio *t)
{
  events_free(&t->events);
  session_free(&t->s);
  SSL_free(t->peer);
  if (t->peer_fd != -1)
    close(t->peer_fd);
  if (t->program != -1)
    close(t->program);
  free(t);
}

static bool is_relaying(struct trio const *t)
{
  return t->s.state == SESSION_RELAYING && !t->more && SSL_is_init_finished(t->peer);
}

static bool is_over(struct trio const *t)
{
  return t->s.state == SESSION_OVER;
}

static bool program_saw_end(struct trio const *t)
{
  return t->program_end != 0;
}

static bool peer_saw_end(struct trio const *t)
{
  return t->peer_end != 0;
}

static bool all_is_said(struct trio const *t)
{
  return t->program_read == t->peer_writes && t->peer_read == t->program_writes;
}

/* A session that relays. */
static struct trio *trio_relaying(enum driver driver, bool server, int buffer)
{
  struct trio *t = trio_make(driver, server, buffer);
  if (!run_until(t, is_relaying))
    ok(0, "the handshake is over");
  settle(t);
  return t;
}

/* Frees it; whether it went without anything that must never be. */
static bool is_in_order(struct trio *t)
{
  bool was = t->is_clean && !is_mixed_up;
  if (t->s.state == SESSION_OVER && (t->s.want_net || t->s.want_plain))
    was = false;
  is_mixed_up = false;
  trio_free(t);
  return was;
}

/* What each test is done with. */
static struct {
  enum driver driver;
  bool server;
  int version;
  char const *name;
} const ways[] = {
    {EDGES, true, TLS1_3_VERSION, "server, 1.3, edges"},  {POLL, true, TLS1_3_VERSION, "server, 1.3, poll"},
    {EDGES, false, TLS1_3_VERSION, "client, 1.3, edges"}, {POLL, false, TLS1_3_VERSION, "client, 1.3, poll"},
    {EDGES, true, TLS1_2_VERSION, "server, 1.2, edges"},  {POLL, false, TLS1_2_VERSION, "client, 1.2, poll"},
};
#define WAYS (sizeof ways / sizeof ways[0])

/* --- Transfers and ends ------------------------------------------------------------------------------------------ */

static void test_echo(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  ok(is_quiet(t), "%s: an idle session is not woken", ways[way].name);
  t->peer_writes = 5;
  t->program_writes = 7;
  ok(run_until(t, all_is_said) && is_quiet(t), "%s: a few octets go both ways", ways[way].name);
  t->peer_writes = t->program_writes = 10000000;
  ok(run_until(t, all_is_said) && is_quiet(t), "%s: ten megabytes both ways at once", ways[way].name);
  t->peer_writes += 1000000;
  t->program_writes += 1000000;
  t->peer_chunk = 1000;
  t->program_chunk = 777;
  ok(run_until(t, all_is_said) && is_quiet(t), "%s: ... and one in small pieces", ways[way].name);
  t->peer_ends = true;
  ok(run_until(t, program_saw_end) && t->program_end == 1 && t->program_read == t->peer_writes,
     "%s: the peer's close_notify is an end of input", ways[way].name);
  ok(is_quiet(t) && t->s.state == SESSION_RELAYING, "%s: ... after which the program may take its time",
     ways[way].name);
  t->program_writes += 3000000;
  t->program_ends = true;
  ok(run_until(t, peer_saw_end) && t->peer_end == 1 && t->peer_read == t->program_writes,
     "%s: ... and the peer gets all it says, then close_notify", ways[way].name);
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... which is all", ways[way].name);
}

static void test_program_ends_first(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->program_writes = 100000;
  t->program_ends = true;
  ok(run_until(t, peer_saw_end) && t->peer_end == 1 && t->peer_read == 100000,
     "%s: a program's end of output is a close_notify", ways[way].name);
  ok(is_quiet(t) && t->s.state == SESSION_RELAYING, "%s: ... after which the peer may take its time",
     ways[way].name);
  t->peer_writes = 400000;
  t->program_chunk = 5000;
  t->peer_ends = true;
  ok(run_until(t, program_saw_end) && t->program_end == 1 && t->program_read == 400000,
     "%s: ... and the program gets all it says, then the end", ways[way].name);
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... which is all", ways[way].name);
}

static void test_program_ends_then_exits(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->program_ends = true;
  ok(run_until(t, peer_saw_end) && is_quiet(t) && t->s.state == SESSION_RELAYING,
     "%s: a program that has said all may read on", ways[way].name);
  program_exits(t);
  ok(is_quiet(t) && t->s.state == SESSION_LINGERING, "%s: ... but when it exits, that is seen",
     ways[way].name);
  peer_closes(t);
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... and it is over", ways[way].name);
}

/* With unread input, which would be a reset over TCP. */
static void test_program_exits(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->program_reads = false;
  t->peer_writes = 50000;
  settle(t);
  t->program_writes = 150000;
  while (t->program_wrote < t->program_writes)
    round_of_turns(t);
  program_exits(t);
  ok(run_until(t, peer_saw_end) && t->peer_end == 1 && t->peer_read == 150000,
     "%s: a program that exits with unread input has said all", ways[way].name);
  t->peer_writes += 2000000;
  settle(t);
  ok(t->peer_wrote == t->peer_writes && t->s.state == SESSION_LINGERING && is_quiet(t),
     "%s: what the peer sends then is thrown away", ways[way].name);
  peer_closes(t);
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... until it closes", ways[way].name);
}

static void test_linger_is_bounded(size_t way)
{
  unsigned char octet;
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  program_exits(t);
  ok(run_until(t, peer_saw_end) && t->peer_end == 1 && is_quiet(t) && t->s.state == SESSION_LINGERING,
     "%s: it lingers until the peer ends", ways[way].name);
  ok(recv(t->peer_fd, &octet, 1, 0) == 0, "%s: ... having closed its direction", ways[way].name);
  t->ahead_ms = SESSION_LINGER_MS - 1000;
  t->more = true;
  session_turn(t, 0);
  ok(t->s.state == SESSION_LINGERING, "%s: ... still shortly before the time", ways[way].name);
  t->ahead_ms = SESSION_LINGER_MS + 1;
  t->more = true;
  session_turn(t, 0);
  ok(t->s.state == SESSION_OVER && !t->s.failure && is_in_order(t), "%s: ... but not longer", ways[way].name);
}

/* It goes on sending while nobody listens, as long as the reply is on its way. */
static void test_program_reads_no_more(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 20000);
  t->peer_writes = 3000000;
  t->program_reads = t->peer_reads = false;
  settle(t);
  shutdown(t->program, SHUT_RD);
  t->program_writes = 2000000;
  settle(t);
  ok(t->peer_wrote == t->peer_writes && t->program_wrote < t->program_writes,
     "%s: who no longer reads does not keep the peer from writing", ways[way].name);
  t->peer_reads = true;
  t->program_ends = true;
  ok(run_until(t, peer_saw_end) && t->peer_end == 1 && t->peer_read == t->program_writes,
     "%s: ... and the peer gets all of the reply", ways[way].name);
  peer_closes(t);
  program_exits(t);
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... which is all", ways[way].name);
}

#define ROUNDS 1000
static void test_last_octet(void)
{
  unsigned int bad = 0;
  struct trio *t;
  srandom(1);
  for (int i = 0; i < ROUNDS; i++) {
    bool server = i % 4 != 3;
    contexts_allow(i % 5 == 4 ? TLS1_2_VERSION : TLS1_3_VERSION);
    t = trio_make(i % 2 ? POLL : EDGES, server, i % 3 ? 0 : 8192 + (int)(random() % 60000));
    t->program_writes = (uint64_t)(random() % 10 ? random() % 300000 : random() % 3);
    t->program_chunk = (size_t)(1 + random() % 65536);
    t->peer_chunk = (size_t)(1 + random() % (i % 7 ? 65536 : 500));
    t->peer_ends = random() % 2 == 0;
    while (t->program_writes == 0 && !is_relaying(t)) /* otherwise it would be called off */
      if (!round_of_turns(t))
        session_turn(t, 1);
    while (t->program_wrote < t->program_writes)
      if (!round_of_turns(t))
        session_turn(t, 1);
    program_exits(t);
    if (!run_until(t, peer_saw_end) || t->peer_end != 1 || t->peer_read != t->program_writes) {
      bad++;
      printf("# round %d: end %d, %llu of %llu\n", i, t->peer_end, (unsigned long long)t->peer_read,
             (unsigned long long)t->program_writes);
    }
    peer_closes(t);
    if (!run_until(t, is_over) || t->s.failure || !is_in_order(t))
      bad++;
  }
  contexts_allow(TLS1_3_VERSION);
  ok(bad == 0, "%d times the last octet arrives, then close_notify", ROUNDS);
}

/* --- Ends out of order ------------------------------------------------------------------------------------------- */

/* What a program sees of a connection that was cut off. */
static int const cut_off = TLS_ANCHOR ? ECONNRESET : 1;

static void test_truncated(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->program_reads = false;
  t->peer_writes = 600000;
  settle(t);
  ok(t->peer_wrote == t->peer_writes && t->s.kept, "%s: a program does not read", ways[way].name);
  peer_closes(t);
  settle(t);
  ok(t->s.state == SESSION_RELAYING && is_quiet(t), "%s: ... and the peer ends without close_notify",
     ways[way].name);
  t->program_reads = true;
  ok(run_until(t, is_over) && t->s.failure, "%s: ... that is a failure", ways[way].name);
  is_string(t->s.failure ? t->s.failure : "", "connection closed without close_notify", "... with its name");
  session_free(&t->s);
  while (program_turn(t))
    ;
  ok(t->program_read == t->peer_writes && t->program_end == cut_off,
     "%s: the program gets all that came, then a reset", ways[way].name);
  ok(is_in_order(t), "%s: ... and all is in order", ways[way].name);
}

static void test_reset(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->program_reads = false;
  t->peer_writes = 20000;
  settle(t);
  close_with_reset(t->peer_fd);
  t->peer_fd = -1;
  ok(run_until(t, is_over) && t->s.failure && strcmp(t->s.failure, "connection reset by peer") == 0,
     "%s: a peer's reset is a failure", ways[way].name);
  session_free(&t->s);
  t->program_reads = true;
  while (program_turn(t))
    ;
  ok(t->program_read == t->peer_writes && t->program_end == cut_off,
     "%s: ... and reset is the program, when it has got what came before", ways[way].name);
  ok(send(t->program, "x", 1, MSG_NOSIGNAL) == -1, "%s: ... which can't write any more", ways[way].name);
  ok(is_in_order(t), "%s: ... and all is in order", ways[way].name);
}

/* A program that waits to write before it reads must hear of it. */
static void test_reset_while_blocked(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 20000);
  t->program_reads = t->peer_reads = false;
  t->peer_writes = 5000000;
  t->program_writes = 5000000;
  settle(t);
  ok(t->program_wrote < t->program_writes && t->peer_wrote < t->peer_writes && is_quiet(t),
     "%s: both are blocked", ways[way].name);
  close_with_reset(t->peer_fd);
  t->peer_fd = -1;
  settle(t);
  ok(t->program_write_error == EPIPE, "%s: a reset ends the program's waiting", ways[way].name);
  t->program_reads = true;
  ok(run_until(t, is_over) && t->s.failure && is_in_order(t), "%s: ... and the session", ways[way].name);
}

static void test_reset_after_end(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->peer_ends = true;
  ok(run_until(t, program_saw_end) && t->program_end == 1, "%s: the peer has ended in order", ways[way].name);
  shutdown(t->peer_fd, SHUT_WR);
  ok(is_quiet(t), "%s: ... and closed its direction", ways[way].name);
  close_with_reset(t->peer_fd);
  t->peer_fd = -1;
  ok(run_until(t, is_over) && t->s.failure, "%s: ... a reset then ends the session all the same",
     ways[way].name);
  session_free(&t->s);
  ok(send(t->program, "x", 1, MSG_NOSIGNAL) == -1, "%s: ... and the program can't write any more",
     ways[way].name);
  ok(is_in_order(t), "%s: ... and all is in order", ways[way].name);
}

static void test_abort_after_reset(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->peer_ends = true;
  run_until(t, program_saw_end);
  shutdown(t->peer_fd, SHUT_WR);
  settle(t);
  close_with_reset(t->peer_fd);
  t->peer_fd = -1;
  pipe_signals = 0;
  session_abort(&t->s, "enough", true);
  ok(pipe_signals == 0 && t->s.state == SESSION_OVER && is_in_order(t),
     "%s: a peer that is gone raises no signal", ways[way].name);
}

static void test_end_without_notify_while_sending(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 20000);
  t->peer_reads = false;
  t->program_writes = 150000;
  while (t->program_wrote < t->program_writes)
    round_of_turns(t);
  program_exits(t);
  shutdown(t->peer_fd, SHUT_WR);
  settle(t);
  t->peer_reads = true;
  ok(run_until(t, peer_saw_end) && t->peer_end == 1 && t->peer_read == t->program_writes,
     "%s: a peer that ends badly after the program has exited gets the whole reply", ways[way].name);
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... which is all", ways[way].name);
}

static void send_raw(struct trio *t, void const *octets, size_t count)
{
  if (send(t->peer_fd, octets, count, MSG_NOSIGNAL) != (ssize_t)count)
    bail_out("send");
}

static void test_garbage(size_t way)
{
  static char const http[] = "GET / HTTP/1.0\r\n\r\n";
  static unsigned char const record[] = {23, 3, 3, 0, 40, 1, 2, 3, 4, 5}, half[] = {23, 3, 3, 64, 0, 1, 2, 3};
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  char octets[64];
  send_raw(t, http, sizeof http - 1);
  ok(run_until(t, is_over) && t->s.failure, "%s: what is not TLS after the handshake is a failure",
     ways[way].name);
  session_free(&t->s);
  ok(program_turn(t) && t->program_end == cut_off, "%s: ... a reset for the program", ways[way].name);
  ok(is_in_order(t), "%s: ... and all is in order", ways[way].name);
  t = trio_relaying(ways[way].driver, ways[way].server, 0);
  send_raw(t, record, sizeof record);
  memset(octets, 7, sizeof octets);
  send_raw(t, octets, 35);
  ok(run_until(t, is_over) && t->s.failure, "%s: a record that does not decrypt, too (%s)", ways[way].name,
     t->s.failure ? t->s.failure : "");
  session_free(&t->s);
  ok(program_turn(t) && t->program_end == cut_off && t->program_read == 0,
     "%s: ... of which nothing reaches the program", ways[way].name);
  ok(is_in_order(t), "%s: ... and all is in order", ways[way].name);
  t = trio_relaying(ways[way].driver, ways[way].server, 0);
  send_raw(t, half, sizeof half);
  ok(is_quiet(t) && t->s.state == SESSION_RELAYING, "%s: half a record is waited for", ways[way].name);
  peer_closes(t);
  ok(run_until(t, is_over) && t->s.failure, "%s: ... unless the connection ends", ways[way].name);
  session_free(&t->s);
  ok(program_turn(t) && t->program_end == cut_off, "%s: ... which is a reset, too", ways[way].name);
  ok(is_in_order(t), "%s: ... and all is in order", ways[way].name);
}

static void test_no_hello(void)
{
  static struct {
    char const *octets, *failure;
  } const cases[] = {
      {"GET / HTTP/1.0\r\n\r\n", "http request"}, {"EHLO example.org\r\n", "wrong version number"},
      {"\x16\x03\x01\xff\xff\x01", NULL},         {"\x80\x2e\x01\x00\x02", NULL},
      {"\x15\x03\x01\x00\x02\x02\x28", NULL},     {"", "unexpected eof while reading"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct trio *t = trio_make(i % 2 ? EDGES : POLL, true, 0);
    char octets[64] = "";
    if (*cases[i].octets)
      send_raw(t, cases[i].octets, i == 2 ? 6 : i == 4 ? 7 : i == 3 ? 5 : strlen(cases[i].octets));
    shutdown(t->peer_fd, SHUT_WR);
    while (t->s.state != SESSION_OVER && (session_turn(t, 1000)))
      ;
    ok(t->s.state == SESSION_OVER && t->s.failure &&
           (!cases[i].failure || strcmp(t->s.failure, cases[i].failure) == 0),
       "no hello (%zu): %s", i, t->s.failure ? t->s.failure : "none");
    session_free(&t->s);
    fcntl(t->peer_fd, F_SETFL, 0);
    while (recv(t->peer_fd, octets, sizeof octets, 0) > 0)
      ;
    ok(recv(t->peer_fd, octets, sizeof octets, 0) == 0, "... whoever sent it gets an end, not a reset");
    ok(is_in_order(t), "... and all is in order");
  }
}

static void test_much_garbage(void)
{
  static char octets[50000];
  struct trio *t = trio_make(EDGES, true, 0);
  memset(octets, 'A', sizeof octets);
  send_raw(t, octets, sizeof octets);
  t->peer_reads = false;
  while (t->s.state != SESSION_OVER && session_turn(t, 1000))
    ;
  session_free(&t->s);
  fcntl(t->peer_fd, F_SETFL, 0);
  while (recv(t->peer_fd, octets, sizeof octets, 0) > 0)
    ;
  ok(recv(t->peer_fd, octets, sizeof octets, 0) == 0, "whoever sends much garbage gets an end, too");
  trio_free(t);
}

/* --- Handshakes, octet by octet ---------------------------------------------------------------------------------- */

enum turns { PEER_FIRST, SESSION_FIRST, RANDOM };

/* One octet from one to the other; false if there is none. */
static bool to_session(struct trio *t, BIO *from)
{
  unsigned char octet;
  if (BIO_read(from, &octet, 1) != 1)
    return false;
  send_raw(t, &octet, 1);
  return true;
}

static bool to_peer(struct trio *t, BIO *to)
{
  unsigned char octet;
  if (recv(t->peer_fd, &octet, 1, MSG_DONTWAIT) != 1)
    return false;
  BIO_write(to, &octet, 1);
  return true;
}

/* Lets the peer have memory instead of a socket. */
static void peer_in_memory(struct trio *t, BIO **in, BIO **out)
{
  *in = BIO_new(BIO_s_mem());
  *out = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(*in, -1);
  SSL_set_bio(t->peer, *in, *out);
}

/* False if it is not over when `most` octets have gone to the session (0: as many as there are). */
static bool shake_octetwise(struct trio *t, enum turns turns, size_t most, size_t *sent)
{
  BIO *in, *out;
  int idle = 0;
  peer_in_memory(t, &in, &out);
  *sent = 0;
  while (idle < 50) {
    bool first = turns == PEER_FIRST || (turns == RANDOM && random() % 2), moved = false;
    if (SSL_do_handshake(t->peer) == 1 && t->s.state == SESSION_RELAYING)
      return true;
    ERR_clear_error();
    if (first && (most == 0 || *sent < most)) {
      moved = to_session(t, out);
      *sent += moved;
    }
    if (!moved)
      moved = to_peer(t, in);
    if (!moved && (most == 0 || *sent < most)) {
      moved = to_session(t, out);
      *sent += moved;
    }
    moved |= session_turn(t, 0);
    if (t->s.state == SESSION_OVER)
      return false;
    idle = moved ? 0 : idle + 1;
    if (!moved)
      session_turn(t, 1);
    if (most != 0 && *sent == most && !moved)
      return false;
  }
  return false;
}

static void test_octetwise(size_t way)
{
  size_t total = 0, sent, bad = 0;
  for (int turns = PEER_FIRST; turns <= RANDOM; turns++) {
    struct trio *t = trio_make(ways[way].driver, ways[way].server, 0);
    ok(shake_octetwise(t, (enum turns)turns, 0, &total), "%s: a handshake octet by octet (%d, %zu octets)",
       ways[way].name, turns, total);
    trio_free(t);
  }
  /* Cut off after each octet in turn, by an end, a reset, the other side. */
  for (size_t most = 1; most < total - 1; most += 1 + most / 40) {
    struct trio *t = trio_make(ways[way].driver, ways[way].server, 0);
    shake_octetwise(t, PEER_FIRST, most, &sent);
    if (most % 3 == 0)
      shutdown(t->peer_fd, SHUT_WR);
    else if (most % 3 == 1) {
      close_with_reset(t->peer_fd);
      t->peer_fd = -1;
    } else
      program_exits(t);
    while (t->s.state == SESSION_SHAKING && session_turn(t, 1000))
      ;
    if (t->s.state == SESSION_SHAKING || (t->s.state == SESSION_OVER && !t->s.failure) || !t->is_clean) {
      bad++;
      printf("# after %zu octets: state %d\n", most, t->s.state);
    }
    trio_free(t);
  }
  ok(bad == 0, "%s: ... and cut off anywhere it ends", ways[way].name);
}

/* --- Who does not read --------------------------------------------------------------------------------------------- */

/* Always 0 with the address sanitizer. */
static size_t heap(void)
{
  return mallinfo2().uordblks;
}

static void test_peer_never_reads(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 20000);
  long before = (long)heap(), grown;
  t->peer_reads = false;
  t->program_writes = 50000000;
  ok(is_quiet(t) && t->program_wrote < 2000000 && t->s.state == SESSION_RELAYING,
     "%s: a program whose peer does not read is blocked (after %llu octets)", ways[way].name,
     (unsigned long long)t->program_wrote);
  grown = (long)heap() - before;
  ok(grown < 49152, "%s: ... and memory does not grow (%ld octets)", ways[way].name, grown);
  t->peer_writes = 300000;
  settle(t);
  ok(t->program_read == t->peer_writes, "%s: ... while the other direction works", ways[way].name);
  t->program_writes = t->program_wrote + 100000;
  t->peer_reads = true;
  ok(run_until(t, all_is_said) && is_quiet(t) && is_in_order(t), "%s: ... then it goes on", ways[way].name);
}

static void test_program_never_reads(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 20000);
  long before = (long)heap(), grown;
  t->program_reads = false;
  t->peer_writes = 50000000;
  ok(is_quiet(t) && t->peer_wrote < 2000000 && t->s.kept && t->s.kept_size <= 32768,
     "%s: a peer whose program does not read is blocked (after %llu octets)", ways[way].name,
     (unsigned long long)t->peer_wrote);
  grown = (long)heap() - before;
  ok(grown < 65536, "%s: ... and memory does not grow (%ld octets)", ways[way].name, grown);
  t->program_writes = 300000;
  settle(t);
  ok(t->peer_read == t->program_writes, "%s: ... while the other direction works", ways[way].name);
  t->peer_writes = t->peer_wrote + 100000;
  t->program_reads = true;
  ok(run_until(t, all_is_said) && is_quiet(t) && is_in_order(t), "%s: ... then it goes on", ways[way].name);
}

/* The end waits behind what is kept. */
static void test_end_behind_kept(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->program_reads = false;
  t->peer_writes = 600000;
  t->peer_ends = true;
  settle(t);
  ok(t->s.kept && t->s.inward != FLOW_ENDED, "%s: the peer's end is behind octets that were not taken",
     ways[way].name);
  t->program_reads = true;
  ok(run_until(t, program_saw_end) && t->program_end == 1 && t->program_read == t->peer_writes,
     "%s: ... and comes after them", ways[way].name);
  program_exits(t);
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... then it is over", ways[way].name);
}

/* What a program may do to its end that nobody expects of one; 'O': an octet out of band, 'f': one with a descriptor. */
static bool send_oddly(int fd, char how)
{
  union {
    struct cmsghdr header;
    char octets[CMSG_SPACE(sizeof(int))];
  } control = {
      .header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  struct iovec octet = {&how, 1};
  struct msghdr message = {.msg_iov = &octet, .msg_iovlen = 1};
  if (how == 'f') {
    memcpy(CMSG_DATA(&control.header), &(int){2}, sizeof(int));
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
  }
  return sendmsg(fd, &message, how == 'O' ? MSG_OOB : 0) == 1;
}

static void test_odd_programs(size_t way)
{
  static char const *const cases[] = {"O", "xO", "OO", "xOx", "OxO", "OxOxOxOx", "f", "xfx", "fff", "fOfOx"};
  bool has_oob = true;
  size_t bad = 0, before = (size_t)descriptors();
  for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
    struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
    char const *text = cases[i / 2];
    char got[16] = "";
    bool sent = true;
    for (char const *c = text; *c; c++) {
      bool done = send_oddly(t->program, *c);
      has_oob = has_oob && (done || *c != 'O'); /* few systems have it for such sockets */
      sent = sent && done;
      if (i % 2)
        session_turn(t, 10);
    }
    program_exits(t);
    t->peer_reads = false;
    for (int turn = 0; turn < 100 && session_turn(t, 10) && t->s.state != SESSION_LINGERING; turn++)
      ;
    fcntl(t->peer_fd, F_SETFL, fcntl(t->peer_fd, F_GETFL) | O_NONBLOCK);
    for (size_t at = 0; SSL_read(t->peer, got + at, 1) == 1; at++)
      ;
    if (sent && (t->s.state != SESSION_LINGERING || strcmp(got, text) != 0)) {
      printf("# %s: '%s', state %d, %s\n", text, got, t->s.state, t->s.failure ? t->s.failure : "no failure");
      bad++;
    }
    trio_free(t);
  }
  ok(bad == 0, "%s: octets out of band (%s) and with descriptors come in order, and it ends", ways[way].name,
     has_oob ? "which are possible here" : "impossible here");
  ok((size_t)descriptors() == before, "%s: ... and no descriptor is left", ways[way].name);
}

/* What the system says is there and does not give, because the owner's pair is not tls_pair()'s. */
static void test_lost_octets(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  int off = 0, turns = 0;
  setsockopt(t->s.plain, SOL_SOCKET, SO_OOBINLINE, &off, sizeof off);
  t->peer_ends = true;
  run_until(t, program_saw_end);
  send_oddly(t->program, 'O');
  program_exits(t);
  while (turns < 100 && session_turn(t, 10))
    turns++;
  ok(turns < 100, "%s: an octet that can't be read does not keep the session busy", ways[way].name);
  trio_free(t);
}

/* --- Changes of keys ------------------------------------------------------------------------------------------------- */

static bool is_changed(struct trio const *t)
{
  return t->peer_read >= t->program_writes && t->program_read >= t->peer_writes &&
         !SSL_renegotiate_pending(t->peer) && SSL_get_key_update_type(t->peer) == SSL_KEY_UPDATE_NONE;
}

static void ask_for_keys(struct trio *t)
{
  if (server_version == TLS1_3_VERSION)
    SSL_key_update(t->peer, SSL_KEY_UPDATE_REQUESTED);
  else
    SSL_renegotiate(t->peer);
}

static void test_new_keys(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 20000);
  bool quiet = true;
  t->program_chunk = t->peer_chunk = 3000;
  for (int i = 0; i < 30; i++) {
    ask_for_keys(t);
    /* In TLS 1.2 nobody may send data of his own when the handshake goes on. */
    t->program_writes += i % 2 ? 100000 : 1;
    t->peer_writes += server_version == TLS1_3_VERSION && i % 3 ? 100000 : 1;
    if (!run_until(t, is_changed))
      break;
    quiet = quiet && (i % 10 || is_quiet(t));
  }
  ok(all_is_said(t) && quiet && !t->s.failure, "%s: keys are changed 30 times amid transfers (%s)",
     ways[way].name, t->s.failure ? t->s.failure : "no failure");
  t->program_ends = true;
  ok(run_until(t, peer_saw_end) && t->peer_end == 1, "%s: ... and it ends in order", ways[way].name);
  t->peer_ends = true;
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... on both sides", ways[way].name);
}

/* When nothing more can be sent, OpenSSL needs to send before it can read, and the other way round. */
static void test_new_keys_while_blocked(size_t way)
{
  struct trio *t;
  /* OpenSSL's client, which is the peer then, can't take data that was on its way when it asked for a renegotiation. */
  if (ways[way].server && ways[way].version == TLS1_2_VERSION)
    return;
  t = trio_relaying(ways[way].driver, ways[way].server, 20000);
  t->peer_reads = false;
  t->program_writes = 3000000;
  settle(t);
  for (int i = 0; i < 5; i++) {
    ask_for_keys(t);
    t->peer_writes +=
        server_version == TLS1_3_VERSION ? 1000 : 0; /* OpenSSL can't write amid a renegotiation */
    settle(t);
  }
  ok(is_quiet(t) && !t->s.failure, "%s: keys are to be changed although nothing can be sent", ways[way].name);
  t->peer_reads = true;
  ok(run_until(t, is_changed) && all_is_said(t), "%s: ... which happens when it can (%s)", ways[way].name,
     t->s.failure ? t->s.failure : "no failure");
  t->program_ends = t->peer_ends = true;
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... and it ends in order",
     ways[way].name);
}

/* What brings no data costs far more than its octets: one peer must not use up the time of others. */
static void test_flood_of_keys(size_t way)
{
  struct trio *t;
  if (ways[way].version != TLS1_3_VERSION)
    return;
  t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->peer_writes = 5;
  run_until(t, all_is_said);
  for (int burst = 0; burst < 3; burst++) {
    for (int i = 0; i < 50; i++) {
      SSL_key_update(t->peer, SSL_KEY_UPDATE_NOT_REQUESTED);
      SSL_do_handshake(t->peer);
    }
    settle(t);
    t->ahead_ms += 1000;
  }
  ok(t->s.state == SESSION_RELAYING, "%s: fifty changes of keys a second are not too many", ways[way].name);
  for (int i = 0; i < 500; i++) {
    SSL_key_update(t->peer, SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(t->peer);
  }
  t->peer_reads = false;
  ok(run_until(t, is_over) && t->s.failure && strcmp(t->s.failure, "too many messages without data") == 0,
     "%s: ... but five hundred are (%s)", ways[way].name, t->s.failure ? t->s.failure : "no failure");
  session_free(&t->s);
  ok(program_turn(t) && t->program_end == cut_off && t->program_read == 5, "%s: ... a reset for the program",
     ways[way].name);
  ok(is_in_order(t), "%s: ... and all is in order", ways[way].name);
}

static void test_new_keys_after_end(size_t way)
{
  struct trio *t = trio_relaying(ways[way].driver, ways[way].server, 0);
  t->program_ends = true;
  run_until(t, peer_saw_end);
  for (int i = 0; i < 5; i++) {
    if (server_version == TLS1_3_VERSION)
      ask_for_keys(t);
    t->peer_writes += 1000;
    settle(t);
  }
  t->peer_ends = true;
  ok(run_until(t, program_saw_end) && t->program_end == 1 && t->program_read == 5000,
     "%s: new keys are no matter when all has been said (%s)", ways[way].name,
     t->s.failure ? t->s.failure : "no failure");
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... then it is over", ways[way].name);
}

/* Each second change that is asked for is answered at once. */
static void test_key_flood(void)
{
  struct trio *t = trio_relaying(EDGES, true, 20000);
  long before = (long)heap(), grown;
  t->peer_reads = false;
  t->program_writes = 3000000;
  settle(t);
  for (int i = 0; i < 8000; i++) {
    ask_for_keys(t);
    t->peer_writes++;
    peer_turn(t);
    session_turn(t, 0);
  }
  settle(t);
  grown = (long)heap() - before;
  ok(grown < 200000, "a peer that floods with new keys and reads nothing is bounded (%ld octets)", grown);
  ok(run_until(t, is_over) && t->s.failure && strcmp(t->s.failure, "too many messages without data") == 0,
     "... and the session is ended (%s)", t->s.failure ? t->s.failure : "no failure");
  trio_free(t);
}

/* --- Being ended ------------------------------------------------------------------------------------------------------ */

static void test_abort(size_t way)
{
  static char const why[] = "out of time";
  struct trio *t = trio_make(ways[way].driver, ways[way].server, 0);
  session_abort(&t->s, why, true);
  ok(t->s.state == SESSION_OVER && t->s.failure == why && is_in_order(t), "%s: ended before the handshake",
     ways[way].name);
  for (int reset = 0; reset < 2; reset++) {
    t = trio_relaying(ways[way].driver, ways[way].server, 0);
    t->program_reads = false;
    t->peer_writes = 1000;
    settle(t);
    send(t->program, "unsent", 6, MSG_NOSIGNAL);
    session_abort(&t->s, why, reset);
    ok(t->s.state == SESSION_OVER && t->s.failure == why, "%s: ended while it relays", ways[way].name);
    session_free(&t->s);
    t->program_reads = true;
    while (program_turn(t))
      ;
    /* What it wrote and nobody read resets it on Linux anyway. */
    ok((reset ? t->program_end == cut_off || t->program_end == ECONNRESET : t->program_end == 1) &&
           t->program_read == 1000,
       "%s: ... the program sees %s", ways[way].name, reset ? "a reset" : "an end");
    ok(run_until(t, peer_saw_end) && t->peer_end == 1, "%s: ... the peer close_notify", ways[way].name);
    ok(is_in_order(t), "%s: ... and all is in order", ways[way].name);
  }
  t = trio_relaying(ways[way].driver, ways[way].server, 0);
  program_exits(t);
  settle(t);
  ok(t->s.state == SESSION_LINGERING, "%s: it lingers", ways[way].name);
  session_abort(&t->s, why, true);
  ok(t->s.state == SESSION_OVER, "%s: ... and is ended", ways[way].name);
  session_abort(&t->s, "another", true);
  ok(t->s.failure == why && is_in_order(t), "%s: ... once", ways[way].name);
  t = trio_relaying(ways[way].driver, ways[way].server, 20000);
  t->peer_reads = false;
  t->program_writes = 10000000;
  settle(t);
  session_abort(&t->s, why, false);
  ok(t->s.state == SESSION_OVER && is_in_order(t), "%s: ended amid a record", ways[way].name);
}

static void test_called_off(size_t way)
{
  struct trio *t = trio_make(ways[way].driver, ways[way].server, 0);
  session_turn(t, 0);
  program_exits(t);
  ok(run_until(t, is_over) && t->s.failure && is_in_order(t), "%s: a handshake for nobody is called off",
     ways[way].name);
  t = trio_make(ways[way].driver, ways[way].server, 0);
  send(t->program, &(unsigned char){octet_at(0)}, 1, MSG_NOSIGNAL);
  program_exits(t);
  t->program_writes = 1;
  ok(run_until(t, peer_saw_end) && t->peer_end == 1 && t->peer_read == 1,
     "%s: ... unless something was written already", ways[way].name);
  peer_closes(t);
  ok(run_until(t, is_over) && !t->s.failure && is_in_order(t), "%s: ... which the peer gets", ways[way].name);
}

/* --- Sizes -------------------------------------------------------------------------------------------------------- */

static void test_records(void)
{
  struct trio *t = trio_relaying(EDGES, true, 0);
  int small = 0;
  t->program_writes = 400000;
  t->peer_record_count = 0;
  ok(run_until(t, all_is_said), "a transfer");
  for (int i = 0; i < 12; i++)
    small += t->peer_first_records[i] == 1400;
  ok(small == 12 && t->peer_first_records[20] > 1400,
     "begins with records of one segment, then large ones (%d)", t->peer_first_records[20]);
  t->program_writes += 20000;
  t->peer_record_count = 0;
  ok(run_until(t, all_is_said) && t->peer_first_records[0] > 1400, "... which stay large (%d)",
     t->peer_first_records[0]);
  t->ahead_ms = 1100;
  t->program_writes += 20000;
  t->peer_record_count = 0;
  ok(run_until(t, all_is_said) && t->peer_first_records[0] == 1400, "... until a second of silence");
  ok(t->s.sent_ms > clock_ms() && t->s.heard_ms < t->s.sent_ms, "when it was last sent to is known");
  trio_free(t);
}

/* Nothing waits for more in TCP's queue, nor for a timer of TCP's. */
static void test_latency(void)
{
  static unsigned int const sizes[] = {1, 1400, 1401, 3000, 16384, 16385, 32768, 40000, 65536, 65537, 100000};
  struct trio *t = trio_relaying(EDGES, true, 0);
  int64_t began_ms = clock_ms();
  for (int i = 0; i < 10; i++)
    for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++) {
      t->program_writes += sizes[size];
      run_until(t, all_is_said);
      t->peer_writes += sizes[size];
      run_until(t, all_is_said);
    }
  ok(all_is_said(t) && clock_ms() - began_ms < 4000, "220 questions and answers take %lld ms",
     (long long)(clock_ms() - began_ms));
  trio_free(t);
}

/* Everything that allocates is warm then: OpenSSL's own tables, malloc's. */
#define CROWD 2000
static void test_memory(void)
{
  static struct trio *crowd[CROWD];
  long before, idle;
  for (int i = 0; i < 3; i++)
    trio_free(trio_relaying(EDGES, true, 0));
  before = (long)heap();
  for (int i = 0; i < CROWD; i++) {
    crowd[i] = trio_make(POLL, true, 0);
    crowd[i]->program_writes = crowd[i]->peer_writes = 30000;
    if (!run_until(crowd[i], all_is_said))
      break;
    /* The peer's part is not counted. */
    SSL_free(crowd[i]->peer);
    crowd[i]->peer = NULL;
    close(crowd[i]->program);
    crowd[i]->program = -1;
  }
  idle = ((long)heap() - before) / CROWD - (long)sizeof(struct trio) + (long)sizeof(struct session);
  ok(idle < 24576, "a session that relayed and is idle takes %ld octets, of them %zu its own", idle,
     sizeof(struct session));
  for (int i = 0; i < CROWD; i++)
    if (crowd[i])
      trio_free(crowd[i]);
}

static void test_shares(void)
{
  struct trio *t = trio_relaying(EDGES, true, 0);
  t->program_writes = 1000000;
  while (program_turn(t))
    ;
  uint64_t before = BIO_number_written(SSL_get_rbio(t->s.ssl));
  t->more = true;
  session_turn(t, 0);
  before = BIO_number_written(SSL_get_rbio(t->s.ssl)) - before;
  ok(t->more && before >= 65536 && before < 70000, "a step sends its share and wants another (%llu)",
     (unsigned long long)before);
  t->peer_reads = false;
  t->peer_writes = 1000000;
  for (int i = 0; i < 20; i++)
    peer_turn(t);
  before = BIO_number_read(SSL_get_rbio(t->s.ssl));
  session_turn(t, 0);
  before = BIO_number_read(SSL_get_rbio(t->s.ssl)) - before;
  ok(t->more && before == 65536, "... and reads its share (%llu)", (unsigned long long)before);
  t->peer_reads = true;
  ok(run_until(t, all_is_said), "... until all is done");
  t->peer_writes += 300000;
  while (peer_turn(t))
    ;
  session_turn(t, 10);
  ok(t->more && t->program_read < t->peer_writes,
     "... and wants another when only the peer has something to say");
  trio_free(t);
}

int main(void)
{
  static void (*const tests[])(size_t) = {test_echo,
                                          test_program_ends_first,
                                          test_program_ends_then_exits,
                                          test_program_exits,
                                          test_linger_is_bounded,
                                          test_program_reads_no_more,
                                          test_truncated,
                                          test_reset,
                                          test_reset_while_blocked,
                                          test_reset_after_end,
                                          test_abort_after_reset,
                                          test_end_without_notify_while_sending,
                                          test_garbage,
                                          test_octetwise,
                                          test_peer_never_reads,
                                          test_program_never_reads,
                                          test_end_behind_kept,
                                          test_flood_of_keys,
                                          test_odd_programs,
                                          test_lost_octets,
                                          test_new_keys,
                                          test_new_keys_while_blocked,
                                          test_new_keys_after_end,
                                          test_abort,
                                          test_called_off};
  struct rlimit files;
  int before;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  alarm(600);
  signal(SIGPIPE, on_pipe);
  contexts_make();
  before = descriptors();
  for (size_t way = 0; way < WAYS; way++) {
    contexts_allow(ways[way].version);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
      tests[i](way);
      printf("# %zu %zu: %d\n", way, i, descriptors());
    }
  }
  contexts_allow(TLS1_3_VERSION);
  test_no_hello();
  test_much_garbage();
  test_key_flood();
  test_records();
  test_shares();
  test_latency();
  test_memory();
  test_last_octet();
  ok(descriptors() == before, "no descriptor is left open");
  SSL_CTX_free(server_context);
  SSL_CTX_free(client_context);
  return tap_done();
}
