/* admission.c - see admission.h. */
#include "admission.h"

void admission_add(struct admission *a, char const *name, enum outcome (*run)(void *, struct connection *),
                   void *state)
{
  a->stage[a->stages++] = (struct stage){.name = name, .run = run, .state = state};
}

enum outcome admission_run(struct admission const *a, struct connection *c)
{
  return admission_run_to(a, c, a->stages);
}

enum outcome admission_run_to(struct admission const *a, struct connection *c, size_t end)
{
  for (; c->stage < end; c->stage++) {
    struct stage const *stage = &a->stage[c->stage];
    enum outcome outcome = stage->run(stage->state, c);
    if (outcome != PASS)
      return outcome;
  }
  return PASS;
}
