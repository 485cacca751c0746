/* ucspi-service.c - loads the service that its argument names, a function in a shared object, and calls it: for those that
 * can't load one themselves. ucspi-service(8). */
#include "ucspi-service.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "about.h"
#include "complain.h"
#include "messages.h"
#include "object.h"
#include "transfer.h"

#define PROG  "ucspi-service"
#define USAGE "ucspi-service [ -m | -n ] service.so [ args ]"
static char const help[] =
    USAGE "\n"
          "Loads service.so and calls its function service, with the connection as descriptors 0 and 1.\n"
          "  -m  say whether it can be called first, as TCPMUX has it\n"
          "  -n  only see whether it can be called\n";

enum mode { MODE_PLAIN, MODE_MUX, MODE_CHECK };

/* Nobody is there to be told that the client has gone: the service will find out. */
static void reply(enum mode mode, char const *text)
{
  if (mode == MODE_MUX)
    transfer_write(STDOUT_FILENO, text, strlen(text));
}

static object_service *load(struct object *o, char const *path, enum mode mode)
{
  object_service *service = NULL;
  if (object_load(o, path))
    service = object_find_service(o, path);
  if (!service) {
    reply(mode, "-service not available\r\n");
    die_fatal(PROG, "unable to run ", path, ": ", o->why);
  }
  return service;
}

int main(int argc, char **argv)
{
  static struct object o;
  struct messages messages;
  enum mode mode = MODE_PLAIN;
  object_service *service;
  if (about_answered(argc, (char const *const *)argv, PROG, help))
    return 0;
  if (messages_divert(&messages) == -1)
    return STATUS_FAILED;
  if (argc > 1 && strcmp(argv[1], "-m") == 0)
    mode = MODE_MUX;
  if (argc > 1 && strcmp(argv[1], "-n") == 0)
    mode = MODE_CHECK;
  if (mode != MODE_PLAIN)
    argv++, argc--;
  if (argc < 2 || !object_is_named(argv[1]))
    die_usage(PROG, USAGE);
  service = load(&o, argv[1], mode);
  if (mode == MODE_CHECK)
    return 0;
  reply(mode, "+\r\n");
  messages_for_program(&messages);
  return service(argc - 1, argv + 1, environ);
}
