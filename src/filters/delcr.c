/* delcr.c - take away the CR before each LF, from standard input to standard output. */
#include "about.h"
#include "complain.h"
#include "stream.h"

#define PROG  "delcr"
#define USAGE "delcr"
static char const help[] =
    USAGE "\n"
          "Copies standard input to standard output and takes away a CR right before an LF.\n";

int main(int argc, char const *const *argv)
{
  if (about_answered(argc, argv, PROG, help))
    return 0;
  if (argc > 1)
    die_usage(PROG, USAGE);
  return stream_run(PROG, crlf_remove);
}
