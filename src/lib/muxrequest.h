/* muxrequest.h - the request line of RFC 1078 (TCPMUX), read octet by octet and bounded before it is looked
 * at. No input or output here: the caller brings octets in whatever pieces they arrive.
 *
 * The RFC says "service name, CR LF, never case sensitive" and sets no bounds. Ours: 1-63 octets of
 * a-z 0-9 . - _ + in either case, no dot in front. All else is refused at the first octet that shows it. */
#ifndef UCSPI_MUXREQUEST_H
#define UCSPI_MUXREQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define MUXREQUEST_NAME_MAX 63
/* The longest request there is: a name, CR and LF. A reader never needs to hold more. */
#define MUXREQUEST_LINE_MAX (MUXREQUEST_NAME_MAX + 2)

enum muxrequest_newline {
  MUXREQUEST_CRLF,      /* what the RFC asks for */
  MUXREQUEST_CRLF_OR_LF /* for clients that send a bare LF; a bare CR is never taken */
};

enum muxrequest_state { MUXREQUEST_READING, MUXREQUEST_COMPLETE, MUXREQUEST_MALFORMED };

struct muxrequest {
  enum muxrequest_state state;
  enum muxrequest_newline newline;
  bool seen_cr;
  size_t length;                      /* of name, so far */
  char name[MUXREQUEST_NAME_MAX + 1]; /* lower case and NUL-terminated once COMPLETE; not to be used before */
};

void muxrequest_start(struct muxrequest *r, enum muxrequest_newline newline);

/* Takes octets until the line is complete or found malformed, and returns how many it took: what follows
 * them belongs to the service. While the state stays READING it takes all of them; once it has changed, none. */
size_t muxrequest_feed(struct muxrequest *r, char const *octets, size_t count);

/* True if a service can bear this name: what a complete request may hold, in lower case only. */
bool muxrequest_is_service_name(char const *name);

#endif
