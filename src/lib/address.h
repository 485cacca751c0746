/* address.h - IP addresses and networks as values: parsed strictly, printed in one canonical spelling,
 * compared by prefix. Text that is anything but a whole, legal address never becomes a struct address.
 * Sources: RFC 4291 (IPv6 text and mapped addresses), RFC 5952 (canonical spelling), RFC 4007 (zones). */
#ifndef UCSPI_ADDRESS_H
#define UCSPI_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum address_family { ADDRESS_NONE = 0, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

struct address {
  enum address_family family;
  uint32_t scope;    /* interface index of a scoped IPv6 address (RFC 4007), else 0 */
  uint8_t octet[16]; /* network order; IPv4 uses the first four, the rest are 0 */
};

struct network {
  struct address address; /* host bits are 0 */
  unsigned int bits;      /* 0-32 for IPv4, 0-128 for IPv6 */
};

/* Longest text that any of the printing functions below writes, its NUL included. */
#define ADDRESS_TEXT_SIZE 48

/* Both return false, leaving *a unspecified, unless the whole of text is one address. IPv4 is four
 * decimal parts of 0-255 without leading zeros. IPv6 is any RFC 4291 spelling, with an optional %zone
 * (interface name or index, which must exist) on link-local addresses; an IPv4-mapped address stays IPv6
 * (see address_unmap). No brackets. */
bool address_parse(struct address *a, char const *text);
bool address_parse_ipv4(struct address *a, char const *text);

/* Writes the canonical text and a NUL, without zone; returns its length without the NUL. The _mapped form
 * writes an IPv4 address as ::ffff:a.b.c.d, for the TCP6* variables. The _bracketed form puts IPv6 into
 * [] for log lines. */
size_t address_print(char out[ADDRESS_TEXT_SIZE], struct address const *a);
size_t address_print_mapped(char out[ADDRESS_TEXT_SIZE], struct address const *a);
size_t address_print_bracketed(char out[ADDRESS_TEXT_SIZE], struct address const *a);

/* What stands for an address in names of the DNS, before a zone's own name, the last part first and a dot behind each:
 * the four octets of IPv4 (RFC 1035 section 3.5), the 32 hexadecimal digits of IPv6 (RFC 3596 section 2.5). Writes a NUL
 * and returns the length without it. Lists of clients (RFC 5782) have the same form. */
#define ADDRESS_LABELS_SIZE (32 * 2 + 1)
size_t address_print_labels(char out[ADDRESS_LABELS_SIZE], struct address const *a);

/* Turns ::ffff:a.b.c.d into a.b.c.d; leaves all else alone. */
void address_unmap(struct address *a);

bool address_is_any(struct address const *a);
bool address_is_link_local(struct address const *a);

/* Same family and octets; the scope counts only for IPv6 link-local addresses. */
bool address_equal(struct address const *a, struct address const *b);

/* 32, 128, or 0 for ADDRESS_NONE. */
unsigned int address_bits(struct address const *a);

/* Clears all bits after the first `bits`; bits beyond the family's length change nothing. The scope of a
 * masked address is cleared too: a network has none. */
void address_mask(struct address *a, unsigned int bits);
bool address_in_network(struct address const *a, struct network const *n);

/* "address" or "address/bits", without zone; a network of mapped addresses becomes one of IPv4. Host bits are left as they
 * are written: see network_has_host_bits(). False, leaving *n unspecified, if text is not that. */
bool network_parse(struct network *n, char const *text);

/* As address_unmap(), if the network is no larger than all mapped addresses together. */
void network_unmap(struct network *n);
bool network_has_host_bits(struct network const *n);

/* Returns false for families other than IPv4 and IPv6. Mapped IPv4 addresses come out as IPv4. */
bool address_from_sockaddr(struct address *a, uint16_t *port, struct sockaddr const *sa);
/* Returns the length of the socket address written, 0 for ADDRESS_NONE. */
socklen_t address_to_sockaddr(struct sockaddr_storage *ss, struct address const *a, uint16_t port);

#endif
