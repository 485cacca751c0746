/* connect.h - one connection to the first of several addresses that answers. It prints nothing and does not
 * exit: a second try may follow.
 *
 * One address is tried as ucspi-tcp does: for first_s seconds and, if that was too short, once more for
 * second_s. Of several, or of one while others may still come, an attempt starts every 250 ms, or at once when one has failed, and all of them end
 * when first_s + second_s have passed: Happy Eyeballs, RFC 8305 section 5. */
#ifndef TCPCLIENT_CONNECT_H
#define TCPCLIENT_CONNECT_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"

enum { ENDPOINTS_MAX = 64, CONNECT_STAGGER_MS = 250 };

struct endpoints {
  struct address address[ENDPOINTS_MAX];
  size_t count;
};

/* Lets the families alternate; the order within each stays (RFC 8305 section 4). The first `settled` stay where they
 * are, and what follows them starts with the family that the last of them is not of; without any it starts with the
 * first endpoint's. */
void endpoints_interleave(struct endpoints *e, size_t settled);

/* Where further endpoints may come from while the race is on: the other family's answer from DNS. */
struct connect_source {
  int fd; /* readable when there is news; -1: nothing more will come */
  /* Appends what has come, which may be nothing; sets fd to -1 with the last of it. */
  void (*receive)(struct connect_source *s, struct endpoints *e);
  void *context;
};

struct connect_plan {
  struct endpoints *endpoints; /* at least one; those of `more` are added */
  struct connect_source *more; /* or null */
  uint16_t port;
  struct address local; /* family ADDRESS_NONE: the system chooses */
  uint16_t local_port;  /* 0: the system chooses */
  unsigned int first_s, second_s;
};

enum connect_status {
  CONNECT_MADE,
  CONNECT_FAILED, /* no address answered: see error */
  /* The local address or port can't be had: see reason. Without a local address, a family that this machine lacks
   * is a failure of that endpoint alone, unless it is so for all of them. */
  CONNECT_UNBOUND
};

struct connect_result {
  enum connect_status status;
  int fd; /* CONNECT_MADE: nonblocking, close-on-exec; the caller owns it. Else -1 */
  int reason;
  int error[ENDPOINTS_MAX]; /* CONNECT_FAILED: errno value for each address */
};

struct connect_result connect_any(struct connect_plan const *plan);

#endif
