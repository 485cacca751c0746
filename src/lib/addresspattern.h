/* addresspattern.h - patterns of addresses as tables of rules in databases have them: an address, a network (prefix or CIDR),
 * or parts with wildcards and ranges. A pattern is split into a mask with the bits that it fixes, by which it can be
 * found in a table, and the rest, which is looked at then. */
#ifndef UCSPI_ADDRESSPATTERN_H
#define UCSPI_ADDRESSPATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

/* The longest text that is a pattern: eight ranges with colons between. */
#define ADDRESSPATTERN_TEXT_MAX 79

/* A group of an IPv6 address matches if it is from low to high, and has these bits where the mask has ones. */
struct addresspattern_group {
  uint16_t low, high, mask, bits;
};

/* What is not fixed: the octets that each part of an IPv4 address may be, a bit for each; or the groups of IPv6. */
union addresspattern_rest {
  uint8_t octets[4][32];
  struct addresspattern_group group[8];
};

struct addresspattern {
  enum address_family family;  /* ADDRESS_NONE: both; then nothing is fixed, and there is no rest */
  uint8_t mask[16], value[16]; /* value is 0 where mask is; IPv4 has the first four */
  bool has_rest;               /* else the mask says all */
  union addresspattern_rest rest;
};

/* Blanks around the text are skipped. Null, or what is wrong with it, for a message.
 *   10.1.2.3  2001:db8::1      one address
 *   10.1.0.0/16  2001:db8::/32 a network, without bits beyond its length
 *   10.1.  2001:db8:           all that begin so
 *   10.1.*                     likewise: * as the last part stands for all that follow
 *   10.*.2-5.1?                in each part of IPv4 a range (the end may be left out), or digits with ? for one and * for
 *                              any number of them; leading zeros are not digits of a number
 *   2001:db8::*:1?              in each group of IPv6 *, a range, or digits with ? for one
 *   *                          every address */
char const *addresspattern_parse(struct addresspattern *p, char const *text, size_t len);

/* True if an address of this family, whose fixed bits are those of the pattern, matches the rest. */
bool addresspattern_rest_matches(union addresspattern_rest const *rest, struct address const *a);

/* For who has one pattern only. */
bool addresspattern_matches(struct addresspattern const *p, struct address const *a);

#endif
