/* identity.h - who a server (or a client) is: a private key, its certificate, the chain to send with it, and what an OCSP
 * responder says of it. */
#ifndef UCSPI_IDENTITY_H
#define UCSPI_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <openssl/ssl.h>

#include "material.h"

struct identity {
  char *file; /* for messages, and to find what belongs together */
  EVP_PKEY *key;
  X509 *certificate;
  STACK_OF(X509) * chain;
  unsigned char *staple; /* DER; null: there is none to send */
  size_t staple_size;
  time_t staple_from, staple_until; /* when it may be sent: within these, seconds since 1970 */
};

/* A private key that is not encrypted, and certificates, of which the first is the key's; in any order, among anything
 * else. 0, or -1 with the reason in problem ("unable to use FILE: ..."). The part is not needed afterwards. */
int identity_parse(struct identity *i, struct material_part const *part, char problem[], size_t problem_size);
void identity_free(struct identity *i);

/* Takes an OCSP response (RFC 6960) that is successful, says that this certificate is good, and says until when: else
 * there is nothing to staple. 0, or -1 with the reason if it is no OCSP response at all, or memory is short. */
int identity_staple(struct identity *i, struct material_part const *part, char problem[],
                    size_t problem_size);
bool identity_staple_is_fresh(struct identity const *i, time_t now);

/* What is wrong with the certificate at that time, for a warning; null: it is valid. */
char const *identity_outdated(struct identity const *i, time_t now);

/* Calls `add` with each DNS name of the certificate as it stands there: those of subjectAltName, else common names
 * (RFC 6125 section 6.4.4). Stops, and returns it, when `add` returns anything but 0; -1 too if memory is short. */
int identity_each_name(struct identity const *i,
                       int (*add)(void *context, char const *name, size_t name_size), void *context);

#endif
