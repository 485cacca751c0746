/* pem.h - blocks of PEM files (RFC 7468), one after the other. What is between them is passed over. */
#ifndef UCSPI_PEM_H
#define UCSPI_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/bio.h>
#include <openssl/x509.h>

struct pem_block {
  char *label;  /* "CERTIFICATE" */
  char *header; /* of RFC 1421: empty, or tells of encryption */
  unsigned char *data;
  long size;
};

enum pem_result { PEM_END, PEM_BLOCK, PEM_BROKEN };

/* A reader of these octets (borrowed); null if memory is short. BIO_free() ends it. */
BIO *pem_open(unsigned char const *data, size_t size);

/* The caller frees a block. OpenSSL's error queue is empty after PEM_END; after PEM_BROKEN it says why. */
enum pem_result pem_next(BIO *from, struct pem_block *block);
/* And wipes it: it may be a private key. */
void pem_free(struct pem_block *block);

bool pem_is_certificate(struct pem_block const *block);
/* Null if it is none: then OpenSSL's error queue says why. */
X509 *pem_certificate(struct pem_block const *block);

#endif
