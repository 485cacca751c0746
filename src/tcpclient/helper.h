/* helper.h - the tcplookup that this process asks: it is started by the first question, so that who has none needs
 * none, and must be gone before this process becomes another. */
#ifndef TCPCLIENT_HELPER_H
#define TCPCLIENT_HELPER_H

#include <stdbool.h>
#include <stdint.h>

#include "lookup.h"

#define HELPER_PROBLEM_SIZE (LOOKUP_PATH_SIZE + 128)

struct helper {
  bool runs;
  struct lookup_helper process;      /* valid while it runs */
  uint32_t last_id;                  /* of the questions so far; the latest is the one whose answers count */
  char problem[HELPER_PROBLEM_SIZE]; /* why there is no answer, for a message; empty if nothing is wrong */
};
#define HELPER_ZERO                                                                                          \
  {                                                                                                          \
    .runs = false                                                                                            \
  }

enum helper_result {
  HELPER_ANSWERED,
  HELPER_SILENT, /* nothing came until the deadline */
  HELPER_FAILED  /* it ended, or said what is no answer: it has been stopped; see problem */
};

/* False if the question could not be asked: see problem. */
bool helper_ask(struct helper *h, enum lookup_kind kind, void const *question);

/* Waits until deadline_ms (clock_ms(); the past: not at all) for a sound answer of this kind to the latest
 * question. Answers to earlier ones are dropped. */
enum helper_result helper_receive(struct helper *h, enum lookup_kind kind, struct message *answer,
                                  int64_t deadline_ms);

/* Ends it, however busy it is, and waits for that. Harmless if none runs. */
void helper_stop(struct helper *h);

/* Longest that a question about DNS alone can take: what tcplookup allows itself, and a little for slow machines. */
enum { HELPER_DNS_TIMEOUT_S = LOOKUP_DNS_TIMEOUT_S + 5 };

#endif
