/* argv0.c - run a program under another name: what it finds as its argument 0 is not where it was found. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "about.h"
#include "complain.h"
#include "execute.h"

#define PROG  "argv0"
#define USAGE "argv0 realname zero [ args ]"
static char const help[] =
    USAGE "\n"
          "Runs the program realname, looked for in PATH, with zero as its argument 0.\n";

int main(int argc, char const *const *argv)
{
  if (about_answered(argc, argv, PROG, help))
    return 0;
  if (argc < 3)
    die_usage(PROG, USAGE);
  die_unable(PROG, "run ", argv[1], execute(argv[1], argv + 2, getenv("PATH"), (char const *const *)environ));
}
