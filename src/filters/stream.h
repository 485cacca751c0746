/* stream.h - the life of addcr and delcr: standard input to standard output through one of crlf.h's functions. */
#ifndef FILTERS_STREAM_H
#define FILTERS_STREAM_H

#include "crlf.h"

/* Until the end of input. What one read brings is written before the next one, so that nobody waits for octets that
 * are there, and memory doesn't grow. Returns the exit status 0, or exits 111 with a message that begins with `prog`. */
int stream_run(char const *prog, crlf_function *function);

#endif
