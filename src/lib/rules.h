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

/* The highest MAXPERIP, MAXCONNIP, MAXCONNC and MAXLOAD. One more than it means, within tcpserver, no limit. */
#define RULES_LIMIT_MAX (UINT32_MAX - 1)

/* The record that tcprules adds: a key that no lookup can ask for (it is no address, has no '@' and does not
 * start with '='), so that ucspi-tcp's programs never see it. Its data are RULES_INDEX_SIZE octets: a
 * version (1), the kinds of rules in use (enum rules_kind), 5 octets with bit n set if an IPv4 network of
 * length n exists (bit n%8 of octet n/8; 32 for whole addresses), 17 octets likewise for IPv6. A file without
 * it was made by ucspi-tcp's tcprules: dotted prefixes only, and any rule may need a name. */
#define RULES_INDEX_KEY     "/"
#define RULES_INDEX_SIZE    24
#define RULES_INDEX_VERSION 1

/* Rules that ask for more than the address. They are told apart because a match only has to wait for facts
 * that a rule looked up *before* it asks for. */
enum rules_kind {
  RULES_KIND_INFO_ADDRESS = 1, /* info@1.2.3.4 */
  RULES_KIND_INFO_HOST = 2,    /* info@=host */
  RULES_KIND_HOST = 4,         /* =host */
  RULES_KIND_SUFFIX = 8        /* =.suffix and = */
};
#define RULES_KINDS_ALL 15

/* Facts that take time to find out. */
enum rules_flag { RULES_NEED_HOST = 1, RULES_NEED_INFO = 2 };

struct rules_index {
  uint8_t kinds;       /* enum rules_kind */
  uint8_t lengths4[5]; /* network lengths in use, bit n%8 of octet n/8 */
  uint8_t lengths6[17];
};

/* Notes that a network of this family and length has a rule. */
void rules_index_add_network(struct rules_index *index, enum address_family family, unsigned int bits);
bool rules_index_has_network(struct rules_index const *index, enum address_family family, unsigned int bits);
void rules_index_encode(uint8_t out[RULES_INDEX_SIZE], struct rules_index const *index);

enum rules_source {
  RULES_MAPPED,  /* map the file: for programs that look once and go */
  RULES_SNAPSHOT /* map a private copy, which nobody can truncate under us: for long-lived programs */
};

struct rules {
  struct cdb cdb;
  struct stat seen;   /* of the file that is open */
  bool settled;       /* it was old enough when opened: a later change can't have the same time stamps */
  int file;           /* stays open so that its inode number can't be used again; -1 = not open */
  int copy;           /* descriptor of the private copy, or -1 */
  unsigned int needs; /* enum rules_flag: what some rule asks for */
  struct rules_index index;
};
#define RULES_ZERO                                                                                           \
  {                                                                                                          \
    .file = -1, .copy = -1                                                                                   \
  }

/* Opens and checks path. 0, or -1 with errno: ENOENT if it does not exist, EPROTO if it is not a whole and
 * sound cdb, EISDIR for a folder, EFBIG beyond 4 GiB, else what the system said. *r must not be open.
 * Descriptors are close-on-exec. Never blocks on a FIFO. */
int rules_open(struct rules *r, char const *path, enum rules_source source);

/* Makes sure that r is what path holds now: one stat(), and a new rules_open() if device, inode, size or a
 * time stamp changed, or if the file was so young when it was opened that its stamps prove nothing. 0, or -1
 * with errno as rules_open(); r is then closed and the next call tries again. */
int rules_refresh(struct rules *r, char const *path, enum rules_source source);
void rules_close(struct rules *r);

struct rules_query {
  struct address address; /* of the peer; a mapped IPv4 address counts as IPv4 */
  char const *host;       /* its name, or null; capitals count as small letters */
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

/* First match wins, in the order of tcprules(5). 0, or -1 with errno: EPROTO if the file is damaged, EBADF
 * if none is open, ENAMETOOLONG if host and info exceed RULES_KEY_SIZE; the caller must then refuse. `tried`,
 * if not null, is called with each key before it is looked up. */
int rules_lookup(struct rules *r, struct rules_query const *q, struct rules_verdict *v,
                 void (*tried)(char const *key, void *context), void *context);

enum rules_action { RULES_SET, RULES_UNSET };
struct rules_edit {
  enum rules_action action;
  char const *variable; /* RULES_SET: "NAME=value"; RULES_UNSET: "NAME"; NUL-terminated, in the open file */
};
/* Steps through a verdict's edits: start with *offset 0; false when there are no more. */
bool rules_edit_next(struct rules_verdict const *v, size_t *offset, struct rules_edit *edit);

/* The value of the next edit, from *offset on as above, that sets the variable of this name; null when there is none. */
char const *rules_next_value(struct rules_verdict const *v, size_t *offset, char const *name);

/* True if data is what a rule's record may hold: NUL-terminated items D, +NAME=value or -NAME, or nothing.
 * *deny says whether D is among them. For programs that walk through a cdb themselves. */
bool rules_data_sound(char const *data, size_t len, bool *deny);

#endif
