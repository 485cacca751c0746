/* stream.c - see stream.h. */
#include "stream.h"

#include <errno.h>
#include <unistd.h>

#include "complain.h"
#include "transfer.h"

/* A quarter of what a pipe holds, so that who reads one is at work while we make the next. */
enum { PIECE_SIZE = 16384 };

int stream_run(char const *prog, crlf_function *function)
{
  static char in[PIECE_SIZE], out[CRLF_ROOM(PIECE_SIZE)];
  struct crlf state = CRLF_ZERO;
  ssize_t len;
  while ((len = transfer_read(STDIN_FILENO, in, sizeof in)) > 0)
    if (!transfer_write(STDOUT_FILENO, out, function(&state, out, in, (size_t)len)))
      die_unable(prog, "write to standard output", "", errno);
  if (len < 0)
    die_unable(prog, "read standard input", "", errno);
  if (!transfer_write(STDOUT_FILENO, out, crlf_end(&state, out, function)))
    die_unable(prog, "write to standard output", "", errno);
  return 0;
}
