/* about.c - see about.h. */
#include "about.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void say(char const *const *part, size_t parts)
{
  for (size_t i = 0; i < parts; i++)
    for (size_t len = strlen(part[i]), done = 0; done < len;) {
      ssize_t n = write(STDOUT_FILENO, part[i] + done, len - done);
      if (n == -1 && errno != EINTR)
        return;
      if (n > 0)
        done += (size_t)n;
    }
}

bool about_answered(int argc, char const *const *argv, char const *prog, char const *help)
{
  if (argc != 2)
    return false;
  if (strcmp(argv[1], "--version") == 0) {
    char const *const part[] = {prog, " (ucspi-tcpmux) " UCSPI_VERSION "\n"};
    say(part, 2);
    return true;
  }
  if (strcmp(argv[1], "--help") == 0) {
    char const *const part[] = {"usage: ", help};
    say(part, 2);
    return true;
  }
  return false;
}
