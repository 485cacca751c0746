/* text.h - what a client is told, one line of printable ASCII whatever it was made from: TXT records are written by
 * strangers, and what they say goes to a client, into the log and into the environment of a program. */
#ifndef RBLSMTPD_TEXT_H
#define RBLSMTPD_TEXT_H

#include <stddef.h>

/* That of ucspi-tcp. With the code before it and CR LF behind it is far below the 512 octets of RFC 5321 section
 * 4.5.3.1.5. */
enum { TEXT_MAX = 200 };

struct text {
  char octet[TEXT_MAX + 1]; /* a NUL follows the text; there is none in it */
  size_t len;
};

/* Each appends as much as there is room for, putting ? for any octet that is not printable ASCII (32 to 126). */
void text_add(struct text *t, char const *octets, size_t len);
void text_add_string(struct text *t, char const *string);

/* The same, with `ip` for each %IP% in the pattern. */
void text_add_pattern(struct text *t, char const *pattern, char const *ip);

#endif
