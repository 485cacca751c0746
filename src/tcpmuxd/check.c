/* check.c - see check.h. */
#include "check.h"

#include <fcntl.h>
#include <stdbool.h>

#include <skalibs/buffer.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "catalogue.h"
#include "decimal.h"
#include "registered.h"
#include "service.h"

static void report_name(char const *name, void *wrong)
{
  char clean[256];
  problem_clean(clean, sizeof clean, name);
  strerr_warnw("service ", clean, ": ",
               service_is_reserved(name) ? "this name is reserved"
                                         : "a name is 1-63 of a-z 0-9 . - _ + and does not begin with a dot");
  *(bool *)wrong = true;
}

/* All of it, not only up to the first fault: an administrator wants the whole list. */
static bool is_sound(struct service *s)
{
  static int (*const checks[])(struct service *) = {service_check_program, service_check_rules,
                                                    service_check_limit, service_check_object};
  bool sound = true;
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
    if (checks[i](s) == -1) {
      problem_print(&s->problem, s->name);
      sound = false;
    }
  return sound;
}

static void print_service(struct service const *s, bool is_registered)
{
  buffer_puts(buffer_1, s->name);
  buffer_puts(buffer_1, s->kind == SERVICE_DIRECTORY ? " directory" : " file");
  if (s->is_object)
    buffer_puts(buffer_1, " object");
  for (int i = 0; i < SERVICE_MARKS; i++) {
    char number[DECIMAL_SIZE];
    if (!s->mark[i])
      continue;
    buffer_puts(buffer_1, " ");
    buffer_puts(buffer_1, service_mark_file[i]);
    if (i != SERVICE_LIMIT)
      continue;
    decimal_print(number, s->slots);
    buffer_puts(buffer_1, " ");
    buffer_puts(buffer_1, number);
  }
  buffer_puts(buffer_1, is_registered ? " registered\n" : "\n");
}

static bool check_service(int base, char const *name, stralloc const *registered)
{
  static struct service s;
  bool sound = false;
  switch (service_find(&s, base, name)) {
  case SERVICE_UNKNOWN: return true; /* it went away since we read the directory */
  case SERVICE_BROKEN: problem_print(&s.problem, name); break;
  case SERVICE_FOUND:
    sound = is_sound(&s);
    if (sound)
      print_service(&s, registered_contains(registered, name));
    break;
  }
  service_release(&s);
  return sound;
}

int check_directory(char const *directory)
{
  struct catalogue names = CATALOGUE_ZERO;
  stralloc registered = STRALLOC_ZERO;
  bool wrong = false;
  int base = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (base == -1 || catalogue_read(&names, base, report_name, &wrong) == -1)
    strerr_diefusys(111, "read ", directory);
  registered_load(&registered);
  for (size_t i = 0; i < names.count; i++)
    if (!check_service(base, names.name[i], &registered))
      wrong = true;
  stralloc_free(&registered);
  catalogue_free(&names);
  if (!buffer_flush(buffer_1))
    strerr_diefusys(111, "write to standard output");
  return wrong ? 100 : 0;
}
