/* run.h - the service directory of one service, or of tcpmux with all of its own, as files of a plan. */
#ifndef IMPORT_RUN_H
#define IMPORT_RUN_H

#include "making.h"
#include "plan.h"

/* A service with a port of its own. False, and nothing planned, if it is broken; its remarks say why. */
bool run_plan(struct plan *p, struct service *s, char const *folder);

/* tcpmux and its services, which are `count` at `list`. Those that are broken are left out. */
bool run_plan_mux(struct plan *p, struct service *mux, char const *folder, struct service **list,
                  size_t count);

#endif
