/* streams.c - see streams.h. For a child of fork() the first call of a function means to map its page, and to take a lock to
 * copy one: fflush(NULL) costs a twentieth of all that a short child costs, and most have nothing to flush. */
#include "streams.h"

#include <stdbool.h>
#include <stdio.h>

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32) && !defined(UCSPI_PORTABLE)
#include <sys/single_threaded.h>

/* All that are open, linked by _chain: what fflush(NULL) goes through. It is in no header, so it may be missing (weak), and
 * then also isn't copied from the library into the program. */
extern FILE *_IO_list_all __attribute__((weak));

/* Nobody opens or closes any meanwhile. What is wide has other buffers, which can't be seen. */
__attribute__((hot)) static bool may_have_output(void)
{
  if (!&_IO_list_all || !__libc_single_threaded)
    return true;
  for (FILE const *stream = _IO_list_all; stream; stream = stream->_chain)
    if (stream->_mode > 0 || stream->_IO_write_ptr > stream->_IO_write_base)
      return true;
  return false;
}
#else
static bool may_have_output(void)
{
  return true;
}
#endif

__attribute__((hot)) void streams_flush(void)
{
  if (may_have_output())
    fflush(NULL);
}
