/* tcpsql.c - rules from a table of MariaDB or MySQL, for tcpserver and tcprulescheck: see tcpsql(8). */
#include <signal.h>

#include <skalibs/strerr.h>

#include "about.h"
#include "descriptors.h"
#include "keeper.h"

#define USAGE "tcpsql db.conf"
static char const help[] = USAGE "\n\n"
                                 "Started by tcpserver -m and tcprulescheck -m, which it gives the rules "
                                 "that are in a table of a database.\n"
                                 "  db.conf   holds server:user:password:database:table\n"
                                 "See tcpsql(8).\n";

char const *PROG = "tcpsql";

int main(int argc, char const *const *argv)
{
  if (about_answered(argc, argv, PROG, help))
    return 0;
  if (argc != 2)
    strerr_dieusage(100, USAGE);
  descriptors_close_others();
  keeper_run(argv[1]);
  return 0;
}
