/* addcr.c - put a CR before each LF, from standard input to standard output. */
#include "about.h"
#include "complain.h"
#include "stream.h"

#define PROG  "addcr"
#define USAGE "addcr"
static char const help[] = USAGE "\n"
                                 "Copies standard input to standard output and puts a CR before each LF.\n";

int main(int argc, char const *const *argv)
{
  if (about_answered(argc, argv, PROG, help))
    return 0;
  if (argc > 1)
    die_usage(PROG, USAGE);
  return stream_run(PROG, crlf_add);
}
