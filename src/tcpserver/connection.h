/* connection.h - one accepted connection on its way to a program: what the stages of admission know of it and
 * leave on it for the next one. */
#ifndef TCPSERVER_CONNECTION_H
#define TCPSERVER_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "listener.h"
#include "options.h"
#include "proxyheader.h"
#include "rules.h"
#include "tls.h"

enum refusal {
  REFUSAL_NONE,
  REFUSAL_PROXY,   /* no proxy, or without a header as it should be: why is in header_problem */
  REFUSAL_RULE,    /* a rule denies: its key is in the verdict */
  REFUSAL_NORULES, /* the rules can't be read */
  REFUSAL_PERIP,   /* too many from this address; number = the limit */
  REFUSAL_PERNET,  /* too many from this network; number = the limit */
  REFUSAL_RATE,    /* it comes too often */
  REFUSAL_LOAD,    /* the machine is too busy */
  REFUSAL_TIME,    /* outside the hours of its rule */
  REFUSAL_BANNER,  /* the banner could not be sent */
  REFUSAL_SQL,     /* the rules of the database can't be asked */
  REFUSAL_LOOKUP,  /* a rule needs a name or ident, and who finds them out can't be asked */
  REFUSAL_TLS,     /* no TLS with this client: why is in tls_refusal, null if there was no memory for it */
  REFUSAL_FORK,    /* no new process */
  REFUSALS
};

/* Where a connection arrived. */
struct arrival {
  struct address local;
  uint16_t local_port;
};

/* What a proxy has said of the connection that it forwards. */
struct proxied {
  struct address address; /* the proxy's: the other end of the connection */
  uint16_t port;
  struct proxyheader
      header; /* its texts are in the octets below. This and the two above only once it is whole */
  size_t count;
  uint8_t octets[]; /* of the header, so many */
};

struct connection {
  int fd;      /* the client's, or -1 if it is in other hands */
  int program; /* what prog will be given instead: its end of a pair, or -1 */
  struct address
      remote; /* the client; behind a proxy, which is remote until it is introduced, the one whom it names */
  uint16_t remote_port;
  bool introduced;         /* its PROXY header has been read */
  struct proxied *proxied; /* the connection's own; null if nobody has forwarded it */
  bool arrival_known;
  struct arrival arrival; /* once connection_find_arrival() has been asked */
  struct rules_verdict const
      *verdict;               /* of the access stage, null if there are no rules; good until its next use */
  enum refusal refusal;       /* why, when a stage denies */
  unsigned int number;        /* goes with some refusals */
  char const *header_problem; /* likewise; null: it is no proxy's at all */
  bool counted;               /* the limits count it */
  bool paced, paced_by_rule;  /* its address's rate does, by -k and by MAXRATE */
  unsigned int from_address;  /* connections of that address now, this one included */
  size_t stage;               /* the one it is in */
  bool looked_up;             /* what follows is all that there will be */
  unsigned int unavailable;   /* enum rules_flag: facts that nobody could be asked for */
  /* Null if there is none; as hostname.h and ident.h want them. */
  char const *host, *unconfirmed, *info, *local_host;
  void *names; /* owns these strings, or null */
  /* The connection's own, or null: TLS is spoken, or was refused. */
  struct tls_facts *tls;
  struct tls_refusal *tls_refusal;
};
#define CONNECTION_ZERO                                                                                      \
  {                                                                                                          \
    .fd = -1, .program = -1                                                                                  \
  }

/* Finds out which local address and port the connection reached, which a kernel need be asked for only if the listener
 * is bound to all, and once. False, with errno, if the kernel does not know any more because the peer has reset it;
 * `arrival` is then what the listener is bound to. */
bool connection_find_arrival(struct connection *c, struct listener const *l);

/* What prog gets as its connection. */
int connection_for_program(struct connection const *c);

/* Sets what the options ask for on the client's socket; one that a reset has killed meanwhile may refuse it, and who uses
 * it will see that soon enough. */
void connection_set_options(struct connection const *c, struct options const *o);

/* Closes and frees all that it owns: it was a record of a connection, and now it is none. */
void connection_end(struct connection *c);

#endif
