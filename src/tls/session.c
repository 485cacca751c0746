/* session.c - see session.h. Each step tries both directions until each has nothing to do or must wait, so that no edge
 * of the owner's is lost. Of what one side does not take no more than a share is held here; the rest stays in the sockets'
 * queues, where it makes the other side wait. */
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>

#include "events.h"
#include "hello.h"
#include "problem.h"
#include "tls.h"

/* A direction's share of one step. */
#define SHARE 65536

/* After the handshake OpenSSL takes so much from the socket at once, if it is there, and gives the memory back when nothing
 * is left of it. Before, strangers have to do with the room for one record. */
#define READ_AHEAD SHARE

/* A peer can't use a record before all of it is there. So the first ones of a burst fit into a segment each, even with
 * IPv6 and timestamps; what is longer than this gets the largest there are. */
#define FIRST_RECORDS     16384
#define FIRST_RECORD_SIZE 1400
#define RECORD_SIZE       16384
#define SILENCE_MS        1000

/* What is read of the program's before it is passed on: more takes less time, but may have to be held. */
#define CHUNK 32768

/* The most that is held of what OpenSSL has to say to a peer that does not read: a chunk, and what changes of keys need.
 * It never has more than a chunk of the program's. */
#define UNSENT_MAX 65536

/* Messages that bring no data (changes of keys, requests for a renegotiation, warnings) take as much work as thousands of
 * octets. Nobody who means well sends so many in such a time. */
#define CHATTER_MAX 64
#define CHATTER_MS  1000

/* What all sessions of the process share, because each needs it only within a step. */
static struct {
  BIO_METHOD *method;
  bool more_follows; /* so that what is sent now may wait for it */
  size_t net_left;   /* what may be read from the peer in this step still */
  bool is_throttled; /* there was perhaps more */
  unsigned char octets[TLS_ANCHOR + SHARE];
} shared;

/* --- The peer's socket, as OpenSSL sees it ----------------------------------------------------------------------- */

/* OpenSSL's own BIO raises SIGPIPE. This one also bounds what a single call of OpenSSL may do, which reads on as long as
 * there are records that bring no data; and it takes a record as a whole though there is no room to send it: OpenSSL (as
 * of 3.0) gives up a connection whose keys are to be changed twice while a record is half written. */
struct net {
  SSL *ssl; /* whose it is */
  int fd;
  int problem;     /* errno of what has failed for good, or 0 */
  bool is_shut;    /* close_notify was the last; what OpenSSL still wants to say (of new keys) nobody needs */
  uint64_t octets; /* that have been sent */
  struct hello hello;
  unsigned int chatter; /* messages that brought no data, since chatter_ms */
  int64_t chatter_ms;
  unsigned char *unsent;
  size_t unsent_at, unsent_size;
};

static struct net *net_of(struct session const *s)
{
  return BIO_get_data(SSL_get_rbio(s->ssl));
}

static bool try_again(void)
{
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int net_read(BIO *bio, char *out, int size)
{
  struct net *n = BIO_get_data(bio);
  ssize_t got;
  BIO_clear_retry_flags(bio);
  if (shared.net_left == 0) {
    shared.is_throttled = true;
    BIO_set_retry_read(bio);
    return -1;
  }
  if ((size_t)size > shared.net_left)
    size = (int)shared.net_left;
  got = recv(n->fd, out, (size_t)size, MSG_DONTWAIT);
  /* Before TLS 1.3 what is encrypted looks like a hello now and then; and there is no second one. */
  if (SSL_version(n->ssl) < TLS1_3_VERSION)
    n->hello.is_over = true;
  if (got > 0 && !hello_take(&n->hello, (unsigned char *)out, (size_t)got)) {
    ERR_raise(ERR_LIB_SSL, SSL_R_EXCESSIVE_MESSAGE_SIZE);
    return -1;
  }
  if (got > 0)
    shared.net_left -= (size_t)got;
  else if (got == 0)
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  else if (try_again())
    BIO_set_retry_read(bio);
  else
    ERR_raise(ERR_LIB_SYS, errno);
  return (int)got;
}

/* How many octets the socket took; fewer than count if it is full, or has failed. */
static size_t net_send(struct net *n, unsigned char const *octets, size_t count)
{
  size_t done = 0;
  while (done < count && !n->problem) {
    ssize_t sent = send(n->fd, octets + done, count - done,
                        MSG_DONTWAIT | MSG_NOSIGNAL | (shared.more_follows ? MSG_MORE : 0));
    if (sent == -1 && try_again())
      break;
    if (sent == -1)
      n->problem = errno;
    else
      done += (size_t)sent;
  }
  n->octets += done;
  return done;
}

static size_t net_unsent(struct net const *n)
{
  return n->unsent_size - n->unsent_at;
}

static void net_forget_unsent(struct net *n)
{
  free(n->unsent);
  n->unsent = NULL;
  n->unsent_at = n->unsent_size = 0;
}

/* Sends what is held. False if that is not all. */
static bool net_flush(struct net *n)
{
  if (!n->unsent)
    return true;
  n->unsent_at += net_send(n, n->unsent + n->unsent_at, net_unsent(n));
  if (net_unsent(n) > 0)
    return false;
  net_forget_unsent(n);
  return true;
}

/* False: memory is short. */
static bool net_hold(struct net *n, unsigned char const *octets, size_t count)
{
  unsigned char *bigger = realloc(n->unsent, n->unsent_size + count);
  if (!bigger)
    return false;
  memcpy(bigger + n->unsent_size, octets, count);
  n->unsent = bigger;
  n->unsent_size += count;
  return true;
}

static int net_write(BIO *bio, char const *text, int size)
{
  struct net *n = BIO_get_data(bio);
  unsigned char const *octets = (unsigned char const *)text;
  size_t count = (size_t)size, done = 0;
  BIO_clear_retry_flags(bio);
  if (n->is_shut)
    return size;
  if (!n->unsent)
    done = net_send(n, octets, count);
  else if (n->unsent_size + count > UNSENT_MAX) {
    BIO_set_retry_write(bio);
    return -1;
  }
  if (!n->problem && done < count && !net_hold(n, octets + done, count - done))
    n->problem = ENOMEM;
  if (!n->problem)
    return size;
  ERR_raise(ERR_LIB_SYS, n->problem);
  errno = n->problem; /* OpenSSL forgives a peer that is gone before it has its tickets */
  return -1;
}

static int net_destroy(BIO *bio)
{
  struct net *n = BIO_get_data(bio);
  if (n) {
    free(n->unsent);
    free(n);
  }
  return 1;
}

static long net_control(BIO *bio, int command, long number, void *pointer)
{
  (void)number;
  (void)pointer;
  if (command == BIO_CTRL_EOF)
    return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return command == BIO_CTRL_FLUSH;
}

/* Null: memory is short. */
static BIO_METHOD const *net_method(void)
{
  if (!shared.method) {
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
    if (!m)
      return NULL;
    BIO_meth_set_read(m, net_read);
    BIO_meth_set_write(m, net_write);
    BIO_meth_set_ctrl(m, net_control);
    BIO_meth_set_destroy(m, net_destroy);
    shared.method = m;
  }
  return shared.method;
}

static BIO *net_bio(SSL *ssl, int fd, bool server)
{
  BIO_METHOD const *method = net_method();
  struct net *n = calloc(1, sizeof *n);
  BIO *bio = method && n ? BIO_new(method) : NULL;
  if (!bio) {
    free(n);
    return NULL;
  }
  n->ssl = ssl;
  n->fd = fd;
  n->hello.is_over = !server;
  BIO_set_data(bio, n);
  BIO_set_init(bio, 1);
  return bio;
}

/* No octet will come any more; only the peer's FIN says so. */
static bool net_has_ended(struct session const *s)
{
  return BIO_test_flags(SSL_get_rbio(s->ssl), BIO_FLAGS_IN_EOF) != 0;
}

static bool peer_has_ended(struct session const *s)
{
  return (SSL_get_shutdown(s->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

/* A request that is turned down shows in the warning only. */
static bool is_chatter(bool sent, int type, unsigned char const *octets, size_t count)
{
  return type == SSL3_RT_ALERT || (!sent && type == SSL3_RT_HANDSHAKE && count > 0 &&
                                   (octets[0] == SSL3_MT_HELLO_REQUEST || octets[0] == SSL3_MT_CLIENT_HELLO ||
                                    octets[0] == SSL3_MT_KEY_UPDATE));
}

/* OpenSSL would go on with all that it has read, hundreds of messages perhaps: after an end it does not. */
static void on_message(int sent, int version, int type, void const *octets, size_t count, SSL *ssl, void *net)
{
  struct net *n = net;
  (void)version;
  if (is_chatter(sent != 0, type, octets, count) && ++n->chatter > CHATTER_MAX)
    SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

static void count_chatter(struct session *s, int64_t now_ms)
{
  struct net *n = net_of(s);
  if (now_ms - n->chatter_ms < CHATTER_MS || n->chatter > CHATTER_MAX)
    return;
  n->chatter = 0;
  n->chatter_ms = now_ms;
}

static bool peer_chatters(struct session const *s)
{
  return net_of(s)->chatter > CHATTER_MAX;
}

/* What a call of OpenSSL came to. */
enum outcome {
  DONE,
  READS,  /* it is to be repeated when the peer has sent something */
  WRITES, /* ... when there is room to send */
  ENDED,  /* the peer has ended its direction, with close_notify or without */
  LOST,   /* the socket has failed */
  BROKEN  /* what the peer sent is not TLS; there is no use for the SSL any more */
};

static enum outcome outcome_of(SSL const *ssl, int result)
{
  switch (SSL_get_error(ssl, result)) {
  case SSL_ERROR_NONE: return DONE;
  case SSL_ERROR_WANT_READ: return READS;
  case SSL_ERROR_WANT_WRITE: return WRITES;
  case SSL_ERROR_ZERO_RETURN: return ENDED;
  case SSL_ERROR_SYSCALL: return LOST;
  default: return BROKEN;
  }
}

/* Reads what the peer sends and throws it away. False if nothing more can come; then *is_lost says whether the socket has
 * failed. */
static bool net_drain(struct session *s, bool *is_lost)
{
  BIO *bio = SSL_get_rbio(s->ssl);
  int got;
  do
    got = BIO_read(bio, shared.octets, sizeof shared.octets);
  while (got > 0);
  *is_lost = got < 0 && !BIO_should_retry(bio);
  return got < 0 && BIO_should_retry(bio);
}

/* --- How it ends ------------------------------------------------------------------------------------------------- */

static void drop_kept(struct session *s)
{
  free(s->kept);
  s->kept = NULL;
}

static void be_over(struct session *s)
{
  bool is_lost;
  s->state = SESSION_OVER;
  s->want_net = s->want_plain = 0;
  drop_kept(s);
  net_flush(net_of(s));
  net_forget_unsent(net_of(s));
  /* An alert or close_notify on its way would be destroyed by the reset that unread octets cause. */
  shutdown(s->net, SHUT_WR);
  if (s->failure)
    net_drain(s, &is_lost);
  ERR_clear_error();
}

/* Room for a text of its own; null if memory is short. */
static char *problem_room(struct session *s)
{
  if (!s->problem)
    s->problem = malloc(PROBLEM_SIZE);
  return s->problem;
}

/* Remembers why, of OpenSSL's queue or else as given; the first reason counts. */
static void note_failure(struct session *s, char const *otherwise)
{
  if (!s->failure) {
    char *room = ERR_peek_error() != 0 ? problem_room(s) : NULL;
    s->failure = room ? problem_text(room, otherwise) : otherwise;
  }
  ERR_clear_error();
}

/* The peer can't be reached any more; what it sent before is still passed on. Who writes has to hear of it now: it might
 * wait for ever to write before it reads. */
static void lose_output(struct session *s, char const *why)
{
  note_failure(s, why);
  s->outward = FLOW_ENDED;
  net_forget_unsent(net_of(s));
  shutdown(s->plain, SHUT_RD);
}

/* Nothing more comes from the peer, though it has not said so. The program gets what came before, then a reset. */
static void fail(struct session *s, char const *why)
{
  lose_output(s, why);
  if (s->inward == FLOW_OPEN)
    s->inward = FLOW_ENDING;
}

/* --- From the peer to the program -------------------------------------------------------------------------------- */

/* How much the program's end took; what it will never take counts, too. */
static size_t plain_send(struct session *s, unsigned char const *octets, size_t count)
{
  size_t done = 0;
  while (done < count) {
    ssize_t sent = send(s->plain, octets + done, count - done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == -1 && try_again())
      break;
    if (sent == -1) { /* nobody reads any more */
      s->inward = FLOW_ENDED;
      return count;
    }
    done += (size_t)sent;
  }
  return done;
}

/* False if there is no room for all of it. */
static bool deliver_kept(struct session *s)
{
  s->kept_at += (uint32_t)plain_send(s, s->kept + s->kept_at, s->kept_size - s->kept_at);
  if (s->kept_at < s->kept_size) {
    s->want_plain |= EVENTS_OUT;
    return false;
  }
  drop_kept(s);
  return true;
}

static void deliver(struct session *s, unsigned char const *octets, size_t count)
{
  size_t done = s->inward == FLOW_OPEN ? plain_send(s, octets, count) : count;
  if (done == count)
    return;
  s->kept = malloc(count - done);
  if (!s->kept) {
    fail(s, "out of memory");
    return;
  }
  memcpy(s->kept, octets + done, count - done);
  s->kept_at = 0;
  s->kept_size = (uint32_t)(count - done);
}

/* Has everybody who had the other end closed it? */
static bool program_is_gone(struct session const *s)
{
  struct pollfd p = {.fd = s->plain};
  return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP);
}

/* The peer said that it had said all. */
static void end_input(struct session *s)
{
  unsigned char anchor[1];
  if (s->anchored)
    recv(s->plain, anchor, sizeof anchor, MSG_DONTWAIT);
  s->anchored = false;
  shutdown(s->plain, SHUT_WR);
  s->inward = FLOW_ENDED;
}

/* A reset after a FIN does not show in what recv() returns. */
static bool net_has_failed(struct session const *s)
{
  struct pollfd p = {.fd = s->net};
  return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP));
}

/* After the peer's end: only whether it can still be sent to. True if that has changed. */
static bool watch_ended_peer(struct session *s)
{
  bool is_lost = false;
  if (net_drain(s, &is_lost)) {
    s->want_net |= EVENTS_IN;
    return false;
  }
  s->want_net |= EVENTS_FAILED;
  if (is_lost || net_has_failed(s))
    fail(s, "connection lost");
  return s->failure;
}

static void take_end(struct session *s)
{
  if (s->inward != FLOW_OPEN)
    return;
  if (!net_has_ended(s))
    s->inward = FLOW_ENDING;
  else if (program_is_gone(s)) /* who need not know; the peer may still be reading what it said last */
    s->inward = FLOW_ENDED;
  else
    fail(s, "connection closed without close_notify");
}

/* Reads records until a share is there or there is a reason to stop: each time that the program is woken costs as much as
 * several records. */
static enum outcome read_records(struct session *s, size_t *count)
{
  enum outcome outcome = DONE;
  for (*count = 0; outcome == DONE && *count + RECORD_SIZE <= SHARE;) {
    size_t got = 0;
    ERR_clear_error();
    outcome = outcome_of(s->ssl, SSL_read_ex(s->ssl, shared.octets + *count, RECORD_SIZE, &got));
    *count += got;
  }
  return outcome;
}

/* False if nothing can be read now, and nothing has changed. */
static bool take_records(struct session *s)
{
  size_t count = 0;
  enum outcome outcome = DONE;
  if (!peer_chatters(s)) {
    if (peer_has_ended(s))
      return watch_ended_peer(s);
    outcome = read_records(s, &count);
    deliver(s, shared.octets, count);
  }
  if (peer_chatters(s)) {
    fail(s, "too many messages without data");
    return true;
  }
  switch (outcome) {
  case DONE: return true;
  case READS: s->want_net |= EVENTS_IN; return false;
  case WRITES:
    s->net_writes_for_read = true;
    s->want_net |= EVENTS_OUT;
    return false;
  case ENDED: take_end(s); return true;
  case LOST: fail(s, "connection lost"); return true;
  case BROKEN: fail(s, "TLS broken"); return true;
  }
  return false;
}

static bool is_finished(struct session const *s)
{
  return s->inward == FLOW_ENDED && s->outward == FLOW_ENDED;
}

static void relay_inward(struct session *s)
{
  s->net_writes_for_read = false;
  /* As long as there may be output, its end shows that the program is gone. */
  if (s->inward != FLOW_ENDED && s->outward == FLOW_ENDED) {
    s->want_plain |= EVENTS_FAILED;
    if (program_is_gone(s))
      s->inward = FLOW_ENDED;
  }
  if (s->inward == FLOW_ENDED)
    drop_kept(s);
  while (!s->kept || deliver_kept(s)) {
    if (s->inward == FLOW_ENDING && s->failure)
      s->inward = FLOW_ENDED;
    else if (s->inward == FLOW_ENDING)
      end_input(s);
    if (is_finished(s) || !take_records(s))
      return;
  }
}

/* --- From the program to the peer -------------------------------------------------------------------------------- */

/* False if what was said before is not all sent. */
static bool is_sent(struct session *s)
{
  struct net *n = net_of(s);
  if (net_flush(n))
    return true;
  if (n->problem) {
    ERR_raise(ERR_LIB_SYS, n->problem);
    lose_output(s, "connection lost");
  } else
    s->want_net |= EVENTS_OUT;
  return false;
}

static size_t record_size(struct session const *s, size_t count)
{
  size_t most = s->burst < FIRST_RECORDS ? FIRST_RECORD_SIZE : RECORD_SIZE;
  return count < most ? count : most;
}

/* There is room for all of it: what can't be sent is held. False if the session has failed. */
static bool write_records(struct session *s, unsigned char const *octets, size_t count, bool more_follows)
{
  for (size_t done = 0; done < count;) {
    size_t size = record_size(s, count - done), written = 0;
    enum outcome outcome;
    shared.more_follows = more_follows || done + size < count;
    ERR_clear_error();
    outcome = outcome_of(s->ssl, SSL_write_ex(s->ssl, octets + done, size, &written));
    shared.more_follows = false;
    if (outcome != DONE) {
      (outcome == LOST ? lose_output : fail)(s, "connection lost");
      return false;
    }
    s->burst += (uint32_t)(s->burst < FIRST_RECORDS ? written : 0);
    done += written;
  }
  return true;
}

/* How many octets of the program's that have not been passed on are in plain's queue. */
static size_t fresh_octets(struct session const *s)
{
  int count;
  if (ioctl(s->plain, FIONREAD, &count) == -1 || count < 0)
    return 0;
  return (size_t)count - (s->anchored && count > 0 ? 1 : 0);
}

static bool take(struct session const *s, unsigned char *octets, size_t count, int flags)
{
  for (size_t done = 0; done < count;) {
    ssize_t got = recv(s->plain, octets + done, count - done, MSG_DONTWAIT | flags);
    if (got <= 0)
      return false;
    done += (size_t)got;
  }
  return true;
}

/* Takes so many, of which the last, with an anchor, also stays in the queue, to be the next one: at no time the queue is
 * empty. Null if there are not so many. */
static unsigned char const *take_octets(struct session const *s, size_t count)
{
  if (!take(s, shared.octets, count, 0) || (s->anchored && !take(s, shared.octets + count, 1, MSG_PEEK)))
    return NULL;
  return s->anchored ? shared.octets + 1 : shared.octets;
}

/* Will the program write no more? What it has written may be in the queue still; where the system can't say so then,
 * owners have no edges either, and are told again when it is empty. */
static bool output_has_ended(struct session const *s)
{
#ifdef POLLRDHUP
  struct pollfd p = {.fd = s->plain, .events = POLLRDHUP};
  return poll(&p, 1, 0) == 1;
#else
  unsigned char octet;
  ssize_t got = recv(s->plain, &octet, 1, MSG_DONTWAIT | MSG_PEEK);
  return got == 0 || (got == -1 && !try_again());
#endif
}

/* True if there may be more that can be done now. */
static bool pass_output(struct session *s)
{
  /* First this, then the queue, so that nothing comes between. */
  bool has_ended = output_has_ended(s);
  for (size_t left = SHARE; left >= CHUNK; left -= CHUNK) {
    size_t fresh = fresh_octets(s), count = fresh < CHUNK ? fresh : CHUNK;
    unsigned char const *octets = count > 0 ? take_octets(s, count) : NULL;
    if (count > 0 && !octets) { /* what the system counts can't be had: waiting for it would not end */
      fail(s, "the program's output can't be read");
      return true;
    }
    if (octets && !write_records(s, octets, count, fresh > count && left > CHUNK))
      return true;
    if (!is_sent(s))
      return s->outward == FLOW_ENDED;
    if (fresh > count)
      continue;
    if (has_ended)
      s->outward = FLOW_ENDING;
    else
      s->want_plain |= EVENTS_IN | EVENTS_END;
    return has_ended;
  }
  return true;
}

/* Amid a renegotiation nothing can be said. False if that is so, or if the session has failed. */
static bool can_speak(struct session *s)
{
  enum outcome outcome = DONE;
  ERR_clear_error();
  if (SSL_in_init(s->ssl))
    outcome = outcome_of(s->ssl, SSL_do_handshake(s->ssl));
  if (outcome == READS || outcome == WRITES) {
    s->net_reads_for_write = outcome == READS;
    s->want_net |= outcome == READS ? EVENTS_IN : EVENTS_OUT;
  } else if (outcome != DONE)
    (outcome == LOST ? lose_output : fail)(s, "connection lost");
  return outcome == DONE;
}

/* True if the peer has been told. */
static bool end_output(struct session *s)
{
  ERR_clear_error();
  /* A second call would read. */
  if (!(SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN) && SSL_shutdown(s->ssl) < 0) {
    lose_output(s, "connection lost");
    return true;
  }
  if (!is_sent(s))
    return s->outward == FLOW_ENDED;
  shutdown(s->net, SHUT_WR);
  net_of(s)->is_shut = true;
  s->outward = FLOW_ENDED;
  return true;
}

/* True if there may be more that can be done now. */
static bool relay_outward(struct session *s)
{
  bool more = false;
  s->net_reads_for_write = false;
  if (s->outward == FLOW_ENDED)
    return false;
  if (!is_sent(s) || !can_speak(s))
    return s->outward == FLOW_ENDED;
  if (s->outward == FLOW_OPEN)
    more = pass_output(s);
  if (s->outward == FLOW_ENDING)
    more = end_output(s);
  return more;
}

/* --- Steps ------------------------------------------------------------------------------------------------------- */

static enum session_result linger(struct session *s, int64_t now_ms)
{
  bool is_lost;
  s->want_net = EVENTS_IN;
  s->want_plain = 0;
  if (net_drain(s, &is_lost) && !(peer_has_ended(s) && !shared.is_throttled) &&
      now_ms - s->linger_ms < SESSION_LINGER_MS)
    return SESSION_WAIT;
  be_over(s);
  return SESSION_WAIT;
}

static enum session_result relay(struct session *s, int64_t now_ms)
{
  BIO *bio = SSL_get_rbio(s->ssl);
  uint64_t heard, sent = net_of(s)->octets;
  bool more;
  if (now_ms - s->sent_ms >= SILENCE_MS)
    s->burst = 0;
  relay_inward(s);
  heard = BIO_number_read(bio);
  more = relay_outward(s);
  if (is_finished(s) && s->failure) {
    be_over(s);
    return SESSION_WAIT;
  }
  if (is_finished(s)) {
    s->state = SESSION_LINGERING;
    s->linger_ms = now_ms;
    return linger(s, now_ms);
  }
  /* Writing may have read what OpenSSL now holds, or may have made it possible to read. */
  if (BIO_number_read(bio) != heard || (s->net_writes_for_read && net_of(s)->octets != sent))
    more = true;
  return more ? SESSION_MORE : SESSION_WAIT;
}

/* Has the program gone without a word? */
static bool is_called_off(struct session const *s)
{
  unsigned char octets[2];
  return program_is_gone(s) &&
         recv(s->plain, octets, sizeof octets, MSG_PEEK | MSG_DONTWAIT) <= (s->anchored ? 1 : 0);
}

static void handshake_fails(struct session *s)
{
  char *room = problem_room(s);
  s->failure = room ? problem_of_handshake(room, s->ssl) : "handshake failed";
  be_over(s);
}

static enum session_result shake(struct session *s)
{
  s->want_plain = EVENTS_FAILED;
  if (is_called_off(s)) {
    s->failure = "called off";
    be_over(s);
    return SESSION_WAIT;
  }
  ERR_clear_error();
  if (!net_flush(net_of(s)))
    s->want_net |= EVENTS_OUT;
  switch (outcome_of(s->ssl, SSL_do_handshake(s->ssl))) {
  case DONE:
    s->state = SESSION_RELAYING;
    SSL_set_default_read_buffer_len(s->ssl, READ_AHEAD); /* from its next buffer on */
    /* An end without close_notify is then told by net_has_ended(), and output still works. */
    SSL_set_options(s->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_set_msg_callback(s->ssl, on_message);
    SSL_set_msg_callback_arg(s->ssl, net_of(s));
    return SESSION_MORE;
  case READS: s->want_net |= EVENTS_IN; break;
  case WRITES: s->want_net |= EVENTS_OUT; break;
  case ENDED:
  case LOST:
  case BROKEN: handshake_fails(s); break;
  }
  return SESSION_WAIT;
}

static enum session_result step_by_state(struct session *s, int64_t now_ms)
{
  switch (s->state) {
  case SESSION_SHAKING: return shake(s);
  case SESSION_RELAYING: return relay(s, now_ms);
  case SESSION_LINGERING: return linger(s, now_ms);
  case SESSION_OVER: break;
  }
  return SESSION_WAIT;
}

enum session_result session_step(struct session *s, int64_t now_ms)
{
  BIO *bio = SSL_get_rbio(s->ssl);
  uint64_t heard = BIO_number_read(bio), sent = net_of(s)->octets;
  enum session_result result;
  shared.net_left = SHARE;
  shared.is_throttled = false;
  s->want_net = s->want_plain = 0;
  count_chatter(s, now_ms);
  result = step_by_state(s, now_ms);
  if (BIO_number_read(bio) != heard)
    s->heard_ms = now_ms;
  if (net_of(s)->octets != sent)
    s->sent_ms = now_ms;
  ERR_clear_error();
  return s->state != SESSION_OVER && shared.is_throttled ? SESSION_MORE : result;
}

int session_init(struct session *s, SSL_CTX *context, bool server, int net, int plain)
{
  SSL *ssl = SSL_new(context);
  BIO *bio = ssl ? net_bio(ssl, net, server) : NULL;
  ERR_clear_error();
  if (!bio) {
    SSL_free(ssl);
    errno = ENOMEM;
    return -1;
  }
  SSL_set_bio(ssl, bio, bio);
  SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_read_ahead(ssl, 1);
  if (server)
    SSL_set_accept_state(ssl);
  else
    SSL_set_connect_state(ssl);
  *s = (struct session){.ssl = ssl, .net = net, .plain = plain, .anchored = TLS_ANCHOR != 0};
  return 0;
}

/* The program sees the end of input rather than a reset: it has got all there was, and nothing of its own is left. */
static void settle_plain(struct session *s)
{
  if (s->kept && !deliver_kept(s))
    return;
  shutdown(s->plain, SHUT_RDWR);
  while (recv(s->plain, shared.octets, sizeof shared.octets, MSG_DONTWAIT) > 0)
    ;
}

void session_abort(struct session *s, char const *why, bool reset)
{
  if (s->state == SESSION_OVER)
    return;
  shared.net_left = SHARE;
  if (!s->failure)
    s->failure = why;
  if (s->state == SESSION_RELAYING && !SSL_in_init(s->ssl) && !(SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN))
    SSL_shutdown(s->ssl);
  if (!reset)
    settle_plain(s);
  be_over(s);
}

void session_free(struct session *s)
{
  SSL_free(s->ssl);
  free(s->kept);
  free(s->problem);
  shutdown(s->net, SHUT_RDWR);
  close(s->net);
  close(s->plain);
  *s = (struct session){.net = -1, .plain = -1, .state = SESSION_OVER};
  ERR_clear_error();
}
