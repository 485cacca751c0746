/* rules.h - compiled access rules (tcprules(5)): which rule decides for a peer, and what it sets.
 * tinycdb reads; <skalibs/cdb.h> must never be included anywhere (its cdb_find clashes and answers "no such
 * rule", which means allow). Whatever is wrong with a file is an error, never an answer. */
#ifndef UCSPI_RULES_H
#define UCSPI_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cdb.h>

#include "address.h"

/* The longest key that is ever looked up: ident (512), '@', '=', host name (255). */
#define RULES_KEY_SIZE 800

/* The record that tcprules adds: a key that no lookup can ask for (it is no address, has no '@' and does not
 * start with '='), so that ucspi-tcp's programs never see it. Its data are RULES_INDEX_SIZE octets: a
 * version (1), flags, 5 octets with bit n set if an IPv4 network of length n exists (bit n of octet n/8),
 * 17 octets likewise for IPv6. A file without it was made by ucspi-tcp's tcprules: dotted prefixes only, and
 * any rule may need a name. */
#define RULES_INDEX_KEY     "/"
#define RULES_INDEX_SIZE    24
#define RULES_INDEX_VERSION 1
enum rules_flag { RULES_NEED_HOST = 1, RULES_NEED_INFO = 2 };

enum rules_source {
  RULES_MAPPED,  /* map the file: for programs that look once and go */
  RULES_SNAPSHOT /* map a private copy, which nobody can truncate under us: for long-lived programs */
};

struct rules {
  struct cdb cdb;
  struct stat seen;    /* of the file that is open */
  int file;            /* stays open so that its inode number can't be used again; -1 = not open */
  int copy;            /* descriptor of the private copy, or -1 */
  unsigned int needs;  /* enum rules_flag: what some rule asks for */
  uint8_t lengths4[5]; /* network lengths in use, bit n of octet n/8 */
  uint8_t lengths6[17];
};
#define RULES_ZERO                                                                                           \
  {                                                                                                          \
    .file = -1, .copy = -1                                                                                   \
  }

/* Opens and checks path. 0, or -1 with errno: ENOENT if it does not exist, EPROTO if it is not a whole and
 * sound cdb, else what the system said. Descriptors are close-on-exec. */
int rules_open(struct rules *r, char const *path, enum rules_source source);

/* Makes sure that r is what path holds now: one stat(), and a new rules_open() if device, inode, size or a
 * time stamp changed. 0, or -1 with errno as rules_open(); r is then closed and the next call tries again. */
int rules_refresh(struct rules *r, char const *path, enum rules_source source);
void rules_close(struct rules *r);

struct rules_query {
  struct address address; /* of the peer; a mapped IPv4 address counts as IPv4 */
  char const *host;       /* its name, or null */
  char const *info;       /* what ident said, or null */
  unsigned int
      pending; /* enum rules_flag: facts that are still being looked up (host, info null meanwhile) */
};

enum rules_decision { RULES_DEFAULT, RULES_ALLOW, RULES_DENY }; /* DEFAULT: no rule matched, which allows */

struct rules_verdict {
  enum rules_decision decision;
  unsigned int waits;       /* those pending facts that could still change this verdict */
  char key[RULES_KEY_SIZE]; /* of the rule that matched, NUL-terminated */
  char const *edits;        /* points into the open file: valid until rules_refresh or rules_close */
  size_t edits_len;
};

/* First match wins, in the order of tcprules(5). 0, or -1 with errno EPROTO if the file is damaged; the
 * caller must then refuse. `tried`, if not null, is called with each key before it is looked up. */
int rules_lookup(struct rules *r, struct rules_query const *q, struct rules_verdict *v,
                 void (*tried)(char const *key, void *context), void *context);

enum rules_action { RULES_SET, RULES_UNSET };
struct rules_edit {
  enum rules_action action;
  char const *variable; /* RULES_SET: "NAME=value"; RULES_UNSET: "NAME"; NUL-terminated, in the open file */
};
/* Steps through a verdict's edits: start with *offset 0; false when there are no more. */
bool rules_edit_next(struct rules_verdict const *v, size_t *offset, struct rules_edit *edit);

#endif
