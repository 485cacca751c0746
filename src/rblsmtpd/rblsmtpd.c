/* rblsmtpd.c - becomes the program that takes mail from the client on descriptors 0 and 1, or refuses the client's mail
 * itself, as $RBLSMTPD says; where DNS lists are to say it, becomes rblsmtpd-lists, which is greater and takes longer to
 * start. Started anew for each connection. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "about.h"
#include "complain.h"
#include "helper.h"
#include "prog.h"
#include "session.h"

/* $RBLSMTPD decides alone: empty, and the client is welcome; else it says what to refuse with, and for how long. */
static _Noreturn void obey(struct session const *s, char const *given)
{
  struct text text = {.len = 0};
  bool is_permanent = given[0] == '-';
  if (given[0] == '\0')
    session_run(s, s->options.prog[0], s->options.prog);
  text_add_string(&text, given + is_permanent);
  session_refuse(s, is_permanent, &text);
}

/* With the same command line. */
static _Noreturn void hand_over(struct session const *s, char const *const *argv)
{
  char path[HELPER_PATH_SIZE];
  if (helper_path(path, HELPER_LIBEXEC, "rblsmtpd-lists") == -1)
    die_unable(PROG, "run rblsmtpd-lists", "", errno);
  session_run(s, path, argv);
}

int main(int argc, char const *const *argv)
{
  char const *given = getenv("RBLSMTPD");
  static struct session s; /* as long as the process */

  if (about_answered(argc, argv, PROG, options_help))
    return 0;
  session_begin(&s, argc, argv);
  if (!given && s.options.count > 0)
    hand_over(&s, argv);
  options_warn(&s.options);
  if (given)
    obey(&s, given);
  session_run(&s, s.options.prog[0], s.options.prog);
}
