/* question.c - see question.h. A question is a small record that the three kinds of searches point into; its answer
 * is kept as what was found, and gets its full size only when it is sent. */
#include "question.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* An answer that has not been taken. */
struct answer {
  struct answer *next;
  enum lookup_kind kind;
  uint32_t id, known;
  char *remote_host, *local_host, *info;
  struct lookup_host_answer host[]; /* one if kind is HOST_ANSWER */
};

struct question {
  struct questions *all;
  uint32_t id;
  uint32_t missing;      /* enum lookup_fact: what has no result yet */
  struct answer *answer; /* peers: what is known so far */
  struct name_waiter remote, local;
  struct info *info;
  struct host_search *search;
};

void questions_init(struct questions *q, size_t waiting_max)
{
  memset(q, 0, sizeof *q);
  q->waiting_max = waiting_max;
  keyed_init(&q->by_id);
}

/* --- Answers ----------------------------------------------------------------------------------------------------- */

static struct answer *new_answer(enum lookup_kind kind, uint32_t id, size_t hosts)
{
  struct answer *a = calloc(1, sizeof *a + hosts * sizeof a->host[0]);
  if (!a)
    return NULL;
  a->kind = kind;
  a->id = id;
  return a;
}

static void free_answer(struct answer *a)
{
  if (!a)
    return;
  free(a->remote_host);
  free(a->local_host);
  free(a->info);
  free(a);
}

static void enqueue(struct questions *q, struct answer *a)
{
  a->next = NULL;
  *(q->first ? &q->last->next : &q->first) = a;
  q->last = a;
}

static void copy_text(char *out, size_t size, char const *text)
{
  size_t len = text ? strnlen(text, size - 1) : 0;
  if (len > 0)
    memcpy(out, text, len);
}

bool questions_answer(struct questions const *q, struct answer_view *out)
{
  struct answer const *a = q->first;
  struct lookup_peer_answer *peer = &out->payload.peer;
  if (!a)
    return false;
  memset(out, 0, sizeof *out);
  out->kind = a->kind;
  out->id = a->id;
  if (a->kind == LOOKUP_HOST_ANSWER) {
    memcpy(&out->payload.host, &a->host[0], sizeof out->payload.host);
  } else if (a->kind == LOOKUP_PEER_ANSWER) {
    peer->known = a->known;
    copy_text(peer->remote_host, sizeof peer->remote_host, a->remote_host);
    copy_text(peer->local_host, sizeof peer->local_host, a->local_host);
    copy_text(peer->info, sizeof peer->info, a->info);
  }
  return true;
}

void questions_take(struct questions *q)
{
  struct answer *a = q->first;
  if (!a)
    return;
  q->first = a->next;
  free_answer(a);
}

/* --- Questions --------------------------------------------------------------------------------------------------- */

static void make_key(uint8_t key[HASHTABLE_KEY_SIZE], uint32_t id)
{
  memset(key, 0, HASHTABLE_KEY_SIZE);
  memcpy(key, &id, sizeof id);
}

static struct question *find(struct questions const *q, uint32_t id)
{
  uint8_t key[HASHTABLE_KEY_SIZE];
  make_key(key, id);
  return keyed_get(&q->by_id, key);
}

static struct question *open_question(struct questions *q, uint32_t id)
{
  uint8_t key[HASHTABLE_KEY_SIZE];
  struct question *question = calloc(1, sizeof *question);
  make_key(key, id);
  if (!question)
    return NULL;
  question->all = q;
  question->id = id;
  if (keyed_add(&q->by_id, key, question) == -1) {
    free(question);
    return NULL;
  }
  q->waiting++;
  return question;
}

/* Ends whatever still works for it. */
static void close_question(struct question *question)
{
  struct questions *q = question->all;
  uint8_t key[HASHTABLE_KEY_SIZE];
  make_key(key, question->id);
  names_leave(&question->remote);
  names_leave(&question->local);
  if (question->info)
    infos_cancel(q->infos, question->info);
  if (question->search)
    hosts_cancel(question->search);
  keyed_remove(&q->by_id, key);
  free_answer(question->answer);
  free(question);
  q->waiting--;
}

void questions_cancel(struct questions *q, uint32_t id)
{
  struct question *question = find(q, id);
  if (question)
    close_question(question);
}

int questions_ping(struct questions *q, uint32_t id)
{
  struct answer *a = new_answer(LOOKUP_PONG, id, 0);
  if (!a)
    return -1;
  enqueue(q, a);
  return 0;
}

/* --- Peers ------------------------------------------------------------------------------------------------------- */

static void send_if_complete(struct question *question)
{
  struct questions *q = question->all;
  if (question->missing != 0)
    return;
  enqueue(q, question->answer);
  question->answer = NULL;
  close_question(question);
}

/* Puts text into the answer as `fact`. Without memory it stays unknown. */
static void keep(struct answer *a, char **field, char const *text, uint32_t fact)
{
  *field = text ? strdup(text) : NULL;
  if (*field)
    a->known |= fact;
}

static void take_remote(struct question *question, enum name_result result, char const *host)
{
  uint32_t fact = result == NAME_UNCONFIRMED ? LOOKUP_PARANOID : LOOKUP_REMOTE_HOST;
  keep(question->answer, &question->answer->remote_host, host, fact);
  question->missing &= ~(uint32_t)LOOKUP_REMOTE_HOST;
}

static void take_local(struct question *question, enum name_result result, char const *host)
{
  keep(question->answer, &question->answer->local_host, result == NAME_FOUND ? host : NULL,
       LOOKUP_LOCAL_HOST);
  question->missing &= ~(uint32_t)LOOKUP_LOCAL_HOST;
}

static void remote_came(struct name_waiter *w, enum name_result result, char const *host)
{
  struct question *question = (struct question *)(void *)((char *)w - offsetof(struct question, remote));
  take_remote(question, result, host);
  send_if_complete(question);
}

static void local_came(struct name_waiter *w, enum name_result result, char const *host)
{
  struct question *question = (struct question *)(void *)((char *)w - offsetof(struct question, local));
  take_local(question, result, host);
  send_if_complete(question);
}

static void info_came(void *context, char const *info)
{
  struct question *question = context;
  question->info = NULL;
  keep(question->answer, &question->answer->info, info, LOOKUP_INFO);
  question->missing &= ~(uint32_t)LOOKUP_INFO;
  send_if_complete(question);
}

static void start_info(struct question *question, struct lookup_peer const *peer, int64_t now_ms)
{
  struct info_request const request = {.local = peer->local,
                                       .remote = peer->remote,
                                       .local_port = peer->local_port,
                                       .remote_port = peer->remote_port,
                                       .timeout_s = peer->info_timeout_s};
  question->info = infos_ask(question->all->infos, &request, info_came, question, now_ms);
  if (!question->info)
    question->missing &= ~(uint32_t)LOOKUP_INFO;
}

static void start_names(struct question *question, struct lookup_peer const *peer, int64_t now_ms)
{
  struct names *names = question->all->names;
  bool confirm = peer->wanted & LOOKUP_PARANOID;
  enum name_result result;
  char const *host;

  question->remote.done = remote_came;
  question->local.done = local_came;
  if (peer->wanted & LOOKUP_REMOTE_HOST) {
    result = names_ask(names, &peer->remote, confirm, &question->remote, &host, now_ms);
    if (result != NAME_PENDING)
      take_remote(question, result, host);
  }
  if (peer->wanted & LOOKUP_LOCAL_HOST) {
    result = names_ask(names, &peer->local, false, &question->local, &host, now_ms);
    if (result != NAME_PENDING)
      take_local(question, result, host);
  }
}

/* Takes these facts out of what is wanted, and says so if any was. */
static void leave_unasked(struct answer *a, uint32_t *wanted, uint32_t facts, uint32_t unasked)
{
  if (*wanted & facts)
    a->known |= unasked;
  *wanted &= ~facts;
}

int questions_ask_peer(struct questions *q, uint32_t id, struct lookup_peer const *given, int64_t now_ms)
{
  struct lookup_peer peer = *given;
  struct answer *answer;
  struct question *question;

  if (find(q, id)) {
    errno = EEXIST;
    return -1;
  }
  address_unmap(&peer.local);
  address_unmap(&peer.remote);
  answer = new_answer(LOOKUP_PEER_ANSWER, id, 0);
  if (!answer)
    return -1;
  if (q->settings->servers_problem[0] != '\0')
    leave_unasked(answer, &peer.wanted, LOOKUP_REMOTE_HOST | LOOKUP_LOCAL_HOST, LOOKUP_NAMES_UNASKED);
  if (q->waiting >= q->waiting_max) {
    leave_unasked(answer, &peer.wanted, LOOKUP_REMOTE_HOST | LOOKUP_LOCAL_HOST, LOOKUP_NAMES_UNASKED);
    leave_unasked(answer, &peer.wanted, LOOKUP_INFO, LOOKUP_INFO_UNASKED);
    enqueue(q, answer);
    return 0;
  }
  question = open_question(q, id);
  if (!question) {
    free_answer(answer);
    return -1;
  }
  question->answer = answer;
  question->missing = peer.wanted & ~(uint32_t)LOOKUP_PARANOID;
  start_names(question, &peer, now_ms);
  if (peer.wanted & LOOKUP_INFO)
    start_info(question, &peer, now_ms);
  send_if_complete(question);
  return 0;
}

/* --- Hosts ------------------------------------------------------------------------------------------------------- */

/* Without memory for an answer there is none: who asked has a time limit of his own. */
static void enqueue_host(struct questions *q, uint32_t id, struct lookup_host_answer const *found)
{
  struct answer *a = new_answer(LOOKUP_HOST_ANSWER, id, 1);
  if (!a)
    return;
  memcpy(&a->host[0], found, sizeof *found);
  enqueue(q, a);
}

static void addresses_came(void *context, struct lookup_host_answer const *found, bool last)
{
  struct question *question = context;
  enqueue_host(question->all, question->id, found);
  if (!last)
    return;
  question->search = NULL;
  close_question(question);
}

static void answer_failure(struct questions *q, uint32_t id, uint32_t family)
{
  struct lookup_host_answer answer;
  memset(&answer, 0, sizeof answer);
  answer.status = LOOKUP_FAILURE;
  for (answer.family = ADDRESS_IPV4; answer.family <= ADDRESS_IPV6;
       answer.family += ADDRESS_IPV6 - ADDRESS_IPV4)
    if (family == ADDRESS_NONE || family == answer.family)
      enqueue_host(q, id, &answer);
}

int questions_ask_host(struct questions *q, uint32_t id, struct lookup_host const *host, int64_t now_ms)
{
  struct question *question;

  if (find(q, id)) {
    errno = EEXIST;
    return -1;
  }
  if (q->waiting >= q->waiting_max) {
    answer_failure(q, id, host->family);
    return 0;
  }
  question = open_question(q, id);
  if (!question)
    return -1;
  question->search =
      hosts_ask(q->hosts, host->name, (enum address_family)host->family, addresses_came, question, now_ms);
  if (!question->search) {
    answer_failure(q, id, host->family);
    close_question(question);
  }
  return 0;
}
