/* filter.h - recordio and fixcrio, but for what they do to what passes: programs that relay for the program that they
 * become, or, compiled with FILTER_OBJECT, services in shared objects that go on with the next one (ucspi-service(3)). */
#ifndef FILTERS_FILTER_H
#define FILTERS_FILTER_H

#include "relay.h"

struct filter {
  char const *name, *usage, *help;
  struct relay_work work;
};

/* All of it: the command line, the relay, the program. Returns the exit status if there is one to return. */
int filter_run(struct filter const *f, int argc, char const *const *argv);

/* Where NAME begins: int begin(int argc, char const *const *argv) is all of it. */
#ifdef FILTER_OBJECT
#include <unistd.h>

#include "ucspi-service.h"
#define FILTER_BEGINS(name, begin)                                                                           \
  UCSPI_SERVICE ucspi_service name;                                                                          \
  int name(int argc, char **argv, char **envp)                                                               \
  {                                                                                                          \
    environ = envp;                                                                                          \
    return begin(argc, (char const *const *)argv);                                                           \
  }
#else
#define FILTER_BEGINS(name, begin)                                                                           \
  int main(int argc, char const *const *argv)                                                                \
  {                                                                                                          \
    return begin(argc, argv);                                                                                \
  }
#endif

#endif
