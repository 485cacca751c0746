/* tlsconnect.c - the half of tcpclient -n that speaks TLS, in a process of its own: it is told a connection and the
 * program's pair (lib/tls.h), makes the first a TLS connection, and relays until both have ended. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "about.h"
#include "address.h"
#include "alone.h"
#include "clock.h"
#include "descriptors.h"
#include "facts.h"
#include "options.h"
#include "tls.h"

/* What the user has called. */
char const *PROG = "tcpclient";

enum { CHANNEL = 0 };

_Static_assert(MATERIAL_PROBLEM_SIZE <= CONTEXT_PROBLEM_SIZE, "one buffer does for both");

/* --- What must be in order before anything is connected --------------------------------------------------- */

static void warn(char const *file, char const *text)
{
  strerr_warn(PROG, ": warning: ", file, ": ", text);
}

/* Without files there is nothing to read. */
static SSL_CTX *make_context(struct options const *o)
{
  char problem[CONTEXT_PROBLEM_SIZE];
  struct material m;
  SSL_CTX *context;
  int fd = material_read(&o->files, problem, o->silent ? NULL : warn);
  if (fd == -1)
    strerr_dief(111, problem);
  if (material_open(&m, fd) == -1)
    strerr_diefsys(111, "unable to read certificates");
  close(fd);
  context = client_context_new(&o->policy, &m, problem);
  material_close(&m);
  if (!context)
    strerr_dief(111, problem);
  return context;
}

/* tcpclient becomes a program that knows nothing of this process, and should have no child that it did not start: it
 * waits for this end, which also says that all is in order. */
static void detach(void)
{
  switch (fork()) {
  case -1: strerr_diefsys(111, "unable to fork"); break;
  case 0: break;
  default: _exit(0);
  }
}

/* --- tcpclient ---------------------------------------------------------------------------------------------- */

static bool wait_for(int fd, short events, int64_t deadline_ms)
{
  struct pollfd p = {.fd = fd, .events = events};
  int n;
  do
    n = poll(&p, 1, deadline_ms == INT64_MAX ? -1 : clock_wait_ms(deadline_ms));
  while ((n == -1 && errno == EINTR) || (n == 0 && clock_ms() < deadline_ms));
  return n > 0;
}

/* Exits 0 if tcpclient has found nothing to connect to. */
static struct message receive_task(void)
{
  struct message m;
  struct tls_open task;
  enum message_result result;
  do {
    wait_for(CHANNEL, POLLIN, INT64_MAX);
    result = message_receive(CHANNEL, tls_to_relay, 1, &m);
  } while (result == MESSAGE_NONE);
  if (result != MESSAGE_RECEIVED)
    _exit(0);
  memcpy(&task, m.payload, sizeof task);
  if (!tls_open_is_sound(&task))
    _exit(111);
  return m;
}

static void answer(enum tls_kind kind, uint32_t id, void const *payload)
{
  while (message_send(CHANNEL, tls_row(kind), id, payload, NULL) == -1 && errno == EAGAIN &&
         wait_for(CHANNEL, POLLOUT, INT64_MAX))
    ;
}

static _Noreturn void refuse(uint32_t id, char const *reason)
{
  struct tls_refusal r;
  tls_set_text(r.reason, sizeof r.reason, reason);
  answer(TLS_REFUSED, id, &r);
  _exit(111);
}

/* --- Before TLS --------------------------------------------------------------------------------------------- */

/* An address literal (RFC 5321 section 4.1.3): the name of this machine is not for sure known, nor anybody's business. */
static void our_name(char out[STARTTLS_NAME_MAX + 1], int net)
{
  struct sockaddr_storage ss;
  socklen_t len = sizeof ss;
  struct address local = {.family = ADDRESS_NONE};
  uint16_t port;
  char text[ADDRESS_TEXT_SIZE] = "127.0.0.1";
  if (getsockname(net, (struct sockaddr *)&ss, &len) == 0 &&
      address_from_sockaddr(&local, &port, (struct sockaddr *)&ss)) {
    local.scope = 0;
    address_print(text, &local);
  }
  snprintf(out, STARTTLS_NAME_MAX + 1, "[%s%s]", local.family == ADDRESS_IPV6 ? "IPv6:" : "", text);
}

/* A command is far smaller than what a socket takes at once; one that does not is broken. */
static bool say(int net, char const *command)
{
  size_t len = strlen(command);
  return send(net, command, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static void start_tls(struct options const *o, uint32_t id, int net, int64_t deadline_ms)
{
  struct starttls s;
  char name[STARTTLS_NAME_MAX + 1], octets[4096];
  enum starttls_result result = STARTTLS_MORE;
  if (o->starttls == STARTTLS_NONE)
    return;
  our_name(name, net);
  starttls_begin(&s, o->starttls, name);
  while (result != STARTTLS_GO) {
    ssize_t n;
    if (!wait_for(net, POLLIN, deadline_ms))
      refuse(id, "timed out before TLS");
    n = recv(net, octets, sizeof octets, MSG_DONTWAIT);
    if (n == -1 && (errno == EAGAIN || errno == EINTR))
      continue;
    if (n <= 0)
      refuse(id, n == 0 ? "the server has closed the connection before TLS" : strerror(errno));
    result = starttls_take(&s, octets, (size_t)n);
    if (result == STARTTLS_FAILED)
      refuse(id, s.reason);
    if (result == STARTTLS_SEND && !say(net, s.command))
      refuse(id, strerror(errno));
  }
}

/* --- TLS ---------------------------------------------------------------------------------------------------- */

static void shake(struct alone *a, uint32_t id)
{
  struct session const *s = &a->conduit.session;
  struct tls_facts facts;
  if (!alone_shake(a))
    refuse(id, s->failure ? s->failure : "the handshake has failed");
  facts_of(&facts, s->ssl);
  answer(TLS_DONE, id, &facts);
}

/* Both are it. What can't be replaced is closed. */
static void leave_channel(void)
{
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int i = 0; i <= 1; i++)
    if (fd == -1 || dup2(fd, i) == -1)
      close(i);
  if (fd != -1)
    close(fd);
}

int main(int argc, char const *const *argv)
{
  static struct alone alone;
  static SSL_CTX *context; /* where a leak checker sees it even in the parent of detach(), which only ends */
  struct session const *session;
  struct options o;
  struct message task;
  struct tls_open what;
  int64_t deadline_ms;

  if (about_answered(argc, argv, "tlsconnect", options_help))
    return 0;
  descriptors_close_others();
  if (descriptors_guard() == -1) /* messages would be written into the connection */
    strerr_diefsys(111, "unable to open /dev/null");
  o = options_from(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  context = make_context(&o);
  detach();
  task = receive_task();
  memcpy(&what, task.payload, sizeof what);
  deadline_ms = clock_ms() + (int64_t)o.timeout_s * 1000;
  start_tls(&o, task.header.id, task.descriptor[0], deadline_ms);
  alone.times.handshake_ms = deadline_ms - clock_ms();
  if (alone_open(&alone, context, false, task.descriptor[0], task.descriptor[1]) == -1)
    refuse(task.header.id, strerror(errno));
  session = &alone.conduit.session;
  if (client_expects(session->ssl, what.server_name, o.policy.verify) == -1)
    refuse(task.header.id, "that is no name that a certificate could have");
  shake(&alone, task.header.id);
  leave_channel();
  alone_relay(&alone);
  if (session->failure && !o.silent)
    strerr_warn(PROG, ": warning: TLS has ended early: ", session->failure);
  alone_close(&alone);
  return 0;
}
