/* rewrite.h - how a host argument becomes the fully qualified names to look up: djbdns' qualification rules,
 * https://cr.yp.to/djbdns/qualify.html. The rules come from a file, or from the local domains. */
#ifndef UCSPI_REWRITE_H
#define UCSPI_REWRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "hostname.h"

/* Where the rules are by default, and the longest file that is read. */
#define REWRITE_FILE     "/etc/dnsrewrite"
#define REWRITE_FILE_MAX 65536

struct rewrite {
  char *rules; /* NUL-terminated rules one after the other: the kind, from, ':', to */
  size_t len;
};
#define REWRITE_ZERO                                                                                         \
  {                                                                                                          \
    .rules = NULL                                                                                            \
  }

/* Takes rules from the text of a file. A line is a rule:
 *   =from:to     a name that is `from` becomes `to`
 *   *suffix:to   a name that ends in `suffix` has it replaced by `to`
 *   ?suffix:to   the same, unless there is a dot, colon or bracket in the name before the suffix
 *   -suffix:to   a name that ends in `suffix` becomes `to`, all of it
 * in printable ASCII without blanks. Lines that begin with # and blank ones are skipped; blanks at the end of a line
 * (CR too) are dropped; other lines are not rules: *line then is the number of the first, from 1. 0, or -1 with errno
 * EINVAL (see *line), ENOMEM or EFBIG (more than REWRITE_FILE_MAX). What *r was is overwritten; after an error it
 * has no rules. */
int rewrite_parse(struct rewrite *r, char const *text, size_t len, size_t *line);

/* The rules that djbdns derives from a list of local domains (blanks between) when there is no file:
 * "?:+.first+.second" and "*.:". A domain "." stands for the name as it is; what is no domain is passed over. An empty
 * list leaves names alone. 0, or -1 with errno ENOMEM; *r as above. */
int rewrite_from_domains(struct rewrite *r, char const *domains);

/* Applies the rules, each at most once, in order, ignoring case. The result, `alternatives` of "prefix+one+two" among
 * them, is one or several names in the order in which to look them up: out holds at most `size` of them, as
 * hostname_clean() makes them. Alternatives that are no names are passed over. Returns how many; 0 if what came out
 * is no name. A name that ends in '.' is complete. `=me:127.0.0.1` is a rule, too: what comes out may be the text of
 * an IPv4 address. */
size_t rewrite_apply(struct rewrite const *r, char const *name, char (*out)[HOSTNAME_SIZE], size_t size);
void rewrite_free(struct rewrite *r);

#endif
