/* helper.c - see helper.h. */
#include "helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

/* One about the host, one about the connection. */
enum { QUESTIONS_MAX = 2 };

static bool start(struct helper *h)
{
  char path[LOOKUP_PATH_SIZE];
  int error;
  if (lookup_start(&h->process, (char const *const *)environ, QUESTIONS_MAX) == 0) {
    h->runs = true;
    return true;
  }
  error = errno;
  if (lookup_path(path) == -1)
    memcpy(path, "tcplookup", sizeof "tcplookup");
  snprintf(h->problem, sizeof h->problem, "unable to run %s: %s", path, strerror(error));
  return false;
}

static enum helper_result fail(struct helper *h, char const *problem)
{
  snprintf(h->problem, sizeof h->problem, "%s", problem);
  helper_stop(h);
  return HELPER_FAILED;
}

bool helper_ask(struct helper *h, enum lookup_kind kind, void const *question)
{
  if (!h->runs && !start(h))
    return false;
  if (message_send(h->process.fd, lookup_row(kind), ++h->last_id, question, NULL) == 0)
    return true;
  fail(h, errno == EPIPE ? "tcplookup has ended" : strerror(errno));
  return false;
}

static bool is_sound(struct message const *m)
{
  switch (m->header.kind) {
  case LOOKUP_HOST_ANSWER: return lookup_host_answer_is_sound((struct lookup_host_answer const *)m->payload);
  case LOOKUP_PEER_ANSWER: return lookup_peer_answer_is_sound((struct lookup_peer_answer const *)m->payload);
  default: return false; /* nobody asks for a pong */
  }
}

enum helper_result helper_receive(struct helper *h, enum lookup_kind kind, struct message *answer,
                                  int64_t deadline_ms)
{
  for (;;) {
    struct pollfd p = {.fd = h->process.fd, .events = POLLIN};
    switch (message_receive(h->process.fd, lookup_answers, sizeof lookup_answers / sizeof lookup_answers[0],
                            answer)) {
    case MESSAGE_RECEIVED:
      if (!is_sound(answer) || (answer->header.id == h->last_id && answer->header.kind != kind))
        return fail(h, "tcplookup gave an answer that is none");
      if (answer->header.id == h->last_id)
        return HELPER_ANSWERED;
      break;
    case MESSAGE_NONE:
      if (clock_ms() >= deadline_ms)
        return HELPER_SILENT;
      poll(&p, 1, clock_wait_ms(deadline_ms));
      break;
    case MESSAGE_END: return fail(h, "tcplookup has ended");
    case MESSAGE_REFUSED:
      return fail(h, errno == EPROTO ? "tcplookup gave an answer that is none" : strerror(errno));
    }
  }
}

/* It ends by itself when its socket is closed, but it may be stopped (SIGSTOP), and there is nothing that it would
 * have to put in order. */
void helper_stop(struct helper *h)
{
  if (!h->runs)
    return;
  h->runs = false;
  close(h->process.fd);
  kill(h->process.pid, SIGKILL);
  while (waitpid(h->process.pid, NULL, 0) == -1 && errno == EINTR)
    ;
}
