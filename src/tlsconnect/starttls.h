/* starttls.h - what is said before TLS begins on a connection that began without it: RFC 3207 (SMTP), RFC 2595 (POP3),
 * RFC 9051 section 6.2.1 (IMAP). Octets in, commands out; nothing here knows sockets. */
#ifndef TLSCONNECT_STARTTLS_H
#define TLSCONNECT_STARTTLS_H

#include <stdbool.h>
#include <stddef.h>

enum starttls_protocol { STARTTLS_NONE, STARTTLS_SMTP, STARTTLS_POP3, STARTTLS_IMAP };

enum {
  STARTTLS_LINE_MAX = 4096,
  STARTTLS_LINES_MAX = 200,
  STARTTLS_NAME_MAX = 64,
  STARTTLS_REASON_SIZE = 200
};

struct starttls {
  enum starttls_protocol protocol;
  int step;           /* how many replies have been had */
  unsigned int lines; /* of all replies */
  bool offered;       /* SMTP: the server has STARTTLS */
  size_t len;         /* of the line so far */
  char line[STARTTLS_LINE_MAX];
  char name[STARTTLS_NAME_MAX + 1];
  char command[STARTTLS_NAME_MAX + 16];
  char reason[STARTTLS_REASON_SIZE]; /* why it failed, printable ASCII */
};

/* `name` is what SMTP's EHLO says: at most STARTTLS_NAME_MAX printable characters, an address literal, say. */
void starttls_begin(struct starttls *s, enum starttls_protocol protocol, char const *name);

enum starttls_result {
  STARTTLS_MORE,  /* waits for more octets */
  STARTTLS_SEND,  /* waits for more octets, after s->command (NUL-terminated, with CR LF) has been sent */
  STARTTLS_GO,    /* TLS begins */
  STARTTLS_FAILED /* see s->reason */
};

/* Takes what the server sent, all of it. What comes together with the go-ahead would be taken for something that came
 * through TLS: that is a failure (CVE-2011-0411 is the same in servers). So is a reply that comes before its command,
 * but for IMAP's untagged ones. */
enum starttls_result starttls_take(struct starttls *s, char const *octets, size_t count);

/* "smtp", "pop3", "imap". STARTTLS_NONE if it is none of these. */
enum starttls_protocol starttls_protocol_named(char const *name);

#endif
