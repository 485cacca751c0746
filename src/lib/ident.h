/* ident.h - the Identification Protocol, RFC 1413: the question, and what is worth keeping of an answer that a
 * stranger made up. No sockets here. */
#ifndef UCSPI_IDENT_H
#define UCSPI_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENT_PORT 113

/* RFC 1413 section 4: a reply is at most 1000 characters before its end of line. */
#define IDENT_REPLY_MAX 1002

/* "6193, 23\r\n" */
#define IDENT_REQUEST_SIZE 16

/* What is kept of a user id: printable ASCII (33-126), the first 512 of them. */
#define IDENT_MAX  512
#define IDENT_SIZE 513

/* Writes the request for the connection between their port (on the machine that is asked) and our port; returns
 * its length. A NUL follows. */
size_t ident_request(char out[IDENT_REQUEST_SIZE], uint16_t their_port, uint16_t our_port);

enum ident_result {
  IDENT_INCOMPLETE, /* no end of line yet, and room for more */
  IDENT_USER,       /* out holds it, not empty */
  IDENT_NOBODY      /* ERROR, another pair of ports, no such reply, nothing printable, or too long */
};

/* Reads what has come so far. A line ends at LF (a CR before it is no part of it); `ended`: the other side has
 * closed, so what is there is all, with or without LF. Blanks are allowed where RFC 1413 allows them; the user
 * id is everything after the third colon, of which spaces and all that is not printable ASCII are dropped. */
enum ident_result ident_parse(char out[IDENT_SIZE], char const *reply, size_t len, bool ended,
                              uint16_t their_port, uint16_t our_port);

/* True if text ends within IDENT_SIZE, is not empty, and is all printable ASCII: for messages. */
bool ident_is_clean(char const text[IDENT_SIZE]);

#endif
