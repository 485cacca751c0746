/* crlf.h - what addcr, delcr and fixcrio do to the ends of lines, on a stream that comes in pieces cut anywhere. Any
 * octet may stand in it; only CR and LF mean something. Lines have no bound, and nothing here allocates. */
#ifndef FILTERS_CRLF_H
#define FILTERS_CRLF_H

#include <stdbool.h>
#include <stddef.h>

/* Between the pieces of one stream. */
struct crlf {
  bool after_cr; /* the last octet so far was a CR; with crlf_remove, it has not come out yet */
};
#define CRLF_ZERO                                                                                            \
  {                                                                                                          \
    .after_cr = false                                                                                        \
  }

/* Room for what comes out of a piece of `len` octets. Some of it may be written to although it is not needed. */
#define CRLF_ROOM(len) (2 * (len) + 1)

/* What one piece becomes: writes to `to` and returns how many octets that is. The two must not overlap. */
typedef size_t crlf_function(struct crlf *c, char *to, char const *from, size_t len);

crlf_function crlf_add;    /* a CR before each LF, even if there is one */
crlf_function crlf_fix;    /* a CR before each LF that has none */
crlf_function crlf_remove; /* no CR right before an LF; of several, the last one goes */

/* What is left at the end of the stream: a last CR of crlf_remove, else nothing. 0 or 1 octets. */
size_t crlf_end(struct crlf *c, char *to, crlf_function *function);

#endif
