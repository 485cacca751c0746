/* inquiry.h - the tcplookup that a program asks one question or two: it is started by the first, so that who has none
 * needs none, and must be gone before this process becomes another. (tcpserver asks this way where to listen; about its
 * connections it asks one that it keeps, see its names.h.) */
#ifndef UCSPI_INQUIRY_H
#define UCSPI_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "lookup.h"

#define INQUIRY_PROBLEM_SIZE (HELPER_PATH_SIZE + 128)

struct inquiry {
  bool runs;
  struct helper process; /* valid while it runs */
  uint32_t last_id; /* 0: none was asked; the latest of the questions so far is the one whose answers count */
  char problem[INQUIRY_PROBLEM_SIZE]; /* why there is no answer, for a message; empty if nothing is wrong */
};
#define INQUIRY_ZERO                                                                                         \
  {                                                                                                          \
    .runs = false                                                                                            \
  }

enum inquiry_result {
  INQUIRY_ANSWERED,
  INQUIRY_SILENT, /* nothing came until the deadline */
  INQUIRY_FAILED  /* it ended, or said what is no answer: it has been stopped; see problem */
};

/* False if the question could not be asked: see problem. */
bool inquiry_ask(struct inquiry *h, enum lookup_kind kind, void const *question);

/* Waits until deadline_ms (clock_ms(); the past: not at all) for a sound answer of this kind to the latest
 * question. Answers to earlier ones are dropped. */
enum inquiry_result inquiry_receive(struct inquiry *h, enum lookup_kind kind, struct message *answer,
                                    int64_t deadline_ms);

/* Asks about a connection and waits for the answer: as long as tcplookup may need for what is wanted, and a little
 * more. One that was there before and has died is started anew once. False if there is no answer: see problem. */
bool inquiry_peer(struct inquiry *h, struct lookup_peer const *question, struct lookup_peer_answer *facts);

/* Ends it, however busy it is, and waits for that. Harmless if none runs. */
void inquiry_end(struct inquiry *h);

/* Longest that a question about DNS alone can take: what tcplookup allows itself, and a little for slow machines. */
enum { INQUIRY_DNS_TIMEOUT_S = LOOKUP_DNS_TIMEOUT_S + 5 };

#endif
