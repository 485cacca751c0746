/* policy.h - the command line's wishes, set in a context of OpenSSL. */
#ifndef UCSPI_POLICY_H
#define UCSPI_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "context.h"

/* Versions, ciphers, groups, renegotiation, compression, cache. 0, or -1 with the reason, naming the option. */
int policy_apply(SSL_CTX *context, struct tls_policy const *p, bool server,
                 char problem[CONTEXT_PROBLEM_SIZE]);

/* The list of -e as RFC 7301 section 3.1 has it. */
struct protocols {
  unsigned char *list; /* malloc'd; null: none */
  unsigned int size;
};
int policy_protocols(struct protocols *out, struct tls_policy const *p, char problem[CONTEXT_PROBLEM_SIZE]);

#endif
