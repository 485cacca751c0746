/* complain.c - see complain.h. */
#include "complain.h"

#include <sys/uio.h>
#include <unistd.h>

enum { TEXTS_MAX = 11 };

void complain_texts(char const *const *text)
{
  struct iovec part[TEXTS_MAX + 1];
  int parts = 0;
  for (; *text && parts < TEXTS_MAX; text++)
    part[parts++] = (struct iovec){.iov_base = (char *)(void const *)*text, .iov_len = strlen(*text)};
  part[parts++] = (struct iovec){.iov_base = "\n", .iov_len = 1};
  if (writev(STDERR_FILENO, part, parts) == -1)
    return; /* whom could we tell? */
}

void die_texts(int status, char const *const *text)
{
  complain_texts(text);
  _exit(status);
}
