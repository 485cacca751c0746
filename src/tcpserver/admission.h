/* admission.h - the way of a connection through the stages: banner, access, limits … launch. The list is made
 * once, from the options; a stage that was not asked for is not in it. Stages know nothing of each other. */
#ifndef TCPSERVER_ADMISSION_H
#define TCPSERVER_ADMISSION_H

#include <stddef.h>

#include "connection.h"

enum outcome {
  PASS, /* on to the next stage; from the last one: served */
  WAIT, /* the stage has asked a question: admission_run() again, with the same connection, when it is answered */
  DENY /* refused: connection->refusal says why */
};

struct stage {
  char const *name;
  enum outcome (*run)(void *state, struct connection *c);
  void *state;
};

#define ADMISSION_STAGES_MAX 24

struct admission {
  struct stage stage[ADMISSION_STAGES_MAX];
  size_t stages;
};

void admission_add(struct admission *a, char const *name, enum outcome (*run)(void *, struct connection *),
                   void *state);

/* Takes the connection from its stage (0 for a new one) as far as it gets. A stage that said WAIT is the one
 * that is run first next time. */
enum outcome admission_run(struct admission const *a, struct connection *c);

/* The same, but no further than to the stage of that number, which is not run. */
enum outcome admission_run_to(struct admission const *a, struct connection *c, size_t end);

#endif
