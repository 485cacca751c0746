/* tlshalf.c - see tlshalf.h. */
#include "tlshalf.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decimal.h"
#include "report.h"
#include "resolve.h"

enum { QUESTION_ID = 1 };

struct helper tlshalf_start(struct options const *o)
{
  char path[HELPER_PATH_SIZE];
  char const *argv[TLS_ARGUMENTS_MAX + 3] = {path};
  size_t count = 1;
  struct helper h;

  if (o->verbosity == VERBOSITY_NONE)
    argv[count++] = "-q";
  memcpy(argv + count, o->tls_argument, sizeof o->tls_argument);
  if (helper_path(path, HELPER_LIBEXEC, "tlsconnect") == -1)
    report_fatal_system(o->verbosity, "unable to find tlsconnect");
  if (helper_start(&h, argv, (char const *const *)environ) == 0)
    return h;
  if (errno == ENOENT)
    report_fatal(o->verbosity, "unable to run ", path,
                 ": there is none; it is made where OpenSSL 3 is when ucspi-tcpmux is built");
  report_fatal_system(o->verbosity, "unable to run ", path);
  _exit(111);
}

/* It says with its end that all is in order, and leaves a child behind that this process never knows; or it has told
 * the user what is not. */
static void wait_till_ready(struct options const *o, struct helper const *h)
{
  int status;
  while (waitpid(h->pid, &status, 0) == -1)
    /* Who started this process ignores SIGCHLD, and so the system has thrown the status away. */
    if (errno != EINTR)
      return;
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
    _exit(WEXITSTATUS(status) == 100 ? 100 : 111);
  if (WIFSIGNALED(status))
    report_fatal(o->verbosity, "tlsconnect has crashed");
}

static void take_name(struct options const *o, struct connection const *c, char *name, size_t size)
{
  char const *wanted = o->tls_name ? o->tls_name : o->host;
  char ip[ADDRESS_TEXT_SIZE];
  struct address bare = c->remote;
  if (!o->tls_name && !resolve_is_name(o->host)) {
    bare.scope = 0;
    address_print(ip, &bare);
    wanted = ip;
  }
  if (strlen(wanted) >= size)
    report_fatal(o->verbosity, "unable to start TLS: too long a name: ", wanted);
  memcpy(name, wanted, strlen(wanted));
}

static void receive(struct options const *o, struct helper const *h, struct message *m)
{
  struct pollfd p = {.fd = h->fd, .events = POLLIN};
  enum message_result result;
  do {
    poll(&p, 1, -1);
    result = message_receive(h->fd, tls_from_relay, sizeof tls_from_relay / sizeof tls_from_relay[0], m);
  } while (result == MESSAGE_NONE);
  if (result != MESSAGE_RECEIVED)
    report_fatal(o->verbosity, "unable to start TLS: tlsconnect has ended");
}

static _Noreturn void die_refused(struct options const *o, struct connection const *c,
                                  struct tls_refusal const *r)
{
  char ip[ADDRESS_TEXT_SIZE], port[DECIMAL_SIZE];
  address_print(ip, &c->remote);
  decimal_print(port, c->remote_port);
  report_fatal(o->verbosity, "unable to start TLS with ", ip, " port ", port, ": ", r->reason);
  _exit(111);
}

static struct tls_facts take_answer(struct options const *o, struct connection const *c,
                                    struct message const *m)
{
  struct tls_facts facts;
  struct tls_refusal refusal;
  if (m->header.kind == TLS_REFUSED) {
    memcpy(&refusal, m->payload, sizeof refusal);
    if (tls_refusal_is_sound(&refusal))
      die_refused(o, c, &refusal);
  }
  if (m->header.kind == TLS_DONE) {
    memcpy(&facts, m->payload, sizeof facts);
    if (tls_facts_is_sound(&facts))
      return facts;
  }
  report_fatal(o->verbosity, "unable to start TLS: tlsconnect has sent what is no answer");
  _exit(111);
}

struct tls_facts tlshalf_begin(struct options const *o, struct connection *c, struct helper *h)
{
  struct tls_open what;
  struct message m;
  struct tls_facts facts;
  int pair[2], sent[2];

  wait_till_ready(o, h);
  memset(&what, 0, sizeof what);
  take_name(o, c, what.server_name, sizeof what.server_name);
  if (!tls_open_is_sound(&what))
    report_fatal(o->verbosity,
                 "unable to start TLS: not a name that a certificate could have: ", what.server_name);
  if (tls_pair(pair) == -1)
    report_fatal_system(o->verbosity, "unable to start TLS");
  sent[0] = c->fd;
  sent[1] = pair[1];
  if (message_send(h->fd, tls_row(TLS_OPEN), QUESTION_ID, &what, sent) == -1)
    report_fatal_system(o->verbosity, "unable to start TLS: tlsconnect does not listen");
  close(c->fd);
  close(pair[1]);
  c->fd = pair[0];
  receive(o, h, &m);
  facts = take_answer(o, c, &m);
  close(h->fd);
  report_status(o->verbosity, facts.protocol, " ", facts.cipher, facts.peer_subject[0] ? " " : "",
                facts.peer_subject);
  return facts;
}
