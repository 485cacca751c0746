/* filter.c - see filter.h. */
#include "filter.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "about.h"
#include "complain.h"
#include "messages.h"

/* Returns the exit status of an object. Else the errno value that says why there is no such program, in *error. */
static int become(struct messages const *m, char const *const *argv, int *error)
{
#ifdef FILTER_OBJECT
  *error = 0;
  messages_for_program(m);
  return ucspi_service_next((char **)(void const *)argv, environ);
#else
  *error = messages_execute(m, argv[0], argv, getenv("PATH"), (char const *const *)environ);
  return STATUS_FAILED;
#endif
}

int filter_run(struct filter const *f, int argc, char const *const *argv)
{
  struct relay_work work = f->work;
  struct messages messages;
  int error, status;
  if (about_answered(argc, argv, f->name, f->help))
    return 0;
  if (messages_divert(&messages) == -1)
    return STATUS_FAILED;
  if (messages_are_diverted(&messages))
    work.observe = NULL; /* nobody would see it */
  if (argc < 2)
    die_usage(f->name, f->usage);
  if (relay_start(&work) == -1)
    die_unable(f->name, "start", "", errno);
  status = become(&messages, argv + 1, &error);
  if (error == 0)
    return status;
  die_unable(f->name, "run ", argv[1], error);
}
