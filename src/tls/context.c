/* context.c - see context.h. A server has one SSL_CTX, whatever the number of its certificates: at ten thousand, one for
 * each would take hundreds of megabytes in each worker. What belongs to it is in its extra data and is freed with it,
 * that is, when the last connection made from it has ended. */
#include "context.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "address.h"
#include "hostname.h"
#include "identity.h"
#include "policy.h"
#include "problem.h"
#include "sni.h"
#include "span.h"
#include "trust.h"

struct server_context {
  SSL_CTX *ssl;
  struct tickets const *tickets; /* null: none */
  struct identity *identity;     /* the first is for who asks for no name, or for one that is not here */
  size_t count, capacity;
  struct sni names; /* targets are indices of identities */
  struct protocols protocols;
};

static int complain(char problem[CONTEXT_PROBLEM_SIZE], char const *what)
{
  char text[PROBLEM_SIZE];
  snprintf(problem, CONTEXT_PROBLEM_SIZE, "%s: %s", what, problem_text(text, "memory is short"));
  return -1;
}

static int complain_of_file(char problem[CONTEXT_PROBLEM_SIZE], char const *file)
{
  char text[PROBLEM_SIZE];
  snprintf(problem, CONTEXT_PROBLEM_SIZE, "unable to use %s: %s", file,
           problem_text(text, "memory is short"));
  return -1;
}

/* --- Policy ------------------------------------------------------------------------------------------------ */

bool tls_policy_check(struct tls_policy const *p, char problem[CONTEXT_PROBLEM_SIZE])
{
  SSL_CTX *context = SSL_CTX_new(TLS_method());
  struct protocols protocols = {NULL, 0};
  bool sound = false;
  problem[0] = '\0';
  if (!context)
    complain(problem, "unable to start OpenSSL");
  else
    sound = policy_apply(context, p, true, problem) == 0 && policy_protocols(&protocols, p, problem) == 0;
  free(protocols.list);
  SSL_CTX_free(context);
  return sound;
}

/* Peers must have a certificate, and these are the CAs it may be from. names: of the CAs; or null. */
static int trust_only(SSL_CTX *context, struct material const *m, STACK_OF(X509_NAME) * names,
                      char problem[CONTEXT_PROBLEM_SIZE])
{
  X509_STORE *store = X509_STORE_new();
  int count;
  if (!store)
    return complain(problem, "unable to verify certificates");
  SSL_CTX_set_cert_store(context, store);
  count = trust_add(store, names, m, problem, CONTEXT_PROBLEM_SIZE);
  if (count == 0)
    snprintf(problem, CONTEXT_PROBLEM_SIZE, "unable to verify certificates: there is no CA");
  return count > 0 ? 0 : -1;
}

static int bind_sessions(SSL_CTX *context, struct material const *m)
{
  unsigned char digest[32];
  return material_digest(m, digest) == 0 &&
                 SSL_CTX_set_session_id_context(context, digest, sizeof digest) == 1
             ? 0
             : -1;
}

/* --- Which certificate ------------------------------------------------------------------------------------- */

static int use_identity(SSL *ssl, struct identity const *i)
{
  return SSL_use_cert_and_key(ssl, i->certificate, i->key, i->chain, 1) == 1 ? 0 : -1;
}

static bool has_type_before(struct server_context const *c, struct sni_name const *name, size_t at)
{
  int type = EVP_PKEY_get_base_id(c->identity[name[at].target].key);
  for (size_t i = 0; i < at; i++)
    if (EVP_PKEY_get_base_id(c->identity[name[i].target].key) == type)
      return true;
  return false;
}

/* Of those for one name, the first of each kind of key: an ECDSA certificate and an RSA one for clients that lack that
 * go together. */
static int on_certificate(SSL *ssl, void *context)
{
  struct server_context const *c = context;
  char const *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  struct sni_name const *found;
  size_t count = name ? sni_find(&c->names, name, &found) : 0;
  if (count == 0 || (count == 1 && found->target == 0))
    return 1;
  SSL_certs_clear(ssl);
  for (size_t i = 0; i < count; i++)
    if (!has_type_before(c, found, i) && use_identity(ssl, &c->identity[found[i].target]) == -1)
      return 0;
  return 1;
}

/* Called for each hello that does not come for something else first, with a name in it or not. */
static int on_hello(SSL *ssl, int *alert, void *context)
{
  struct server_context const *c = context;
  (void)alert;
  /* Without keys, not all of OpenSSL 3 knows by itself that TLS 1.3 has no ticket without contents. */
  if (!c->tickets || c->tickets->keys.count == 0)
    SSL_set_num_tickets(ssl, 0);
  return SSL_TLSEXT_ERR_OK;
}

static int on_protocols(SSL *ssl, unsigned char const **chosen, unsigned char *size,
                        unsigned char const *offered, unsigned int offered_size, void *context)
{
  struct server_context const *c = context;
  unsigned char *out;
  (void)ssl;
  if (SSL_select_next_proto(&out, size, c->protocols.list, c->protocols.size, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = out;
  return SSL_TLSEXT_ERR_OK;
}

/* Where a certificate keeps whose it is. */
static int identity_index(void)
{
  static int index = -1;
  if (index == -1)
    index = X509_get_ex_new_index(0, NULL, NULL, NULL, NULL);
  return index;
}

/* The client asks what the CA says of the certificate that was chosen for it. */
static int on_status(SSL *ssl, void *unused)
{
  X509 const *chosen = SSL_get_certificate(ssl);
  struct identity const *i = chosen ? X509_get_ex_data(chosen, identity_index()) : NULL;
  unsigned char *copy;
  (void)unused;
  if (!i || !identity_staple_is_fresh(i, time(NULL)))
    return SSL_TLSEXT_ERR_NOACK;
  copy = OPENSSL_memdup(i->staple, i->staple_size);
  if (!copy)
    return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)i->staple_size);
  return SSL_TLSEXT_ERR_OK;
}

/* --- A server ---------------------------------------------------------------------------------------------- */

static void free_parts(struct server_context *c)
{
  for (size_t i = 0; i < c->count; i++)
    identity_free(&c->identity[i]);
  free(c->identity);
  sni_free(&c->names);
  free(c->protocols.list);
  free(c);
}

static void on_free(void *parent, void *own, CRYPTO_EX_DATA *data, int index, long number, void *unused)
{
  (void)parent;
  (void)data;
  (void)index;
  (void)number;
  (void)unused;
  if (own)
    free_parts(own);
}

static int own_index(void)
{
  static int index = -1;
  if (index == -1)
    index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_free);
  return index;
}

static struct server_context *allocate(void)
{
  struct server_context *c = calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->ssl = SSL_CTX_new(TLS_server_method());
  if (c->ssl && own_index() != -1 && SSL_CTX_set_ex_data(c->ssl, own_index(), c) == 1)
    return c;
  SSL_CTX_free(c->ssl);
  free(c);
  return NULL;
}

static struct identity *next_identity(struct server_context *c)
{
  if (c->count == c->capacity) {
    size_t capacity = c->capacity ? 2 * c->capacity : 4;
    struct identity *larger = reallocarray(c->identity, capacity, sizeof *larger);
    if (!larger)
      return NULL;
    c->identity = larger;
    c->capacity = capacity;
  }
  return &c->identity[c->count];
}

static int add_certificate(struct server_context *c, struct material_part const *part,
                           char problem[CONTEXT_PROBLEM_SIZE])
{
  struct identity *i = next_identity(c);
  if (!i)
    return complain(problem, "unable to read certificates");
  if (identity_parse(i, part, problem, CONTEXT_PROBLEM_SIZE) == -1)
    return -1;
  c->count++;
  return 0;
}

/* It follows its certificate. */
static int add_staple(struct server_context *c, struct material_part const *part,
                      char problem[CONTEXT_PROBLEM_SIZE])
{
  if (c->count == 0 || strcmp(c->identity[c->count - 1].file, part->name) != 0)
    return 0;
  return identity_staple(&c->identity[c->count - 1], part, problem, CONTEXT_PROBLEM_SIZE);
}

static void pause_after(struct tls_policy const *p, size_t certificates)
{
  enum { AT_A_TIME = 8 };
  if (p->pause && certificates % AT_A_TIME == 0)
    p->pause();
}

static int add_identities(struct server_context *c, struct tls_policy const *p, struct material const *m,
                          char problem[CONTEXT_PROBLEM_SIZE])
{
  struct material_part part;
  size_t position = 0;
  int result = 0;
  while (result == 0 && material_next(m, &position, &part)) {
    if (part.role == MATERIAL_CERTIFICATE) {
      result = add_certificate(c, &part, problem);
      pause_after(p, c->count);
    } else if (part.role == MATERIAL_STAPLE)
      result = add_staple(c, &part, problem);
  }
  if (result == 0 && c->count == 0) {
    snprintf(problem, CONTEXT_PROBLEM_SIZE, "there is no certificate");
    return -1;
  }
  return result;
}

static bool is_called_default(char const *file)
{
  char const *slash = strrchr(file, '/');
  return strcmp(slash ? slash + 1 : file, "default.pem") == 0;
}

/* default.pem to the front; the others stay in order of name. */
static void sort_identities(struct server_context *c)
{
  for (size_t i = 1; i < c->count; i++)
    if (is_called_default(c->identity[i].file)) {
      struct identity first = c->identity[i];
      memmove(&c->identity[1], &c->identity[0], i * sizeof first);
      c->identity[0] = first;
      return;
    }
}

struct naming {
  struct server_context *context;
  uint32_t target;
};

static int on_name(void *naming, char const *name, size_t size)
{
  struct naming const *n = naming;
  return sni_add(&n->context->names, name, size, n->target);
}

/* Tries each as handshakes will: a key that is too small for the security level is found now. */
static int index_identities(struct server_context *c, struct tls_policy const *p,
                            char problem[CONTEXT_PROBLEM_SIZE])
{
  SSL *trial = SSL_new(c->ssl);
  int result = trial ? 0 : complain(problem, "unable to try certificates");
  for (size_t i = 0; result == 0 && i < c->count; i++) {
    struct identity *one = &c->identity[i];
    struct naming n = {c, (uint32_t)i};
    if (use_identity(trial, one) == -1)
      result = complain_of_file(problem, one->file);
    else if (X509_set_ex_data(one->certificate, identity_index(), one) != 1 ||
             identity_each_name(one, on_name, &n) != 0)
      result = complain(problem, "unable to index certificates");
    pause_after(p, i + 1);
  }
  SSL_free(trial);
  sni_sort(&c->names);
  return result;
}

static int use_default(struct server_context *c, char problem[CONTEXT_PROBLEM_SIZE])
{
  struct identity const *i = &c->identity[0];
  return SSL_CTX_use_cert_and_key(c->ssl, i->certificate, i->key, i->chain, 1) == 1
             ? 0
             : complain_of_file(problem, i->file);
}

/* In TLS 1.2 and before, the list of CAs that clients are told has a length of 16 bits, with other things. */
enum { NAMES_MAX = 32768 };

static bool fit_into_a_message(STACK_OF(X509_NAME) * names)
{
  size_t total = 0;
  for (int i = 0; i < sk_X509_NAME_num(names); i++) {
    size_t size;
    if (X509_NAME_get0_der(sk_X509_NAME_value(names, i), NULL, &size) == 1)
      total += size + 2;
  }
  return total <= NAMES_MAX;
}

/* Purpose and chain of a client's certificate are checked by OpenSSL's rules for clients of TLS. */
static int demand_certificates(struct server_context *c, struct material const *m,
                               char problem[CONTEXT_PROBLEM_SIZE])
{
  STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
  if (!names)
    return complain(problem, "unable to verify certificates");
  SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  if (trust_only(c->ssl, m, names, problem) == -1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return -1;
  }
  /* Without names clients choose a certificate by themselves. */
  if (fit_into_a_message(names))
    SSL_CTX_set_client_CA_list(c->ssl, names);
  else
    sk_X509_NAME_pop_free(names, X509_NAME_free);
  return 0;
}

static int use_protocols(struct server_context *c, struct tls_policy const *p,
                         char problem[CONTEXT_PROBLEM_SIZE])
{
  if (policy_protocols(&c->protocols, p, problem) == -1)
    return -1;
  if (c->protocols.list)
    SSL_CTX_set_alpn_select_cb(c->ssl, on_protocols, c);
  return 0;
}

static int use_sessions(struct server_context *c, struct tls_policy const *p, struct material const *m,
                        struct tickets const *tickets, char problem[CONTEXT_PROBLEM_SIZE])
{
  c->tickets = p->no_tickets ? NULL : tickets;
  SSL_CTX_set_timeout(c->ssl, TICKETS_LIFETIME_S);
  if (!c->tickets)
    SSL_CTX_set_options(c->ssl, SSL_OP_NO_TICKET);
  if (bind_sessions(c->ssl, m) == -1 || (c->tickets && tickets_use(c->ssl, c->tickets) == -1))
    return complain(problem, "unable to prepare session tickets");
  return 0;
}

static void set_callbacks(struct server_context *c)
{
  SSL_CTX_set_cert_cb(c->ssl, on_certificate, c);
  SSL_CTX_set_tlsext_servername_callback(c->ssl, on_hello);
  SSL_CTX_set_tlsext_servername_arg(c->ssl, c);
  SSL_CTX_set_tlsext_status_cb(c->ssl, on_status);
}

struct server_context *server_context_new(struct tls_policy const *p, struct material const *m,
                                          struct tickets const *tickets, char problem[CONTEXT_PROBLEM_SIZE])
{
  struct server_context *c = allocate();
  problem[0] = '\0';
  if (!c) {
    complain(problem, "unable to start OpenSSL");
    return NULL;
  }
  set_callbacks(c);
  if (policy_apply(c->ssl, p, true, problem) == 0 && use_protocols(c, p, problem) == 0 &&
      add_identities(c, p, m, problem) == 0 && (sort_identities(c), true) &&
      index_identities(c, p, problem) == 0 && use_default(c, problem) == 0 &&
      use_sessions(c, p, m, tickets, problem) == 0 && (!p->verify || demand_certificates(c, m, problem) == 0))
    return c;
  server_context_free(c);
  return NULL;
}

void server_context_check_dates(struct server_context const *c, time_t now,
                                void (*warning)(char const *file, char const *text))
{
  for (size_t i = 0; i < c->count; i++) {
    char const *text = identity_outdated(&c->identity[i], now);
    if (text)
      warning(c->identity[i].file, text);
  }
}

SSL_CTX *server_context_ssl(struct server_context const *c)
{
  return c->ssl;
}

void server_context_free(struct server_context *c)
{
  if (c)
    SSL_CTX_free(c->ssl);
}

/* --- A client ---------------------------------------------------------------------------------------------- */

static bool has_part(struct material const *m, enum material_role role, struct material_part *part)
{
  size_t position = 0;
  while (material_next(m, &position, part))
    if (part->role == role)
      return true;
  return false;
}

static int use_own_certificate(SSL_CTX *context, struct material const *m, char problem[CONTEXT_PROBLEM_SIZE])
{
  struct material_part part;
  struct identity i;
  int result = 0;
  if (!has_part(m, MATERIAL_CERTIFICATE, &part))
    return 0;
  if (identity_parse(&i, &part, problem, CONTEXT_PROBLEM_SIZE) == -1)
    return -1;
  if (SSL_CTX_use_cert_and_key(context, i.certificate, i.key, i.chain, 1) != 1)
    result = complain_of_file(problem, i.file);
  identity_free(&i);
  return result;
}

static int trust_system(SSL_CTX *context, struct material const *m, char problem[CONTEXT_PROBLEM_SIZE])
{
  if (SSL_CTX_set_default_verify_paths(context) != 1)
    return complain(problem, "unable to read the system's CAs");
  return trust_add(SSL_CTX_get_cert_store(context), NULL, m, problem, CONTEXT_PROBLEM_SIZE) == -1 ? -1 : 0;
}

static int verify_servers(SSL_CTX *context, struct material const *m, char problem[CONTEXT_PROBLEM_SIZE])
{
  struct material_part part;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  return has_part(m, MATERIAL_AUTHORITIES, &part) ? trust_only(context, m, NULL, problem)
                                                  : trust_system(context, m, problem);
}

static int offer_protocols(SSL_CTX *context, struct tls_policy const *p, char problem[CONTEXT_PROBLEM_SIZE])
{
  struct protocols protocols;
  int result = 0;
  if (policy_protocols(&protocols, p, problem) == -1)
    return -1;
  /* This one returns 0 for success. */
  if (protocols.list && SSL_CTX_set_alpn_protos(context, protocols.list, protocols.size) != 0)
    result = complain(problem, "unable to offer protocols");
  free(protocols.list);
  return result;
}

SSL_CTX *client_context_new(struct tls_policy const *p, struct material const *m,
                            char problem[CONTEXT_PROBLEM_SIZE])
{
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  problem[0] = '\0';
  if (!context) {
    complain(problem, "unable to start OpenSSL");
    return NULL;
  }
  if (policy_apply(context, p, false, problem) == 0 && offer_protocols(context, p, problem) == 0 &&
      use_own_certificate(context, m, problem) == 0 &&
      (!p->verify || verify_servers(context, m, problem) == 0))
    return context;
  SSL_CTX_free(context);
  return NULL;
}

/* Of an interface nothing is in certificates. */
static bool parse_address(struct address *a, char const *host)
{
  char text[HOSTNAME_SIZE];
  if (!span_copy(text, sizeof text, (struct span){host, strcspn(host, "%")}) || !address_parse(a, text))
    return false;
  address_unmap(a);
  return true;
}

int client_expects(SSL *ssl, char const *host, bool verify)
{
  char name[HOSTNAME_SIZE];
  struct address a;
  if (verify)
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
  if (parse_address(&a, host))
    return !verify || X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), a.octet, address_bits(&a) / 8) == 1 ? 0
                                                                                                         : -1;
  if (!hostname_clean(name, host) || SSL_set_tlsext_host_name(ssl, name) != 1)
    return -1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return !verify || SSL_set1_host(ssl, name) == 1 ? 0 : -1;
}
