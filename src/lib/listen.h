/* listen.h - a TCP socket that listens, from a host and a port as people write them: tcpserver(1) and tcpbind(1) say what
 * they mean. Whatever fails is told as a text, without the program's name, that tells what and the system's reason. */
#ifndef UCSPI_LISTEN_H
#define UCSPI_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

struct listen_wish {
  char const *host;          /* "0" or empty: every local address */
  char const *port;          /* a number, a service's name, or "0": any that is free */
  enum address_family only;  /* ADDRESS_NONE: either */
  enum address_family first; /* of a name that has addresses of both families */
  char const *interface;     /* or null */
  unsigned int backlog;      /* listen(2) cuts it down */
  bool nonblocking;
};

#define LISTEN_PROBLEM_SIZE 1024
struct listen_problem {
  char text[LISTEN_PROBLEM_SIZE];
};

/* What tcplookup would have to be asked about. */
bool listen_is_name(struct listen_wish const *w);

/* The host's address, of family ADDRESS_NONE if it is every local one. A name is looked up, which may take
 * INQUIRY_DNS_TIMEOUT_S. False if there is none. */
bool listen_find(struct address *a, struct listen_wish const *w, struct listen_problem *p);

/* A descriptor, close-on-exec, that listens at that address, for the caller to close; -1 if it can't be had. Where every
 * address is wanted and there is no IPv6, it is one for IPv4. */
int listen_at(struct address const *a, struct listen_wish const *w, struct listen_problem *p);

/* Where a socket is bound. False with errno, EAFNOSUPPORT if it is not a socket of IPv4 or IPv6. */
bool listen_bound_to(struct address *a, uint16_t *port, int fd);

#endif
