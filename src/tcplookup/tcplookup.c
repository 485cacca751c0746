/* tcplookup.c - names and ident of peers, addresses of names: for tcpserver and tcpclient as a helper, for administrators
 * by hand: see tcplookup(8). */
#include <signal.h>

#include <skalibs/strerr.h>

#include "about.h"
#include "byhand.h"
#include "confine.h"
#include "helper.h"
#include "options.h"

char const *PROG = "tcplookup";

int main(int argc, char const *const *argv)
{
  struct options o;

  if (about_answered(argc, argv, PROG, options_help))
    return 0;
  o = options_from(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  confine(o.waiting);
  switch (o.face) {
  case FACE_PEER: byhand_peer(&o.peer); break;
  case FACE_ADDRESSES: byhand_addresses(&o.host); break;
  case FACE_HELPER: helper_run(o.waiting); break;
  }
  return 0;
}
