/* identity.c - see identity.h. */
#include "identity.h"

#include <stdio.h>
#include <string.h>

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pem.h"
#include "problem.h"

/* What a parser needs to complain. */
struct complaint {
  char const *file;
  char *out;
  size_t size;
};

static int complain(struct complaint const *c, char const *why)
{
  snprintf(c->out, c->size, "unable to use %s: %s", c->file, why);
  ERR_clear_error();
  return -1;
}

/* In OpenSSL's words. */
static int complain_of(struct complaint const *c, char const *what)
{
  char text[PROBLEM_SIZE];
  snprintf(c->out, c->size, "unable to use %s: %s: %s", c->file, what, problem_text(text, "not in order"));
  return -1;
}

/* --- The key and certificates ------------------------------------------------------------------------------ */

static bool is_key(struct pem_block const *b)
{
  static char const end[] = "PRIVATE KEY";
  size_t len = strlen(b->label);
  return len >= sizeof end - 1 && strcmp(b->label + len - (sizeof end - 1), end) == 0;
}

static bool is_encrypted(struct pem_block const *b)
{
  return strcmp(b->label, PEM_STRING_PKCS8) == 0 || strstr(b->header, "ENCRYPTED") != NULL;
}

/* A file that is being read. The key waits until the certificate says of which type it is: to try all types takes four
 * times as long, and there may be thousands of files. */
struct reading {
  struct identity *identity;
  struct pem_block key; /* null label: none yet */
  struct complaint complaint;
};

static int keep_key(struct reading *r, struct pem_block *b)
{
  if (r->key.label)
    return complain(&r->complaint, "there is more than one private key in it");
  if (is_encrypted(b))
    return complain(&r->complaint,
                    "the private key in it is protected by a passphrase, and nobody is here to type it in");
  r->key = *b;
  memset(b, 0, sizeof *b);
  return 0;
}

/* The first one is the key's; the others say who has signed it. */
static int take_certificate(struct reading *r, struct pem_block const *b)
{
  struct identity *i = r->identity;
  X509 *certificate = pem_certificate(b);
  if (!certificate)
    return complain_of(&r->complaint, "a certificate in it is broken");
  if (!i->certificate)
    i->certificate = certificate;
  else if ((!i->chain && !(i->chain = sk_X509_new_null())) || sk_X509_push(i->chain, certificate) <= 0) {
    X509_free(certificate);
    return complain(&r->complaint, "memory is short");
  }
  return 0;
}

static int take_blocks(struct reading *r, BIO *from)
{
  struct pem_block b;
  enum pem_result found;
  while ((found = pem_next(from, &b)) == PEM_BLOCK) {
    int result = is_key(&b) ? keep_key(r, &b) : pem_is_certificate(&b) ? take_certificate(r, &b) : 0;
    pem_free(&b);
    if (result == -1)
      return -1;
  }
  return found == PEM_END ? 0 : complain_of(&r->complaint, "it is no sound PEM file");
}

static EVP_PKEY *decode_as(char const *type, struct pem_block const *b)
{
  char const *structure = strcmp(b->label, PEM_STRING_PKCS8INF) == 0 ? "PrivateKeyInfo" : "type-specific";
  unsigned char const *at = b->data;
  size_t size = (size_t)b->size;
  EVP_PKEY *key = NULL;
  OSSL_DECODER_CTX *decoder =
      OSSL_DECODER_CTX_new_for_pkey(&key, "DER", structure, type, EVP_PKEY_KEYPAIR, NULL, NULL);
  if (decoder)
    OSSL_DECODER_from_data(decoder, &at, &size);
  OSSL_DECODER_CTX_free(decoder);
  return key;
}

/* One of another type than the certificate's is to be called another's, not broken. */
static EVP_PKEY *decode(struct identity const *i, struct pem_block const *b)
{
  EVP_PKEY const *of_certificate = X509_get0_pubkey(i->certificate);
  char const *type = of_certificate ? EVP_PKEY_get0_type_name(of_certificate) : NULL;
  unsigned char const *at = b->data;
  EVP_PKEY *key = type ? decode_as(type, b) : NULL;
  ERR_clear_error();
  return key ? key : d2i_AutoPrivateKey(NULL, &at, b->size);
}

static int check(struct reading const *r)
{
  struct identity *i = r->identity;
  if (!i->certificate)
    return complain(&r->complaint, "there is no certificate in it");
  if (!r->key.label)
    return complain(&r->complaint, "there is no private key in it");
  i->key = decode(i, &r->key);
  if (!i->key)
    return complain_of(&r->complaint, "the private key in it is broken");
  if (X509_check_private_key(i->certificate, i->key) != 1)
    return complain(&r->complaint, "the private key in it is not that of the first certificate");
  return 0;
}

int identity_parse(struct identity *i, struct material_part const *part, char problem[], size_t problem_size)
{
  struct reading r = {.identity = i, .complaint = {part->name, problem, problem_size}};
  BIO *from = pem_open(part->data, part->size);
  int result;
  memset(i, 0, sizeof *i);
  i->file = OPENSSL_strdup(part->name);
  if (from && i->file)
    result = take_blocks(&r, from) == -1 ? -1 : check(&r);
  else
    result = complain(&r.complaint, "memory is short");
  BIO_free(from);
  pem_free(&r.key);
  if (result == -1)
    identity_free(i);
  return result;
}

void identity_free(struct identity *i)
{
  OPENSSL_free(i->file);
  EVP_PKEY_free(i->key);
  X509_free(i->certificate);
  sk_X509_pop_free(i->chain, X509_free);
  OPENSSL_free(i->staple);
  memset(i, 0, sizeof *i);
}

/* --- OCSP -------------------------------------------------------------------------------------------------- */

static X509 *issuer_of(struct identity const *i)
{
  for (int n = 0; n < sk_X509_num(i->chain); n++)
    if (X509_check_issued(sk_X509_value(i->chain, n), i->certificate) == X509_V_OK)
      return sk_X509_value(i->chain, n);
  return NULL;
}

static bool is_hash_of(ASN1_OCTET_STRING const *hash, EVP_MD const *digest, void const *data, size_t size)
{
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int out_size;
  return EVP_Digest(data, size, out, &out_size, digest, NULL) == 1 &&
         ASN1_STRING_length(hash) == (int)out_size && memcmp(ASN1_STRING_get0_data(hash), out, out_size) == 0;
}

/* Serial and issuer, whichever hash the responder has taken. The issuer's key can only be compared if the issuer is in
 * the chain: one that all clients have often is not. */
static bool is_about(struct identity const *i, OCSP_CERTID const *id)
{
  ASN1_OCTET_STRING *name_hash, *key_hash;
  ASN1_OBJECT *algorithm;
  ASN1_INTEGER *serial;
  ASN1_BIT_STRING const *key;
  EVP_MD const *digest;
  unsigned char const *name;
  size_t name_size;
  X509 *issuer = issuer_of(i);
  if (OCSP_id_get0_info(&name_hash, &algorithm, &key_hash, &serial, (OCSP_CERTID *)(uintptr_t)id) != 1 ||
      !(digest = EVP_get_digestbyobj(algorithm)) ||
      ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(i->certificate)) != 0 ||
      X509_NAME_get0_der(X509_get_issuer_name(i->certificate), &name, &name_size) != 1 ||
      !is_hash_of(name_hash, digest, name, name_size))
    return false;
  key = issuer ? X509_get0_pubkey_bitstr(issuer) : NULL;
  return !key || is_hash_of(key_hash, digest, ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key));
}

static bool time_of(time_t *out, ASN1_GENERALIZEDTIME const *t)
{
  struct tm parts;
  if (!t || ASN1_TIME_to_tm(t, &parts) != 1)
    return false;
  *out = timegm(&parts);
  return true;
}

/* Is there an answer about this certificate, and is it good? */
static bool find_good(struct identity *i, OCSP_BASICRESP *basic)
{
  ASN1_GENERALIZEDTIME *revoked, *from, *until;
  for (int n = 0; n < OCSP_resp_count(basic); n++) {
    OCSP_SINGLERESP *single = OCSP_resp_get0(basic, n);
    int reason;
    if (is_about(i, OCSP_SINGLERESP_get0_id(single)))
      return OCSP_single_get0_status(single, &reason, &revoked, &from, &until) == V_OCSP_CERTSTATUS_GOOD &&
             time_of(&i->staple_from, from) && time_of(&i->staple_until, until);
  }
  return false;
}

int identity_staple(struct identity *i, struct material_part const *part, char problem[], size_t problem_size)
{
  char file[PROBLEM_SIZE + 4096];
  struct complaint c = {file, problem, problem_size};
  unsigned char const *at = part->data;
  OCSP_RESPONSE *response;
  OCSP_BASICRESP *basic = NULL;
  int result = 0;
  snprintf(file, sizeof file, "%s.ocsp", part->name);
  ERR_clear_error();
  response = d2i_OCSP_RESPONSE(NULL, &at, (long)part->size);
  if (!response)
    return complain_of(&c, "it is no OCSP response");
  if (OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
    basic = OCSP_response_get1_basic(response);
  if (basic && find_good(i, basic)) {
    OPENSSL_free(i->staple);
    i->staple_size = (size_t)(at - part->data);
    i->staple = OPENSSL_memdup(part->data, i->staple_size);
    if (!i->staple)
      result = complain(&c, "memory is short");
  }
  OCSP_BASICRESP_free(basic);
  OCSP_RESPONSE_free(response);
  ERR_clear_error();
  return result;
}

bool identity_staple_is_fresh(struct identity const *i, time_t now)
{
  return i->staple && i->staple_from <= now && now <= i->staple_until;
}

/* --- Dates ------------------------------------------------------------------------------------------------- */

char const *identity_outdated(struct identity const *i, time_t now)
{
  if (X509_cmp_time(X509_get0_notBefore(i->certificate), &now) > 0)
    return "its certificate is not valid yet: clients will refuse it";
  if (X509_cmp_time(X509_get0_notAfter(i->certificate), &now) < 0)
    return "its certificate has expired: clients will refuse it";
  return NULL;
}

/* --- Names ------------------------------------------------------------------------------------------------- */

typedef int add_name(void *context, char const *name, size_t name_size);

/* Sets *found if there is any. */
static int each_alternative(X509 *certificate, add_name *add, void *context, bool *found)
{
  GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  int result = 0;
  for (int n = 0; result == 0 && n < sk_GENERAL_NAME_num(names); n++) {
    int type;
    ASN1_STRING const *name = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, n), &type);
    if (type != GEN_DNS)
      continue;
    *found = true;
    result = add(context, (char const *)ASN1_STRING_get0_data(name), (size_t)ASN1_STRING_length(name));
  }
  GENERAL_NAMES_free(names);
  return result;
}

static int each_common_name(X509 *certificate, add_name *add, void *context)
{
  X509_NAME const *subject = X509_get_subject_name(certificate);
  int result = 0, at = -1;
  while (result == 0 && (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
    ASN1_STRING const *name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    unsigned char *text;
    int size = ASN1_STRING_to_UTF8(&text, name);
    if (size < 0)
      continue;
    result = add(context, (char const *)text, (size_t)size);
    OPENSSL_free(text);
  }
  return result;
}

int identity_each_name(struct identity const *i, add_name *add, void *context)
{
  bool found = false;
  int result = each_alternative(i->certificate, add, context, &found);
  if (!found && result == 0)
    result = each_common_name(i->certificate, add, context);
  ERR_clear_error();
  return result;
}
