/* inquiry.c - see inquiry.h. */
#include "inquiry.h"

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

static bool start(struct inquiry *h)
{
  char path[HELPER_PATH_SIZE];
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

static enum inquiry_result fail(struct inquiry *h, char const *problem)
{
  snprintf(h->problem, sizeof h->problem, "%s", problem);
  inquiry_end(h);
  return INQUIRY_FAILED;
}

bool inquiry_ask(struct inquiry *h, enum lookup_kind kind, void const *question)
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

enum inquiry_result inquiry_receive(struct inquiry *h, enum lookup_kind kind, struct message *answer,
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
        return INQUIRY_ANSWERED;
      break;
    case MESSAGE_NONE:
      if (clock_ms() >= deadline_ms)
        return INQUIRY_SILENT;
      poll(&p, 1, clock_wait_ms(deadline_ms));
      break;
    case MESSAGE_END: return fail(h, "tcplookup has ended");
    case MESSAGE_REFUSED:
      return fail(h, errno == EPROTO ? "tcplookup gave an answer that is none" : strerror(errno));
    }
  }
}

static int64_t peer_deadline_ms(struct lookup_peer const *q)
{
  int64_t limit_s = INQUIRY_DNS_TIMEOUT_S;
  if ((q->wanted & LOOKUP_INFO) && q->info_timeout_s + INQUIRY_DNS_TIMEOUT_S - LOOKUP_DNS_TIMEOUT_S > limit_s)
    limit_s = (int64_t)q->info_timeout_s + INQUIRY_DNS_TIMEOUT_S - LOOKUP_DNS_TIMEOUT_S;
  return clock_ms() + limit_s * 1000;
}

static bool ask_once(struct inquiry *h, struct lookup_peer const *q, struct message *answer)
{
  if (!inquiry_ask(h, LOOKUP_PEER, q))
    return false;
  switch (inquiry_receive(h, LOOKUP_PEER_ANSWER, answer, peer_deadline_ms(q))) {
  case INQUIRY_ANSWERED: return true;
  case INQUIRY_SILENT: strcpy(h->problem, "tcplookup does not answer"); break;
  case INQUIRY_FAILED: break;
  }
  return false;
}

/* One that was there before may have died meanwhile, over a question that is no longer of interest. */
bool inquiry_peer(struct inquiry *h, struct lookup_peer const *question, struct lookup_peer_answer *facts)
{
  struct message answer;
  bool is_used = h->runs;
  if (!ask_once(h, question, &answer) && !(is_used && !h->runs && ask_once(h, question, &answer)))
    return false;
  memcpy(facts, answer.payload, sizeof *facts);
  facts->known &= question->wanted;
  return true;
}

/* It ends by itself when its socket is closed, but it may be stopped (SIGSTOP), and there is nothing that it would
 * have to put in order. */
void inquiry_end(struct inquiry *h)
{
  if (!h->runs)
    return;
  h->runs = false;
  close(h->process.fd);
  kill(h->process.pid, SIGKILL);
  while (waitpid(h->process.pid, NULL, 0) == -1 && errno == EINTR)
    ;
}
