/* steps.c - see steps.h. */
#include "steps.h"

static struct verdict refused(struct step const *s, bool permanent)
{
  return (struct verdict){DECISION_REFUSE, permanent, s};
}

struct verdict steps_judge(struct step const *steps, size_t count)
{
  bool failed_before = false;
  for (struct step const *s = steps; s < steps + count; s++)
    switch (s->state) {
    case STEP_PENDING: return (struct verdict){DECISION_WAIT, false, s};
    case STEP_UNLISTED: break;
    case STEP_LISTED:
      if (s->kind == STEP_ALLOW)
        return (struct verdict){DECISION_RUN, false, s};
      return refused(s, s->permanent && !failed_before);
    case STEP_FAILED:
      failed_before = true;
      if (s->kind == STEP_ALLOW && !s->fails_closed)
        return (struct verdict){DECISION_RUN, false, s};
      if (s->kind != STEP_ALLOW && s->fails_closed)
        return refused(s, false);
      break;
    }
  return (struct verdict){DECISION_RUN, false, NULL};
}
