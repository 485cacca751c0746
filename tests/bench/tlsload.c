/* tlsload.c - the client of the benchmark for TLS: as load.c, with a handshake first. It makes connections, so many at a
 * time, checks every reply to the last byte and to close_notify, and prints how many it got per second and how long they
 * took. One thread, epoll, bounded in number and in time. It verifies no certificate: that is the same work for all.
 *
 *   tlsload -p port [options]
 *     -c n         connections at a time (1)          -r        resume sessions, all but the first
 *     -w seconds   warm-up, not counted (0)           -T s      a connection that takes longer has failed (10)
 *     -t seconds   measure for so long (1)            -2        TLS 1.2
 *     -H n         measure; open n idle connections ("h" out, "h" back); measure again; let them end. The service
 *                  gets "q" then from the others
 *     -W n         the same with n connections that are made and say nothing
 *     -P pid       with -H or -W: this process's memory (PSS) before, and with all of them open; up to 8 times,
 *                  printed as their sum
 *     -D octets    download: one connection that reads so many octets to the end; -U octets: upload. Prints rate in
 *                  MB (10^6) per second, from the end of the handshake to the end of the last octet
 *     -E           with -D: the server goes on for ever, so many are enough; with -U: it ends without an answer
 *
 * Prints one line of NAME=VALUE words as load.c does, and resumed=, how many were. Exit 0 if every connection was as
 * expected, 1 if some were not, 100 misuse, 111 the client itself could not go on. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
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

#include <openssl/err.h>
#include <openssl/ssl.h>

static char const PROG[] = "tlsload";
#include "bench.h"

#define SCAN_US     (SECOND_US / 10)
#define EVENTS      256
#define AT_ONCE     32 /* idle ones whose handshake is under way */
#define LIMIT_US    (240 * (uint64_t)SECOND_US)
#define PIDS        8
#define GOOD_MAX    1000000
#define BLOCK       16384
#define SPARE_FILES 32

static char const reply[] = "ok\n";

struct options {
  uint16_t port;
  size_t concurrency, hold;
  bool silent, resume, tls12;
  bool endless;
  bool asks; /* the service waits for an octet */
  uint64_t warm_us, measure_us, timeout_us;
  uint64_t download, upload;
  long pid[PIDS];
  size_t pids;
};

enum role { SHORT_LIVED, HELD, SILENT };

struct connection {
  int fd; /* -1: free */
  SSL *ssl;
  enum role role;
  bool sent, wrong;
  size_t got;
  uint64_t start_us;
};

static struct options o = {.concurrency = 1, .measure_us = SECOND_US, .timeout_us = 10 * SECOND_US};
static SSL_CTX *context;
static SSL_SESSION *session; /* the newest ticket */
static int poller;
static struct connection *slot, *held;
static uint32_t *latency_us;
static size_t good, bad, resumed;

/* --- One connection ----------------------------------------------------------------------------------- */

static int keep_session(SSL *ssl, SSL_SESSION *new)
{
  (void)ssl;
  SSL_SESSION_free(session);
  session = new;
  return 1;
}

static void make_context(void)
{
  context = SSL_CTX_new(TLS_client_method());
  if (!context)
    die("SSL_CTX_new");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  if (o.tls12)
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
}

static int connected_socket(void)
{
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons(o.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int const on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    die("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (struct sockaddr const *)&to, sizeof to) < 0 && errno != EINPROGRESS)
    die("connect");
  return fd;
}

/* A copy, because OpenSSL takes a ticket that was used for used up. */
static void resume(SSL *ssl)
{
  SSL_SESSION *copy = SSL_SESSION_dup(session);
  SSL_set_session(ssl, copy);
  SSL_SESSION_free(copy);
}

static void begin(struct connection *k, enum role role)
{
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = k};
  *k = (struct connection){.fd = connected_socket(), .role = role, .start_us = now_us()};
  if (role != SILENT) {
    k->ssl = SSL_new(context);
    if (!k->ssl || SSL_set_fd(k->ssl, k->fd) != 1)
      die("SSL_new");
    SSL_set_connect_state(k->ssl);
    if (o.resume && session)
      resume(k->ssl);
  }
  if (epoll_ctl(poller, EPOLL_CTL_ADD, k->fd, &e) < 0)
    die("epoll_ctl");
}

enum outcome { GOES_ON, ENDED, FAILED };

static enum outcome blocked(struct connection *k, int result)
{
  int error = SSL_get_error(k->ssl, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
    return GOES_ON;
  return error == SSL_ERROR_ZERO_RETURN ? ENDED : FAILED;
}

static enum outcome receive(struct connection *k)
{
  char octets[16];
  for (;;) {
    int n = SSL_read(k->ssl, octets, sizeof octets);
    if (n <= 0)
      return blocked(k, n);
    if (k->role == HELD) {
      k->wrong = n != 1 || octets[0] != 'h';
      return ENDED;
    }
    if ((size_t)n > sizeof reply - 1 - k->got || memcmp(octets, reply + k->got, (size_t)n) != 0)
      return FAILED;
    k->got += (size_t)n;
  }
}

static enum outcome advance(struct connection *k)
{
  int n;
  if (k->role == SILENT)
    return ENDED;
  ERR_clear_error();
  if (!SSL_is_init_finished(k->ssl)) {
    n = SSL_do_handshake(k->ssl);
    if (n <= 0)
      return blocked(k, n) == GOES_ON ? GOES_ON : FAILED;
  }
  if (!k->sent && (k->role == HELD || o.asks)) {
    n = SSL_write(k->ssl, k->role == HELD ? "h" : "q", 1);
    if (n <= 0)
      return blocked(k, n) == GOES_ON ? GOES_ON : FAILED;
  }
  k->sent = true;
  return receive(k);
}

static void drop(struct connection *k)
{
  if (k->ssl) {
    SSL_set_quiet_shutdown(k->ssl, 1);
    SSL_shutdown(k->ssl);
    SSL_free(k->ssl);
  }
  k->ssl = NULL;
  close(k->fd);
  k->fd = -1;
}

static void finish(struct connection *k, enum outcome outcome)
{
  bool right = outcome == ENDED && k->got == sizeof reply - 1;
  if (right && good < GOOD_MAX) {
    latency_us[good++] = (uint32_t)(now_us() - k->start_us);
    resumed += (size_t)SSL_session_reused(k->ssl);
  }
  bad += !right;
  drop(k);
}

/* --- Measurements ------------------------------------------------------------------------------------- */

static size_t drop_late(void)
{
  size_t dropped = 0;
  for (size_t i = 0; i < o.concurrency; i++)
    if (slot[i].fd >= 0 && now_us() - slot[i].start_us > o.timeout_us) {
      drop(&slot[i]);
      bad++;
      dropped++;
    }
  return dropped;
}

static double measure(uint64_t duration_us)
{
  struct epoll_event event[EVENTS];
  uint64_t begin_us = now_us(), scan_us = begin_us;
  size_t open = 0;
  good = resumed = 0;
  for (;;) {
    bool more = now_us() - begin_us < duration_us;
    int n;
    for (size_t i = 0; more && i < o.concurrency; i++)
      if (slot[i].fd < 0) {
        begin(&slot[i], SHORT_LIVED);
        open++;
      }
    if (!open && !more)
      return (double)(now_us() - begin_us) / SECOND_US;
    n = epoll_wait(poller, event, EVENTS, (int)(SCAN_US / 1000));
    for (int i = 0; i < n; i++) {
      struct connection *k = event[i].data.ptr;
      enum outcome outcome = k->fd < 0 ? GOES_ON : advance(k);
      if (outcome == GOES_ON)
        continue;
      finish(k, outcome);
      open--;
    }
    if (now_us() - scan_us > SCAN_US) {
      scan_us = now_us();
      open -= drop_late();
    }
  }
}

static void report(char const *prefix, double seconds)
{
  print_figures(prefix, good, seconds);
  printf(" %sresumed=%zu", prefix, resumed);
  print_percentiles(prefix, latency_us, good);
}

/* --- Idle connections ----------------------------------------------------------------------------------- */

static size_t hold(void)
{
  struct epoll_event event[EVENTS];
  size_t started = 0, waiting = 0, standing = 0;
  uint64_t begin_us = now_us();
  while ((started < o.hold || waiting) && now_us() - begin_us < LIMIT_US) {
    int n;
    for (; started < o.hold && waiting < AT_ONCE; started++, waiting++)
      begin(&held[started], o.silent ? SILENT : HELD);
    n = epoll_wait(poller, event, EVENTS, (int)(SCAN_US / 1000));
    for (int i = 0; i < n; i++) {
      struct connection *k = event[i].data.ptr;
      enum outcome outcome = advance(k);
      if (outcome == GOES_ON)
        continue;
      waiting--;
      epoll_ctl(poller, EPOLL_CTL_DEL, k->fd, NULL);
      if (outcome == ENDED && !k->wrong)
        standing++;
      else {
        bad++;
        drop(k);
      }
    }
  }
  bad += waiting;
  return standing;
}

/* Those that have ended meanwhile are errors; the others end now. */
static void release(void)
{
  for (size_t i = 0; i < o.hold; i++) {
    char octet;
    if (held[i].fd < 0)
      continue;
    if (recv(held[i].fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
      bad++;
    drop(&held[i]);
  }
}

static unsigned long all_memory_kb(void)
{
  unsigned long sum = 0, kb;
  for (size_t i = 0; i < o.pids; i++) {
    kb = memory_kb(o.pid[i]);
    if (kb == 0)
      die("unable to read how much memory a process has");
    sum += kb;
  }
  return sum;
}

/* --- One big transfer ----------------------------------------------------------------------------------- */

static double transfer(void)
{
  static char block[BLOCK];
  struct connection k;
  uint64_t left = o.download ? o.download : o.upload, start_us;
  int n;
  begin(&k, SHORT_LIVED);
  fcntl(k.fd, F_SETFL, fcntl(k.fd, F_GETFL) & ~O_NONBLOCK);
  if (SSL_do_handshake(k.ssl) != 1)
    die("handshake");
  start_us = now_us();
  if (o.download) {
    while (!(o.endless && left == 0) &&
           (n = SSL_read(k.ssl, block, o.endless && left < BLOCK ? (int)left : BLOCK)) > 0)
      left -= (uint64_t)n;
    bad += !o.endless && SSL_get_error(k.ssl, n) != SSL_ERROR_ZERO_RETURN;
  } else {
    while (left > 0 && (n = SSL_write(k.ssl, block, left < BLOCK ? (int)left : BLOCK)) > 0)
      left -= (uint64_t)n;
    /* The service answers when it has got the end. */
    SSL_shutdown(k.ssl);
    shutdown(k.fd, SHUT_WR);
    n = SSL_read(k.ssl, block, sizeof block);
    bad += o.endless ? n > 0 : n != sizeof reply - 1;
  }
  bad += left != 0;
  drop(&k);
  return (double)(now_us() - start_us) / SECOND_US;
}

/* --- The command line ------------------------------------------------------------------------------------ */

static void usage(void)
{
  fputs("tlsload: usage: tlsload -p port [-c concurrency] [-w seconds] [-t seconds] [-T seconds] [-r] [-2] "
        "[-H idle | -W silent] [-P pid] [-D octets | -U octets] [-E]\n",
        stderr);
  exit(100);
}

static uint64_t seconds_us(char const *text)
{
  return (uint64_t)(strtod(text, NULL) * SECOND_US);
}

static void parse(int argc, char **argv)
{
  int letter;
  while ((letter = getopt(argc, argv, "p:c:w:t:T:r2H:W:P:D:U:E")) != -1)
    switch (letter) {
    case 'p': o.port = (uint16_t)strtoul(optarg, NULL, 10); break;
    case 'c': o.concurrency = strtoul(optarg, NULL, 10); break;
    case 'w': o.warm_us = seconds_us(optarg); break;
    case 't': o.measure_us = seconds_us(optarg); break;
    case 'T': o.timeout_us = seconds_us(optarg); break;
    case 'r': o.resume = true; break;
    case '2': o.tls12 = true; break;
    case 'W':
    case 'H':
      o.silent = letter == 'W';
      o.asks = letter == 'H';
      o.hold = strtoul(optarg, NULL, 10);
      break;
    case 'P':
      if (o.pids == PIDS)
        usage();
      o.pid[o.pids++] = strtol(optarg, NULL, 10);
      break;
    case 'D': o.download = strtoull(optarg, NULL, 10); break;
    case 'U': o.upload = strtoull(optarg, NULL, 10); break;
    case 'E': o.endless = true; break;
    default: usage();
    }
  if (!o.port || !o.concurrency || optind != argc)
    usage();
}

static void make_room(void)
{
  struct rlimit files;
  size_t need = o.concurrency + o.hold + SPARE_FILES;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < need) {
    files.rlim_cur = need;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
      die("too few descriptors");
  }
  slot = calloc(o.concurrency, sizeof *slot);
  held = calloc(o.hold + 1, sizeof *held);
  latency_us = calloc(GOOD_MAX, sizeof *latency_us);
  if (!slot || !held || !latency_us)
    die("calloc");
  for (size_t i = 0; i < o.concurrency; i++)
    slot[i].fd = -1;
  for (size_t i = 0; i < o.hold; i++)
    held[i].fd = -1;
}

int main(int argc, char **argv)
{
  double seconds;
  parse(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  make_context();
  make_room();
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (o.download || o.upload) {
    seconds = transfer();
    printf("ok=%d rate=%.1f", !bad, (double)(o.download ? o.download : o.upload) / 1e6 / seconds);
  } else {
    if (o.warm_us || o.resume)
      measure(o.warm_us ? o.warm_us : 1);
    if (o.pids)
      printf("pss_kb=%lu ", all_memory_kb());
    seconds = measure(o.measure_us);
    report("", seconds);
    if (o.hold) {
      printf(" held=%zu", hold());
      if (o.pids)
        printf(" held_pss_kb=%lu", all_memory_kb());
      seconds = measure(o.measure_us);
      report(" held_", seconds);
      release();
    }
  }
  printf(" errors=%zu\n", bad);
  return bad > 0;
}
