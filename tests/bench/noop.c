/* noop.c - executes its arguments and does nothing else: what any program that stands between a server and its
 * service costs before it has done its work. Linked statically, with the C library, as tcpmuxd is. */
#include <unistd.h>

int main(int argc, char **argv)
{
  if (argc < 2)
    return 100;
  execv(argv[1], argv + 1);
  return 111;
}
