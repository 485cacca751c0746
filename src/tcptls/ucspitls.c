/* ucspitls.c - see ucspitls.h. The program has the connection itself, as descriptors 0 and 1, and three more, named by
 * $SSLCTLFD, $SSLREADFD and $SSLWRITEFD. It writes 'y' to the first when it wants TLS to begin, or 'Y' if it also wants to
 * read what there is to know of it: NAME=value and a NUL each, and one more NUL. If the handshake fails there are no such
 * octets but the end, and the others are reset. */
#include "ucspitls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "decimal.h"
#include "one.h"

#define die_system(what) strerr_diesys(111, PROG, ": fatal: ", what)

enum { THEIRS, OURS };

/* What the program gets besides the connection: both directions have a number of their own, because it may close one. */
static void name_descriptors(struct program *p, struct environment *e, int control, int plain)
{
  static char const *const name[PROGRAM_DESCRIPTORS_MAX] = {"SSLCTLFD", "SSLREADFD", "SSLWRITEFD"};
  int const descriptor[PROGRAM_DESCRIPTORS_MAX] = {control, plain, fcntl(plain, F_DUPFD_CLOEXEC, 3)};
  char number[DECIMAL_SIZE];
  for (size_t i = 0; i < PROGRAM_DESCRIPTORS_MAX; i++) {
    if (descriptor[i] == -1)
      die_system("unable to set up descriptors");
    decimal_print(number, (uint64_t)descriptor[i]);
    if (environment_add(e, name[i], number) == -1)
      die_system("unable to make the environment");
    p->inherited[i] = descriptor[i];
  }
}

static void start_program(struct one *one, int control)
{
  static struct environment e = ENVIRONMENT_ZERO;
  one_environment(&e);
  name_descriptors(&one->program, &e, control, one->pair[0]);
  one->program.connection = one->net;
  if (!program_start(&one->program, &e))
    _exit(111);
  environment_free(&e);
  for (size_t i = 0; i < PROGRAM_DESCRIPTORS_MAX; i++)
    close(one->program.inherited[i]);
}

/* 'y', 'Y', or NUL: it will never ask. */
static char wait_for_command(struct one *one, int control)
{
  char command = '\0';
  struct event const who = {.kind = ONE_CONTROL};
  if (events_watch(&one->events, control, EVENTS_IN, who) == -1)
    die_system("unable to wait for events");
  while (one_turn(one) == 0)
    /* Others may have inherited the descriptor, but who has asked for its end is the program. */
    if (one->program.ended)
      break;
  if (recv(control, &command, 1, MSG_DONTWAIT) == 1 && command != 'y' && command != 'Y') {
    strerr_warn(PROG, ": warning: ", one->program.argv[0], " has asked for what is not in UCSPI-TLS");
    command = '\0';
  }
  events_forget(&one->events, control);
  return command;
}

/* All of it, or nothing: without it the program knows that there is no TLS. */
static void tell_facts(struct one const *one, int control)
{
  static struct environment e = ENVIRONMENT_ZERO;
  static char text[ENVIRONMENT_TEXT_SIZE + 2];
  size_t len = 0;
  one_describe(one, &e);
  for (size_t i = 0; i < e.count; i++) {
    size_t size = strlen(e.entry[i]) + 1;
    memcpy(text + len, e.entry[i], size);
    len += size;
  }
  text[len++] = '\0';
  if (e.count == 0)
    text[len++] = '\0';
  environment_free(&e);
  if (send(control, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 && errno != EPIPE && errno != ECONNRESET)
    strerr_warnsys(PROG, ": warning: ", "unable to tell the program of its TLS");
}

static void shake_hands(struct one *one, bool tell, int control)
{
  one_open(one);
  while (one->conduit.session.state == SESSION_SHAKING) {
    one_turn(one);
    if (one->program.ended && one->conduit.session.state == SESSION_SHAKING)
      session_abort(&one->conduit.session, "the program has ended", true);
  }
  if (!conduit_is_made(&one->conduit))
    one_tell_failure(one);
  else if (tell)
    tell_facts(one, control);
}

void ucspitls_run(struct options const *o)
{
  static struct one one;
  int control[2];
  char command;
  one_prepare(&one, o);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) == -1)
    die_system("unable to make a pair of sockets");
  start_program(&one, control[THEIRS]);
  command = wait_for_command(&one, control[OURS]);
  if (command != '\0')
    shake_hands(&one, command == 'Y', control[OURS]);
  else {
    close(one.net);
    close(one.pair[1]);
  }
  close(control[OURS]);
  one_finish(&one);
}
