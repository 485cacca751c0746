/* proxyheader.h - the header with which a proxy says whose connection it forwards: HAProxy's PROXY protocol, versions 1
 * (a line) and 2 (octets), read and written. No input or output here: the caller brings what has come so far. Who may send
 * one is the caller's affair: whoever may can claim any address.
 * Source: haproxy.org, doc/proxy-protocol.txt; the checksum is RFC 4960's appendix B. */
#ifndef UCSPI_PROXYHEADER_H
#define UCSPI_PROXYHEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "environment.h"

/* The longest line of version 1, CR LF included. */
#define PROXYHEADER_LINE_MAX 107

/* What is taken of version 2, whose length field could say 65551. The protocol wants a header to fit into 536 octets; a
 * client's certificate among its facts makes it longer. */
#define PROXYHEADER_MAX 4096

/* Facts are bounded one by one, too: these by the protocol (unique id) or by what they are made of (a name of DNS has
 * 253 octets, of ALPN 255). */
#define PROXYHEADER_TEXT_MAX      255
#define PROXYHEADER_UNIQUE_ID_MAX 128
#define PROXYHEADER_PATH_MAX      108

enum proxyheader_kind {
  PROXYHEADER_LOCAL,   /* nobody's: the proxy itself connects, to see whether we live. Version 2 only */
  PROXYHEADER_UNKNOWN, /* forwarded, but from where isn't said, or is no stream's address */
  PROXYHEADER_UNIX,    /* forwarded from a local socket of the proxy's machine. Version 2 only */
  PROXYHEADER_TCP
};

/* Borrowed from the octets that were parsed; not NUL-terminated. Null: there is none. */
struct proxyheader_text {
  char const *octets;
  size_t length;
};

/* The TLS that the proxy had with the client. */
struct proxyheader_tls {
  bool used;
  bool certificate; /* the client has shown one, in this connection or earlier in its session */
  bool certificate_now;
  uint32_t
      verify; /* 0: it was verified. Without a certificate it has no meaning (HAProxy sends 0 then, too) */
  struct proxyheader_text version, name, cipher, signature, key; /* UTF-8 without control characters */
};

struct proxyheader {
  unsigned int version; /* 1 or 2 */
  enum proxyheader_kind kind;
  struct address source,
      destination; /* TCP: the client's, and the one that it reached. Mapped IPv4 is IPv4 */
  uint16_t source_port, destination_port;
  struct proxyheader_text source_path,
      destination_path;                      /* UNIX: any octets but NUL; none if abstract or unnamed */
  struct proxyheader_text authority;         /* the name that the client asked for: UTF-8, no blanks */
  struct proxyheader_text alpn, unique_id;   /* any octets */
  struct proxyheader_text network_namespace; /* UTF-8 without control characters */
  bool has_tls;
  struct proxyheader_tls tls; /* if has_tls */
  bool checksum;              /* there was one, and it was right; when writing: make one */
};

enum proxyheader_state { PROXYHEADER_INCOMPLETE, PROXYHEADER_COMPLETE, PROXYHEADER_MALFORMED };

struct proxyheader_result {
  enum proxyheader_state state;
  size_t
      needed; /* INCOMPLETE: at least so many octets are still to come, 1 or more. Who never reads more at once
                         consumes exactly the header */
  size_t length;      /* COMPLETE: octets of the header; what follows them is the client's */
  char const *reason; /* MALFORMED: a few words in lower case, static */
};

/* Looks at all that has come so far. MALFORMED comes as soon as what is there can't become a header, and never depends
 * on how the octets arrive. *h is unspecified unless COMPLETE. Of a LOCAL header nothing but the checksum counts. Of
 * UNKNOWN ones neither do addresses, and what follows them may be anything; a checksum in it is verified all the same.
 * TLVs of other types are ignored; a known one that comes twice is malformed. */
struct proxyheader_result proxyheader_parse(struct proxyheader *h, uint8_t const *octets, size_t count);

/* Writes the header of h->version and returns its length, or 0 if it is none that proxyheader_parse() would take, or
 * longer than size. PROXYHEADER_LINE_MAX is enough for version 1, PROXYHEADER_MAX for both. IPv4 beside IPv6 is written as
 * mapped. In version 1 LOCAL and UNIX become UNKNOWN, and there are no facts. */
size_t proxyheader_write(uint8_t *out, size_t size, struct proxyheader const *h);

/* Adds variables for the facts to an environment that has none of them (environment_ucspi_names): PROXY_AUTHORITY, PROXY_ALPN and
 * PROXY_UNIQUE_ID (each only if it is printable), PROXY_NETNS; if the client used TLS PROXY_SSL_VERSION, _CIPHER, _SIG_ALG,
 * _KEY_ALG; and if its certificate was verified PROXY_SSL_CN. 0, or -1 with errno ENOMEM or E2BIG. */
int proxyheader_environment(struct proxyheader const *h, struct environment *e);

#endif
