/* nameservers.h - which DNS servers to ask: $DNSCACHEIP, else resolv.conf(5). Text only; nothing is sent. */
#ifndef UCSPI_NAMESERVERS_H
#define UCSPI_NAMESERVERS_H

#include <stddef.h>

#include "address.h"

#define NAMESERVERS_MAX 16

struct nameservers {
  struct address address[NAMESERVERS_MAX];
  size_t count;
};

/* Reads $DNSCACHEIP: addresses with blanks between them, IPv6 ones perhaps with %interface; or two to four IPv4
 * addresses joined by dots (1.2.3.4.5.6.7.8), the form of older forks. IPv4-mapped ones become IPv4,
 * and the unspecified address, by which resolvers mean this host, loopback's. 0; or -1 with
 * errno EINVAL and *junk, of *junk_len octets within text, being the first item that is no address (E2BIG: more than
 * NAMESERVERS_MAX; then it is the first that is too many); count is 0 then. An empty text has count 0. */
int nameservers_parse(struct nameservers *n, char const *text, char const **junk, size_t *junk_len);

/* Takes `nameserver`, `search`/`domain` lines out of the text of a resolv.conf, leniently as resolvers do: what is no
 * address is passed over, further ones than NAMESERVERS_MAX too. domains gets the last search or domain list that
 * is not empty, blanks between, or an empty text; what is no domain (nor ".") is passed over, as is what has no room. domains_size is at
 * least 1. */
void nameservers_from_resolv_conf(struct nameservers *n, char *domains, size_t domains_size, char const *text,
                                  size_t len);

#endif
