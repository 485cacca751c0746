/* trust.c - see trust.h. */
#include "trust.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "pem.h"
#include "problem.h"

struct trust {
  X509_STORE *store;
  STACK_OF(X509_NAME) * names;
};

static bool add_name(struct trust const *t, X509 *certificate)
{
  X509_NAME *name;
  if (!t->names)
    return true;
  name = X509_NAME_dup(X509_get_subject_name(certificate));
  if (name && sk_X509_NAME_push(t->names, name) > 0)
    return true;
  X509_NAME_free(name);
  return false;
}

static bool is_authority(struct pem_block const *b)
{
  return pem_is_certificate(b);
}

static bool add_authority(struct trust const *t, struct pem_block const *b)
{
  X509 *certificate = pem_certificate(b);
  bool added = certificate && X509_STORE_add_cert(t->store, certificate) == 1 && add_name(t, certificate);
  X509_free(certificate);
  return added;
}

static bool is_list(struct pem_block const *b)
{
  return strcmp(b->label, PEM_STRING_X509_CRL) == 0;
}

static bool add_list(struct trust const *t, struct pem_block const *b)
{
  unsigned char const *at = b->data;
  X509_CRL *list = d2i_X509_CRL(NULL, &at, b->size);
  bool added = list && X509_STORE_add_crl(t->store, list) == 1;
  X509_CRL_free(list);
  return added;
}

/* What the blocks of a role's files are. */
struct kind {
  bool (*is)(struct pem_block const *b);
  bool (*add)(struct trust const *t, struct pem_block const *b);
  char const *broken, *none;
};
static struct kind const authorities = {is_authority, add_authority, "a certificate in it is broken",
                                        "there is no certificate in it"};
static struct kind const revocations = {is_list, add_list, "a list of revocations in it is broken",
                                        "there is no list of revocations (X509 CRL) in it"};

static int complain(struct material_part const *part, char const *what, char problem[], size_t size)
{
  char text[PROBLEM_SIZE];
  if (ERR_peek_error() == 0)
    snprintf(problem, size, "unable to use %s: %s", part->name, what);
  else
    snprintf(problem, size, "unable to use %s: %s: %s", part->name, what, problem_text(text, "not in order"));
  return -1;
}

/* How many blocks of this kind there are. */
static int add_blocks(struct trust const *t, BIO *from, struct kind const *kind,
                      struct material_part const *part, char problem[], size_t size)
{
  struct pem_block b;
  enum pem_result found;
  int count = 0;
  while ((found = pem_next(from, &b)) == PEM_BLOCK) {
    bool is_kind = kind->is(&b), added = is_kind && kind->add(t, &b);
    pem_free(&b);
    if (is_kind && !added)
      return complain(part, kind->broken, problem, size);
    count += is_kind;
  }
  if (found == PEM_BROKEN)
    return complain(part, "it is no sound PEM file", problem, size);
  return count > 0 ? count : complain(part, kind->none, problem, size);
}

static int add_part(struct trust const *t, struct material_part const *part, struct kind const *kind,
                    char problem[], size_t size)
{
  BIO *from;
  int count;
  ERR_clear_error();
  from = pem_open(part->data, part->size);
  count = from ? add_blocks(t, from, kind, part, problem, size)
               : complain(part, "memory is short", problem, size);
  BIO_free(from);
  ERR_clear_error();
  return count;
}

int trust_add(X509_STORE *store, STACK_OF(X509_NAME) * names, struct material const *m, char problem[],
              size_t problem_size)
{
  struct trust t = {store, names};
  struct material_part part;
  size_t position = 0;
  int count = 0;
  while (material_next(m, &position, &part)) {
    struct kind const *kind = part.role == MATERIAL_AUTHORITIES   ? &authorities
                              : part.role == MATERIAL_REVOCATIONS ? &revocations
                                                                  : NULL;
    int added = kind ? add_part(&t, &part, kind, problem, problem_size) : 0;
    if (added == -1)
      return -1;
    if (part.role == MATERIAL_AUTHORITIES)
      count += added;
    else if (part.role == MATERIAL_REVOCATIONS)
      X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  }
  return count;
}
