/* hostname.h - host names that came out of DNS, which anybody who owns an address can fill with anything: only
 * what can be a host name gets through, in one spelling. */
#ifndef UCSPI_HOSTNAME_H
#define UCSPI_HOSTNAME_H

#include <stdbool.h>

/* A name as text is at most 253 octets (RFC 1035 section 2.3.4: 255 on the wire). */
#define HOSTNAME_MAX  253
#define HOSTNAME_SIZE 256

/* Letters, digits, '-', '.' and '_' only; labels of 1-63 octets; 1-253 octets in all. One dot at the end is taken
 * off and capitals become small. False, with out[0] NUL, if it is no such name. out may be the same as name. */
bool hostname_clean(char out[HOSTNAME_SIZE], char const *name);

/* True if name is already what hostname_clean() makes of it. Never reads more than HOSTNAME_SIZE octets, so that
 * a field of a message may be given that lacks its NUL: false. */
bool hostname_is_clean(char const name[HOSTNAME_SIZE]);

#endif
