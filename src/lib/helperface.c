/* helperface.c - see helperface.h. */
#include "helperface.h"

#include <signal.h>
#include <stddef.h>

void helperface_ignore_signals(void)
{
  static int const others[] = {SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGPIPE};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    signal(others[i], SIG_IGN);
}
