/* trust.h - whose signatures count: CAs, and what they have revoked. */
#ifndef UCSPI_TRUST_H
#define UCSPI_TRUST_H

#include <stddef.h>

#include <openssl/x509.h>

#include "material.h"

/* Adds the material's CAs and revocations to the store. If there are revocations, every certificate of a chain but the
 * last must have a list that is in force. names: gets the subject of each CA, if not null. Returns how many CAs there
 * were, or -1 with the reason, naming the file, in problem: one that does not parse, or has nothing of its kind in it. */
int trust_add(X509_STORE *store, STACK_OF(X509_NAME) * names, struct material const *m, char problem[],
              size_t problem_size);

#endif
