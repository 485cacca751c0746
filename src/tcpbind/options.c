/* options.c - see options.h. */
#include "options.h"

#include <limits.h>

#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include "decimal.h"

#define USAGE "tcpbind [ -146 ] [ -b backlog ] [ -I interface ] host port program"

char const options_help[] = USAGE "\n\n"
                                  "  -1             print the port when it listens\n"
                                  "  -4 / -6        IPv4 / IPv6 only\n"
                                  "  -b n           backlog (default: what the system allows)\n"
                                  "  -I interface   listen on this interface only\n"
                                  "  host           an address, a name, or 0 for every local address\n"
                                  "  port           a number, a service's name, or 0 for any free port\n"
                                  "  program        gets the listening socket as descriptor 0\n"
                                  "See tcpbind(1).\n";

#define die_usage(...) strerr_die(100, PROG, ": usage: ", __VA_ARGS__)

struct options options_from(int argc, char const *const *argv)
{
  struct options o = {.backlog = INT_MAX};
  subgetopt state = SUBGETOPT_ZERO;
  int letter;

  while ((letter = subgetopt_r(argc, argv, ":146b:I:", &state)) != -1) {
    char const name[] = {'-', (char)state.problem, '\0'};
    switch (letter) {
    case '1': o.print_port = true; break;
    case '4': o.family = ADDRESS_IPV4; break;
    case '6': o.family = ADDRESS_IPV6; break;
    case 'I': o.interface = state.arg; break;
    case 'b':
      if (!decimal_parse(&o.backlog, state.arg, 0, INT_MAX))
        die_usage("-b takes a number from 0 to 2147483647, not ", state.arg);
      break;
    case ':': die_usage(name, " needs an argument");
    default: die_usage(name, " is not an option; ", USAGE);
    }
  }
  argc -= state.ind;
  argv += state.ind;
  if (argc < 3)
    die_usage(USAGE);
  o.host = argv[0];
  o.port = argv[1];
  o.prog = argv + 2;
  return o;
}
