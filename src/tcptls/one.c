/* one.c - see one.h. */
#include "one.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "facts.h"
#include "material.h"
#include "warning.h"

#define die(...)         strerr_die(111, PROG, ": fatal: ", __VA_ARGS__)
#define die_system(what) strerr_diesys(111, PROG, ": fatal: ", what)

enum { CONNECTION = 0 };

/* Nobody else would come to know keys for tickets that this process makes: there are none. */
static struct server_context *read_keys(struct options const *o)
{
  char problem[CONTEXT_PROBLEM_SIZE];
  struct tls_policy policy = o->policy;
  struct server_context *context = NULL;
  struct material material;
  int fd = material_read(&o->files, problem, warn_of_file);
  policy.no_tickets = true;
  if (fd == -1)
    die(problem);
  if (material_open(&material, fd) == -1)
    die_system("unable to read keys and certificates");
  close(fd);
  context = server_context_new(&policy, &material, NULL, problem);
  material_close(&material);
  if (!context)
    die(problem);
  server_context_check_dates(context, time(NULL), warn_of_file);
  return context;
}

/* Both numbers may be the connection's, and then its end could not be told to the peer while they are open. */
static void take_connection(struct one *one)
{
  int type, fd, on = 1;
  socklen_t len = sizeof type;
  if (getsockopt(CONNECTION, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
    die_system("descriptor 0 is not a connection");
  if (type != SOCK_STREAM)
    die("descriptor 0 is not a connection (SOCK_STREAM)");
  one->net = fcntl(CONNECTION, F_DUPFD_CLOEXEC, 3);
  fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (one->net == -1 || fd == -1 || dup2(fd, 0) == -1 || dup2(fd, 1) == -1)
    die_system("unable to set up descriptors");
  close(fd);
  setsockopt(one->net, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* others than TCP need none */
}

/* A connection that has failed has no address any more. */
static void name_peer(struct one *one)
{
  struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
  socklen_t len = sizeof ss;
  struct address address;
  char ip[ADDRESS_TEXT_SIZE];
  uint16_t port;
  if (getpeername(CONNECTION, (struct sockaddr *)&ss, &len) == -1 ||
      !address_from_sockaddr(&address, &port, (struct sockaddr const *)&ss))
    return;
  address_print(ip, &address);
  snprintf(one->peer, sizeof one->peer, " with %s port %u", ip, (unsigned int)port);
}

void one_prepare(struct one *one, struct options const *o)
{
  *one = (struct one){.options = o};
  name_peer(one);
  take_connection(one);
  one->context = read_keys(o);
  program_prepare(&one->program);
  one->program.argv = o->prog;
  if (tls_pair(one->pair) == -1)
    die_system("unable to make a pair of sockets");
  if (events_init(&one->events) == -1 ||
      events_watch(&one->events, one->program.signals, EVENTS_IN, (struct event){.kind = ONE_SIGNAL}) == -1)
    die_system("unable to start");
}

void one_open(struct one *one)
{
  struct event const net = {.kind = ONE_NET}, plain = {.kind = ONE_PLAIN};
  if (conduit_open(&one->conduit, &one->events, server_context_ssl(one->context), true, one->net,
                   one->pair[1], net, plain, clock_ms()) == -1)
    die_system("unable to begin with TLS");
  one->net = one->pair[1] = -1;
  one->open = one->more = true;
}

static int wait_ms(struct one const *one)
{
  int64_t deadline_ms;
  if (one->more)
    return 0;
  return one->open && conduit_deadline(&one->conduit, &one->options->times, &deadline_ms)
             ? clock_wait_ms(deadline_ms)
             : -1;
}

unsigned int one_turn(struct one *one)
{
  struct event event[EVENTS_BATCH];
  unsigned int control = 0;
  int64_t now_ms;
  int count = events_wait(&one->events, event, wait_ms(one));
  if (count == -1)
    die_system("unable to wait for events");
  now_ms = clock_ms();
  for (int i = 0; i < count; i++)
    switch ((enum one_source)event[i].kind) {
    case ONE_NET:
    case ONE_PLAIN: one->more = true; break;
    case ONE_SIGNAL: program_signals(&one->program); break;
    case ONE_CONTROL: control |= event[i].ready; break;
    }
  if (one->open && one->more && one->conduit.session.state != SESSION_OVER)
    one->more = conduit_step(&one->conduit, now_ms) == SESSION_MORE;
  else
    one->more = false;
  if (one->open && one->conduit.session.state != SESSION_OVER)
    conduit_expire(&one->conduit, &one->options->times, now_ms);
  return control;
}

void one_environment(struct environment *e)
{
  if (environment_load(e, (char const *const *)environ, tls_environment_names) == -1)
    die_system("unable to make the environment");
}

void one_describe(struct one const *one, struct environment *e)
{
  static struct tls_facts facts;
  facts_of(&facts, one->conduit.session.ssl);
  if (tls_environment_add(&facts, one->options->provider ? PROG : NULL, e) == -1)
    die_system("unable to make the environment");
}

void one_tell_failure(struct one const *one)
{
  char reason[sizeof((struct tls_refusal *)0)->reason];
  char const *failure = one->conduit.session.failure;
  tls_set_text(reason, sizeof reason, failure && *failure ? failure : "handshake failed");
  strerr_warn(PROG, ": fatal: no TLS", one->peer, ": ", reason);
}

void one_finish(struct one *one)
{
  for (;;) {
    if (one->open && one->conduit.session.state == SESSION_OVER) {
      conduit_close(&one->conduit);
      one->open = one->more = false;
    }
    if (!one->open && one->program.ended)
      break;
    one_turn(one);
  }
  server_context_free(one->context);
  program_exit(&one->program);
}
