/* helper.c - see helper.h. Answers go first: as long as the other side doesn't take them, no questions are taken, so that
 * neither can be made to keep what the other has in mind. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include <skalibs/strerr.h>

#include "engine.h"
#include "helperface.h"

enum { SOCKET = 0 };

/* Questions taken in a row, before the answers to earlier ones get their turn. */
enum { QUESTIONS_IN_A_ROW = 64 };

enum { QUESTION_KINDS = sizeof lookup_questions / sizeof lookup_questions[0] };

#define die_system(what) strerr_diesys(111, PROG, ": fatal: ", what)
#define die(...)         strerr_die(111, PROG, ": fatal: ", __VA_ARGS__)

static int ask(struct engine *e, struct message const *m)
{
  uint32_t id = m->header.id;
  struct lookup_peer peer;
  struct lookup_host host;

  switch ((enum lookup_kind)m->header.kind) {
  case LOOKUP_PEER:
    memcpy(&peer, m->payload, sizeof peer);
    if (!lookup_peer_is_sound(&peer))
      die("got a question about a peer that makes no sense");
    return questions_ask_peer(&e->questions, id, &peer, e->now_ms);
  case LOOKUP_HOST:
    memcpy(&host, m->payload, sizeof host);
    if (!lookup_host_is_sound(&host))
      die("got a question about a host that makes no sense");
    return questions_ask_host(&e->questions, id, &host, e->now_ms);
  case LOOKUP_CANCEL: questions_cancel(&e->questions, id); return 0;
  case LOOKUP_PING: return questions_ping(&e->questions, id);
  case LOOKUP_PEER_ANSWER:
  case LOOKUP_HOST_ANSWER:
  case LOOKUP_PONG: break; /* not in lookup_questions */
  }
  return 0;
}

/* False if the other side is gone. */
static bool receive_questions(struct engine *e)
{
  static struct message m;
  for (int i = 0; i < QUESTIONS_IN_A_ROW; i++)
    switch (message_receive(SOCKET, lookup_questions, QUESTION_KINDS, &m)) {
    case MESSAGE_RECEIVED:
      if (ask(e, &m) == 0)
        break;
      if (errno == EEXIST)
        die("got two questions of one id");
      die_system("unable to take a question");
    case MESSAGE_NONE: return true;
    case MESSAGE_END: return false;
    case MESSAGE_REFUSED:
      if (errno == ECONNRESET)
        return false;
      if (errno == EPROTO)
        die("got a message that is no question");
      die_system("unable to receive questions");
    }
  return true;
}

enum sent { SENT_ALL, SENT_SOME, SENT_NOBODY };

static enum sent send_answers(struct engine *e)
{
  struct answer_view a;
  while (questions_answer(&e->questions, &a)) {
    struct message_kind const *row = lookup_row(a.kind);
    if (message_send(SOCKET, row, a.id, row->size ? &a.payload : NULL, NULL) == -1) {
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
        return SENT_SOME;
      if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
        return SENT_NOBODY;
      die_system("unable to send answers");
    }
    questions_take(&e->questions);
  }
  return SENT_ALL;
}

void helper_run(unsigned int waiting)
{
  static struct engine e;
  struct event const who = {.kind = ENGINE_CALLER};
  unsigned int interest = EVENTS_IN;

  helperface_ignore_signals();
  if (message_adopt(SOCKET) == -1)
    die_system("descriptor 0 is not a socket for messages");
  if (engine_init(&e, waiting) == -1 || events_watch(&e.events, SOCKET, interest, who) == -1)
    die_system("unable to start");
  engine_tell_problems(&e);
  for (;;) {
    int ready = engine_turn(&e);
    enum sent sent;
    unsigned int next;
    if (ready == -1)
      die_system("unable to wait for events");
    sent = send_answers(&e);
    if (sent == SENT_ALL && ready & (EVENTS_IN | EVENTS_FAILED)) {
      if (!receive_questions(&e))
        return;
      sent = send_answers(&e);
    }
    if (sent == SENT_NOBODY || (sent == SENT_SOME && ready & EVENTS_FAILED))
      return;
    next = sent == SENT_SOME ? EVENTS_OUT : EVENTS_IN;
    if (next != interest && events_change(&e.events, SOCKET, next, who) == -1)
      die_system("unable to wait for events");
    interest = next;
  }
}
