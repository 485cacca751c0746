/* question.h - questions as lookup.h has them, from asking to answer: joins what names.h, info.h and hosts.h find out. It
 * is the same for tcpserver's questions and an administrator's. */
#ifndef TCPLOOKUP_QUESTION_H
#define TCPLOOKUP_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "hosts.h"
#include "info.h"
#include "keyed.h"
#include "lookup.h"
#include "names.h"

struct questions {
  struct settings const *settings;
  struct names *names;
  struct infos *infos;
  struct hosts *hosts;
  struct keyed by_id;
  size_t waiting, waiting_max;
  struct answer *first, *last; /* that are not taken yet */
};

/* Questions beyond waiting_max are answered at once, with nothing known. */
void questions_init(struct questions *q, size_t waiting_max);

/* All return 0, or -1 with errno: ENOMEM, or EEXIST if the id is that of a question without answer. */
int questions_ask_peer(struct questions *q, uint32_t id, struct lookup_peer const *peer, int64_t now_ms);
int questions_ask_host(struct questions *q, uint32_t id, struct lookup_host const *host, int64_t now_ms);
int questions_ping(struct questions *q, uint32_t id);
void questions_cancel(struct questions *q, uint32_t id);

/* The first answer that has not been taken: its kind, id and payload, null if it has none. */
struct answer_view {
  enum lookup_kind kind;
  uint32_t id;
  union {
    struct lookup_peer_answer peer;
    struct lookup_host_answer host;
  } payload;
};
bool questions_answer(struct questions const *q, struct answer_view *out);
void questions_take(struct questions *q);

#endif
