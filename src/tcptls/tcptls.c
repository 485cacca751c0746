/* tcptls.c - TLS for servers: tcpserver's helper, and a program that puts TLS in front of another, for one connection:
 * see tcptls(1). */
#include <stdbool.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "about.h"
#include "restraints.h"
#include "descriptors.h"
#include "keeper.h"
#include "messages.h"
#include "options.h"
#include "single.h"
#include "ucspitls.h"

char const *PROG = "tcptls";

/* Below inetd descriptor 2 is the connection, too. Nothing may be said there, by the program neither, that is not TLS. */
static bool divert_messages(void)
{
  struct messages m;
  if (messages_divert(&m) == -1)
    return false;
  if (messages_are_diverted(&m)) {
    close(m.connection);
    close(m.nowhere);
  }
  return true;
}

int main(int argc, char const *const *argv)
{
  struct options o;

  if (descriptors_guard() == -1 || !divert_messages())
    strerr_diesys(111, PROG, ": fatal: ", "unable to open /dev/null");
  if (about_answered(argc, argv, PROG, options_help))
    return 0;
  o = options_from(argc, argv);
  restraints_keep_secrets();
  switch (o.face) {
  case FACE_PROGRAM: single_run(&o);
  case FACE_UCSPI_TLS: ucspitls_run(&o);
  case FACE_HELPER: keeper_run(&o); break;
  }
  return 0;
}
