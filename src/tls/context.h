/* context.h - what OpenSSL needs for connections of one kind: the policy of the command line, and material. */
#ifndef UCSPI_CONTEXT_H
#define UCSPI_CONTEXT_H

#include <stdbool.h>
#include <time.h>

#include <openssl/ssl.h>

#include "material.h"
#include "tickets.h"

/* What the command line asks for. All strings are borrowed; null: OpenSSL's or our default. */
struct tls_policy {
  char const *
      ciphers; /* -f: names and keywords of ciphers(1), separated by colons; TLS 1.3 suites may be among them */
  char const *version; /* -M: SSLv23, TLSv1, TLSv1_1, TLSv1_2 or TLSv1_3 */
  char const *alpn;    /* -e: protocols, separated by commas, best first */
  bool renegotiation;  /* -N */
  bool no_tickets;     /* -Z */
  bool verify;         /* server: a client certificate is required. client: the server's is verified */
  void (*pause)(void); /* called between certificates: thousands of them take seconds. May be null */
};

#define CONTEXT_PROBLEM_SIZE 4352

/* Is the policy one that this OpenSSL can follow? False with the reason, for a usage message, naming the option. */
bool tls_policy_check(struct tls_policy const *p, char problem[CONTEXT_PROBLEM_SIZE]);

/* A server's: certificates, of which SNI chooses. Opaque. */
struct server_context;

/* Null with the reason in problem, naming the file, if anything in the material does not parse, a key is not its
 * certificate's, or there is no certificate. The material is not needed afterwards. `tickets` (borrowed, may change
 * meanwhile) may be null with no_tickets. */
struct server_context *server_context_new(struct tls_policy const *p, struct material const *m,
                                          struct tickets const *tickets, char problem[CONTEXT_PROBLEM_SIZE]);
/* The one to make sessions from; SNI then picks. Sessions keep what they use alive: freeing is safe at any time. */
SSL_CTX *server_context_ssl(struct server_context const *c);
void server_context_free(struct server_context *c);
/* Calls `warning` for each certificate that is not valid at that time; clients would refuse it, we don't. */
void server_context_check_dates(struct server_context const *c, time_t now,
                                void (*warning)(char const *file, char const *text));

/* A client's: MATERIAL_CERTIFICATE is its own; without MATERIAL_AUTHORITIES the system's are used. Null as above. */
SSL_CTX *client_context_new(struct tls_policy const *p, struct material const *m,
                            char problem[CONTEXT_PROBLEM_SIZE]);

/* Sets what a client asks for (SNI, not for addresses) and what it verifies (RFC 6125: SAN first, no partial
 * wildcards; addresses too). 0, or -1 if memory is short or it is no name. */
int client_expects(SSL *ssl, char const *host, bool verify);

#endif
