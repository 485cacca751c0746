/* certificates.c - whatever the files of src/tls have in them that a server or a client is given, it is taken or refused
 * with a reason in one line, nothing leaks, and OpenSSL's error queue stays empty. The first octet says what the rest
 * is; a certificate and key of ours are there for what needs one. */
/* For what it does with a subject. NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "../../src/tls/facts.c"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "context.h"
#include "identity.h"
#include "sni.h"
#include "trust.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

enum input {
  PEM_CERTIFICATE, /* a file as -n names it, in which our key and certificate follow */
  DER_CERTIFICATE, /* a certificate with another's key, and a peer's */
  DER_KEY,
  DER_STAPLE,
  PEM_AUTHORITIES,
  DER_AUTHORITIES,
  PEM_REVOCATIONS,
  DER_REVOCATIONS,
  A_NAME, /* the certificate's, then what a client asks for */
  INPUTS
};

static char *own_key, *own_certificate;
static struct identity own;

static void must(int condition)
{
  if (!condition)
    abort();
}

static char *text_of(BIO *b)
{
  char *data, *text;
  long size = BIO_get_mem_data(b, &data);
  text = malloc((size_t)size + 1);
  must(text != NULL);
  memcpy(text, data, (size_t)size);
  text[size] = '\0';
  BIO_free(b);
  return text;
}

/* CN=Test-CA, serial number 4098: as the stored responses have it. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  X509_NAME *name = X509_get_subject_name(certificate);
  BIO *b = BIO_new(BIO_s_mem());
  (void)argc;
  (void)argv;
  must(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (unsigned char const *)"Example", -1, -1, 0) ==
           1 &&
       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (unsigned char const *)"Test-CA", -1, -1, 0) ==
           1 &&
       X509_set_issuer_name(certificate, name) == 1 && X509_set_version(certificate, 2) == 1 &&
       ASN1_INTEGER_set(X509_get_serialNumber(certificate), 4098) == 1 &&
       X509_gmtime_adj(X509_getm_notBefore(certificate), -60) &&
       X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) && X509_set_pubkey(certificate, key) == 1 &&
       X509_sign(certificate, key, EVP_sha256()) > 0);
  must(PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1);
  own_key = text_of(b);
  b = BIO_new(BIO_s_mem());
  must(PEM_write_bio_X509(b, certificate) == 1);
  own_certificate = text_of(b);
  own.file = OPENSSL_strdup("own");
  own.key = key;
  own.certificate = certificate;
  return 0;
}

/* A memory file of parts, as material_read() writes it. */
struct builder {
  unsigned char *data;
  size_t size;
};

static void append(struct builder *b, void const *data, size_t size)
{
  b->data = realloc(b->data, b->size + size + 1);
  must(b->data != NULL);
  if (size)
    memcpy(b->data + b->size, data, size);
  b->size += size;
}

static void append_part(struct builder *b, enum material_role role, void const *data, size_t size)
{
  uint32_t const start[2] = {(uint32_t)role, 2};
  uint64_t const data_size = size;
  if (b->size == 0)
    append(b, "0123456789abcdef", 16);
  append(b, start, sizeof start);
  append(b, &data_size, sizeof data_size);
  append(b, "f", 2);
  append(b, data, size);
  append(b, "\0\0\0\0\0\0\0", (8 - (2 + size) % 8) % 8);
}

/* As PEM, behind other PEM or not. */
static void append_der(struct builder *b, enum material_role role, char const *before, char const *label,
                       uint8_t const *data, size_t size)
{
  BIO *out = BIO_new(BIO_s_mem());
  char *text;
  must(BIO_puts(out, before) >= 0 && PEM_write_bio(out, label, "", data, (long)size) >= 0);
  text = text_of(out);
  append_part(b, role, text, strlen(text));
  free(text);
}

static void append_pem(struct builder *b, uint8_t const *data, size_t size)
{
  struct builder text = {NULL, 0};
  append(&text, data, size);
  append(&text, own_key, strlen(own_key));
  append(&text, own_certificate, strlen(own_certificate));
  append_part(b, MATERIAL_CERTIFICATE, text.data, text.size);
  free(text.data);
}

static void append_own(struct builder *b)
{
  char text[4096];
  int size = snprintf(text, sizeof text, "%s%s", own_key, own_certificate);
  must(size > 0 && size < (int)sizeof text);
  append_part(b, MATERIAL_CERTIFICATE, text, (size_t)size);
}

static void must_be_line(char const *problem)
{
  must(*problem != '\0' && strlen(problem) < CONTEXT_PROBLEM_SIZE);
  for (; *problem; problem++)
    must(*problem >= ' ' && *problem <= '~');
}

static void try_contexts(struct builder const *b)
{
  struct tls_policy const policy = {.verify = true};
  struct tls_policy const plain = {.no_tickets = true};
  struct material const m = {b->data, b->size};
  char problem[CONTEXT_PROBLEM_SIZE];
  struct server_context *s = server_context_new(&plain, &m, NULL, problem);
  SSL_CTX *c = client_context_new(&policy, &m, problem);
  must(ERR_peek_error() == 0);
  if (!c)
    must_be_line(problem);
  server_context_free(s);
  SSL_CTX_free(c);
  s = server_context_new(&policy, &m, NULL, problem);
  must(ERR_peek_error() == 0);
  if (!s)
    must_be_line(problem);
  server_context_free(s);
}

static void try_name(uint8_t const *data, size_t size)
{
  struct sni s = {NULL, 0, 0};
  struct sni_name const *found;
  uint8_t const *end = memchr(data, '\0', size);
  size_t name_size = end ? (size_t)(end - data) : size;
  char asked[256] = "";
  size_t left = size - name_size;
  if (left > 1)
    memcpy(asked, end + 1, left - 1 < sizeof asked ? left - 1 : sizeof asked - 1);
  must(sni_add(&s, (char const *)data, name_size, 7) == 0 && sni_add(&s, "*.a.b", 5, 8) == 0 &&
       sni_add(&s, (char const *)data, size, 9) == 0);
  sni_sort(&s);
  for (size_t i = sni_find(&s, asked, &found); i > 0; i--)
    must(found[i - 1].target >= 7 && found[i - 1].target <= 9);
  sni_free(&s);
}

static void try_staple(uint8_t const *data, size_t size)
{
  struct material_part const part = {MATERIAL_STAPLE, "own", data, size};
  char problem[CONTEXT_PROBLEM_SIZE] = "";
  if (identity_staple(&own, &part, problem, sizeof problem) == -1)
    must_be_line(problem);
  must(!own.staple || own.staple_size <= size);
  identity_staple_is_fresh(&own, 0);
  OPENSSL_free(own.staple);
  own.staple = NULL;
  must(ERR_peek_error() == 0);
}

static int take_name(void *names, char const *name, size_t size)
{
  return sni_add(names, name, size, 1);
}

/* What a sound CA might sign: names of any kind, subjects of any kind. */
static void try_peer(uint8_t const *data, size_t size)
{
  unsigned char const *at = data;
  struct sni names = {NULL, 0, 0};
  struct tls_facts f;
  struct identity i = {.certificate = d2i_X509(NULL, &at, (long)size)};
  ERR_clear_error();
  if (!i.certificate)
    return;
  must(identity_each_name(&i, take_name, &names) == 0 && ERR_peek_error() == 0);
  sni_sort(&names);
  sni_free(&names);
  memset(&f, 0, sizeof f);
  SET(f.protocol, "TLSv1.3");
  SET(f.cipher, "any");
  set_subject(&f, X509_get_subject_name(i.certificate));
  set_hash(&f, i.certificate);
  must(tls_facts_is_sound(&f));
  X509_free(i.certificate);
  ERR_clear_error();
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct builder b = {NULL, 0};
  enum input input;
  if (size < 1)
    return 0;
  input = (enum input)(data[0] % INPUTS);
  data++;
  size--;
  switch (input) {
  case PEM_CERTIFICATE: append_part(&b, MATERIAL_CERTIFICATE, data, size); break;
  case DER_CERTIFICATE: append_der(&b, MATERIAL_CERTIFICATE, own_key, "CERTIFICATE", data, size); break;
  case DER_KEY: append_der(&b, MATERIAL_CERTIFICATE, own_certificate, "PRIVATE KEY", data, size); break;
  case DER_STAPLE: try_staple(data, size); return 0;
  case A_NAME: try_name(data, size); return 0;
  case PEM_AUTHORITIES:
    append_own(&b);
    append_part(&b, MATERIAL_AUTHORITIES, data, size);
    break;
  case DER_AUTHORITIES:
    append_own(&b);
    append_der(&b, MATERIAL_AUTHORITIES, "", "CERTIFICATE", data, size);
    break;
  case PEM_REVOCATIONS:
    append_own(&b);
    append_part(&b, MATERIAL_AUTHORITIES, own_certificate, strlen(own_certificate));
    append_part(&b, MATERIAL_REVOCATIONS, data, size);
    break;
  case DER_REVOCATIONS:
  case INPUTS:
    append_own(&b);
    append_part(&b, MATERIAL_AUTHORITIES, own_certificate, strlen(own_certificate));
    append_der(&b, MATERIAL_REVOCATIONS, "", "X509 CRL", data, size);
    break;
  }
  try_contexts(&b);
  free(b.data);
  return 0;
}
