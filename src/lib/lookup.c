/* lookup.c - see lookup.h. */
#include "lookup.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decimal.h"
#include "spawn.h"

struct message_kind const lookup_questions[4] = {
    {LOOKUP_PEER, sizeof(struct lookup_peer), 0},
    {LOOKUP_HOST, sizeof(struct lookup_host), 0},
    {LOOKUP_CANCEL, 0, 0},
    {LOOKUP_PING, 0, 0},
};

struct message_kind const lookup_answers[3] = {
    {LOOKUP_PEER_ANSWER, sizeof(struct lookup_peer_answer), 0},
    {LOOKUP_HOST_ANSWER, sizeof(struct lookup_host_answer), 0},
    {LOOKUP_PONG, 0, 0},
};

_Static_assert(sizeof(struct lookup_host_answer) <= MESSAGE_PAYLOAD_MAX, "fits into a message");
_Static_assert(sizeof(struct lookup_peer_answer) <= MESSAGE_PAYLOAD_MAX, "fits into a message");

struct message_kind const *lookup_row(enum lookup_kind kind)
{
  for (size_t i = 0; i < sizeof lookup_questions / sizeof lookup_questions[0]; i++)
    if (lookup_questions[i].kind == kind)
      return &lookup_questions[i];
  for (size_t i = 0; i < sizeof lookup_answers / sizeof lookup_answers[0]; i++)
    if (lookup_answers[i].kind == kind)
      return &lookup_answers[i];
  return NULL;
}

/* Octets beyond those of an IPv4 address are 0, for everybody who compares or hashes all sixteen. */
static bool address_is_sound(struct address const *a)
{
  static uint8_t const none[12];
  if (a->family == ADDRESS_IPV4)
    return a->scope == 0 && memcmp(a->octet + 4, none, sizeof none) == 0;
  return a->family == ADDRESS_IPV6;
}

uint32_t lookup_wanted(struct lookup_wishes const *w)
{
  uint32_t wanted = 0;
  if (w->remote_host)
    wanted |= LOOKUP_REMOTE_HOST;
  if (w->remote_host && w->paranoid)
    wanted |= LOOKUP_PARANOID;
  if (w->local_host)
    wanted |= LOOKUP_LOCAL_HOST;
  if (w->info_timeout_s > 0)
    wanted |= LOOKUP_INFO;
  return wanted;
}

void lookup_peer_begin(struct lookup_peer *q, uint32_t wanted, unsigned int info_timeout_s)
{
  memset(q, 0, sizeof *q);
  q->wanted = wanted;
  q->info_timeout_s = wanted & LOOKUP_INFO ? info_timeout_s : 0;
}

bool lookup_peer_is_sound(struct lookup_peer const *q)
{
  uint32_t const facts = LOOKUP_REMOTE_HOST | LOOKUP_LOCAL_HOST | LOOKUP_INFO;
  if ((q->wanted & facts) == 0 || (q->wanted & ~(facts | LOOKUP_PARANOID)) != 0)
    return false;
  if ((q->wanted & LOOKUP_INFO) != 0 &&
      (q->info_timeout_s < 1 || q->info_timeout_s > LOOKUP_INFO_TIMEOUT_MAX_S))
    return false;
  return address_is_sound(&q->local) && address_is_sound(&q->remote);
}

static bool is_blank(char const *text, size_t size)
{
  for (size_t i = 0; i < size; i++)
    if (text[i] != '\0')
      return false;
  return true;
}

/* A fact that is known is clean; a field whose fact is not known is empty. Either way nothing else travels. */
#define FIELD_IS_SOUND(text, is_known, is_clean)                                                             \
  ((is_known) ? is_clean(text) && is_blank((text) + strlen(text), sizeof(text) - strlen(text))               \
              : is_blank((text), sizeof(text)))

static bool has_both(uint32_t known, uint32_t some, uint32_t others)
{
  return (known & some) != 0 && (known & others) != 0;
}

bool lookup_peer_answer_is_sound(struct lookup_peer_answer const *a)
{
  uint32_t const names = a->known & (LOOKUP_REMOTE_HOST | LOOKUP_PARANOID);
  uint32_t const defined = LOOKUP_REMOTE_HOST | LOOKUP_LOCAL_HOST | LOOKUP_INFO | LOOKUP_PARANOID |
                           LOOKUP_NAMES_UNASKED | LOOKUP_INFO_UNASKED;
  if ((a->known & ~defined) != 0 || has_both(a->known, LOOKUP_REMOTE_HOST, LOOKUP_PARANOID) ||
      has_both(a->known, LOOKUP_NAMES_UNASKED, names | LOOKUP_LOCAL_HOST) ||
      has_both(a->known, LOOKUP_INFO_UNASKED, LOOKUP_INFO))
    return false;
  return FIELD_IS_SOUND(a->remote_host, names != 0, hostname_is_clean) &&
         FIELD_IS_SOUND(a->local_host, (a->known & LOOKUP_LOCAL_HOST) != 0, hostname_is_clean) &&
         FIELD_IS_SOUND(a->info, (a->known & LOOKUP_INFO) != 0, ident_is_clean);
}

bool lookup_host_is_sound(struct lookup_host const *q)
{
  size_t len = strnlen(q->name, sizeof q->name);
  if (len == 0 || len == sizeof q->name || !is_blank(q->name + len, sizeof q->name - len))
    return false;
  for (size_t i = 0; i < len; i++)
    if (q->name[i] < 33 || q->name[i] > 126)
      return false;
  return q->family == ADDRESS_NONE || q->family == ADDRESS_IPV4 || q->family == ADDRESS_IPV6;
}

bool lookup_host_answer_is_sound(struct lookup_host_answer const *a)
{
  if ((a->family != ADDRESS_IPV4 && a->family != ADDRESS_IPV6) || a->status > LOOKUP_SETTINGS ||
      a->count > LOOKUP_ADDRESSES_MAX || (a->count > 0) != (a->status == LOOKUP_FOUND))
    return false;
  for (uint32_t i = 0; i < a->count; i++)
    if ((uint32_t)a->address[i].family != a->family || !address_is_sound(&a->address[i]))
      return false;
  return true;
}

int lookup_path(char out[LOOKUP_PATH_SIZE])
{
  return libexec_path(out, "tcplookup");
}

static int run(struct lookup_helper *h, int theirs, char const *const *environment, unsigned int waiting)
{
  char path[LOOKUP_PATH_SIZE], number[DECIMAL_SIZE];
  char const *argv[] = {path, "-s", "-w", number, NULL};
  struct spawn const what = {.argv = argv, .envp = environment, .connection = theirs};
  struct spawned new;
  struct spawner spawner;
  int result;

  decimal_print(number, waiting);
  if (lookup_path(path) == -1 || spawner_init(&spawner) == -1)
    return -1;
  result = spawn_run(&spawner, &what, &new);
  spawner_free(&spawner);
  if (result == -1)
    return -1;
  if (new.exec_errno != 0) {
    while (waitpid(new.pid, NULL, 0) == -1 && errno == EINTR)
      ;
    errno = new.exec_errno;
    return -1;
  }
  h->pid = new.pid;
  return 0;
}

int lookup_start(struct lookup_helper *h, char const *const *environment, unsigned int waiting)
{
  int pair[2], result, error;
  if (message_pair(pair) == -1)
    return -1;
  result = run(h, pair[1], environment, waiting);
  error = errno;
  close(pair[1]);
  if (result == -1) {
    close(pair[0]);
    errno = error;
    return -1;
  }
  h->fd = pair[0];
  return 0;
}
