/* single.c - see single.h. The program is the child, not the parent: what relays for it must outlive it by as long as it
 * takes to deliver its last octets, and supervisors that end what a service has left behind go by the parent. */
#include "single.h"

#include <unistd.h>

#include "one.h"

/* Before the program knows of the connection. */
static void shake_hands(struct one *one)
{
  one_open(one);
  while (one->conduit.session.state == SESSION_SHAKING)
    one_turn(one);
  if (conduit_is_made(&one->conduit))
    return;
  one_tell_failure(one);
  conduit_close(&one->conduit);
  _exit(111);
}

void single_run(struct options const *o)
{
  static struct one one;
  static struct environment e = ENVIRONMENT_ZERO;
  one_prepare(&one, o);
  shake_hands(&one);
  one_environment(&e);
  one_describe(&one, &e);
  one.program.connection = one.pair[0];
  if (!program_start(&one.program, &e)) {
    session_abort(&one.conduit.session, "no program", false);
    conduit_close(&one.conduit);
    _exit(111);
  }
  close(one.pair[0]);
  environment_free(&e);
  one_finish(&one);
}
