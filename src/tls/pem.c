/* pem.c - see pem.h. */
#include "pem.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

BIO *pem_open(unsigned char const *data, size_t size)
{
  return size <= INT_MAX ? BIO_new_mem_buf(data, (int)size) : NULL;
}

enum pem_result pem_next(BIO *from, struct pem_block *block)
{
  unsigned long error;
  ERR_clear_error();
  if (PEM_read_bio(from, &block->label, &block->header, &block->data, &block->size) == 1)
    return PEM_BLOCK;
  error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE)
    return PEM_BROKEN;
  ERR_clear_error();
  return PEM_END;
}

void pem_free(struct pem_block *block)
{
  OPENSSL_free(block->label);
  OPENSSL_free(block->header);
  OPENSSL_clear_free(block->data, (size_t)block->size);
}

bool pem_is_certificate(struct pem_block const *block)
{
  return strcmp(block->label, PEM_STRING_X509) == 0 || strcmp(block->label, PEM_STRING_X509_OLD) == 0 ||
         strcmp(block->label, PEM_STRING_X509_TRUSTED) == 0;
}

X509 *pem_certificate(struct pem_block const *block)
{
  unsigned char const *at = block->data;
  return strcmp(block->label, PEM_STRING_X509_TRUSTED) == 0 ? d2i_X509_AUX(NULL, &at, block->size)
                                                            : d2i_X509(NULL, &at, block->size);
}
