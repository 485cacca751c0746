/* tcptls.c - TLS for servers: tcpserver's helper, and a program that puts TLS in front of another, for one connection:
 * see tcptls(1). */
#include <skalibs/strerr.h>

#include "about.h"
#include "confine.h"
#include "descriptors.h"
#include "keeper.h"
#include "options.h"
#include "single.h"
#include "ucspitls.h"

char const *PROG = "tcptls";

int main(int argc, char const *const *argv)
{
  struct options o;

  if (descriptors_guard() == -1)
    strerr_diesys(111, PROG, ": fatal: ", "unable to open /dev/null");
  if (about_answered(argc, argv, PROG, options_help))
    return 0;
  o = options_from(argc, argv);
  confine_secrets();
  switch (o.face) {
  case FACE_PROGRAM: single_run(&o);
  case FACE_UCSPI_TLS: ucspitls_run(&o);
  case FACE_HELPER: keeper_run(&o); break;
  }
  return 0;
}
