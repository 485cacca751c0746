/* tcpclient.c - make a TCP connection and run a program on it, or relay standard input and output: see
 * tcpclient(1). */
#include <signal.h>

#include <skalibs/strerr.h>

#include "about.h"
#include "decimal.h"
#include "descriptors.h"
#include "facts.h"
#include "inquiry.h"
#include "options.h"
#include "program.h"
#include "proxy.h"
#include "relay.h"
#include "report.h"
#include "service.h"
#include "tlshalf.h"

char const *PROG = "tcpclient";

static int relay_or_die(struct options const *o, struct connection const *c)
{
  char ip[ADDRESS_TEXT_SIZE], port[DECIMAL_SIZE];
  address_print(ip, &c->remote);
  decimal_print(port, c->remote_port);
  signal(SIGPIPE, SIG_IGN);
  switch (relay_run(c->fd)) {
  case RELAY_PEER_FAILED: report_fatal_system(o->verbosity, "lost connection to ", ip, " port ", port); break;
  case RELAY_INPUT_FAILED: report_fatal_system(o->verbosity, "unable to read standard input"); break;
  case RELAY_OUTPUT_FAILED: report_fatal_system(o->verbosity, "unable to write standard output"); break;
  case RELAY_DONE: break;
  }
  return 0;
}

int main(int argc, char const *const *argv)
{
  struct options o;
  struct inquiry helper = INQUIRY_ZERO;
  struct connection c;
  struct lookup_peer_answer facts;
  struct helper tls_helper;
  struct tls_facts tls;

  if (about_answered(argc, argv, PROG, options_help))
    return 0;
  o = options_from(argc, argv);
  if (descriptors_guard() == -1)
    report_fatal_system(o.verbosity, "unable to open /dev/null");
  proxy_check(&o);
  if (o.tls)
    tls_helper = tlshalf_start(&o);
  c = service_reach(&o, &helper);
  if (o.tls)
    tls = tlshalf_begin(&o, &c, &tls_helper);
  facts = facts_find(&o, &c, &helper);
  inquiry_end(&helper);
  if (!o.prog)
    return relay_or_die(&o, &c);
  program_run(&o, &c, &facts, o.tls ? &tls : NULL);
}
