/* problem.c - see problem.h. */
#include "problem.h"

#include <string.h>

#include <skalibs/strerr.h>

void problem_clean(char *out, unsigned int size, char const *text)
{
  unsigned int n = 0;
  for (; text[n] != '\0' && n + 1 < size; n++)
    if (text[n] < ' ' || text[n] > '~')
      out[n] = '?';
    else
      out[n] = text[n];
  out[n] = '\0';
}

int problem_set(struct problem *p, char const *what, char const *file, int error)
{
  p->what = what;
  p->error = error;
  problem_clean(p->file, sizeof p->file, file);
  return -1;
}

void problem_print(struct problem const *p, char const *name)
{
  strerr_warnw("service ", name, ": ", p->file, ": ", p->what, p->error ? ": " : "",
               p->error ? strerror(p->error) : "");
}
