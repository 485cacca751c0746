/* command.h - which SMTP command a line is, octet by octet and in the memory of one word, however long the line. What
 * counts as one is as in ucspi-tcp. */
#ifndef RBLSMTPD_COMMAND_H
#define RBLSMTPD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum command {
  COMMAND_OTHER,    /* anything that is not below, an empty line too */
  COMMAND_HARMLESS, /* HELO, EHLO, MAIL, RSET, NOOP */
  COMMAND_QUIT
};

/* Those known have four letters; one more that may be a CR, and one more to tell a longer word. */
enum { COMMAND_WORD_MAX = 6 };

struct command_reader {
  char word[COMMAND_WORD_MAX]; /* of the line so far, up to the first space */
  size_t len;
  bool is_over; /* the space was there */
};
#define COMMAND_READER_ZERO                                                                                  \
  {                                                                                                          \
    .len = 0                                                                                                 \
  }

/* True if octet ended a line, which is *command then; the reader is ready for the next. A line ends in LF, with or
 * without one CR before it. Its first word, up to a space, is the command, in any case; nothing else ends a word. */
bool command_read(struct command_reader *r, char octet, enum command *command);

#endif
