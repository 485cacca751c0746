/* policy.c - see policy.h: what is offered, and why, in tables. */
#include "policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#include <asm/hwcap.h>
#endif

__attribute__((format(printf, 2, 3))) static int complain(char problem[CONTEXT_PROBLEM_SIZE],
                                                          char const *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(problem, CONTEXT_PROBLEM_SIZE, format, arguments);
  va_end(arguments);
  ERR_clear_error();
  return -1;
}

/* --- Versions ---------------------------------------------------------------------------------------------- */

/* -M names the lowest version; the highest is always the best that both sides have. */
struct version {
  char const *name;
  int lowest; /* 0: OpenSSL does not speak it any more */
};
static struct version const versions[] = {{"SSLv23", TLS1_2_VERSION},
                                          {"TLSv1", TLS1_VERSION},
                                          {"TLSv1_1", TLS1_1_VERSION},
                                          {"TLSv1_2", TLS1_2_VERSION},
                                          {"TLSv1_3", TLS1_3_VERSION},
                                          {"SSLv2", 0},
                                          {"SSLv3", 0}};

static struct version const *version_of(struct tls_policy const *p)
{
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
    if (strcmp(versions[i].name, p->version ? p->version : "SSLv23") == 0)
      return &versions[i];
  return NULL;
}

static int apply_version(SSL_CTX *context, int lowest, char const *name, char problem[CONTEXT_PROBLEM_SIZE])
{
  /* One that OpenSSL was built without it takes for the next, silently. */
  if (SSL_CTX_set_min_proto_version(context, lowest) != 1 ||
      SSL_CTX_get_min_proto_version(context) != lowest || SSL_CTX_set_max_proto_version(context, 0) != 1)
    return complain(problem, "-M %s: OpenSSL was built without it", name);
  /* What TLS 1.0 and 1.1 sign with, no other level allows. */
  if (lowest < TLS1_2_VERSION)
    SSL_CTX_set_security_level(context, 0);
  return 0;
}

/* --- Ciphers ----------------------------------------------------------------------------------------------- */

/* Forward secrecy and authenticated encryption, nothing else; AES first where the processor has it (and below, whatever
 * a client that has not would rather have). */
struct suites {
  char const *new, *old;
};
static struct suites const with_aes = {
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"};
static struct suites const without_aes = {
    "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"};
/* TLS 1.0 and 1.1 have no authenticated encryption: the best that they have. */
#define OLDEST                                                                                               \
  ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:"                \
  "DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA"
/* Whatever is asked for: without either there would be no TLS. */
#define NEVER ":!aNULL:!eNULL"

static bool machine_has_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("aes");
#elif defined(__aarch64__) && defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
  return false;
#endif
}

/* Names of TLS 1.3 begin so; those that others give to older ones have "_WITH_" in them. */
static bool is_new_suite(char const *name, size_t len)
{
  return len > 4 && memcmp(name, "TLS_", 4) == 0 && !memmem(name, len, "_WITH_", 6);
}

/* -f in two: OpenSSL has a list for TLS 1.3 and one for all before. */
struct split {
  char *new, *old;
};

static void add_name(char *list, char const *name, size_t len)
{
  size_t at = strlen(list);
  if (at > 0)
    list[at++] = ':';
  memcpy(list + at, name, len);
  list[at + len] = '\0';
}

static int split_ciphers(struct split *s, char const *list)
{
  static char const separators[] = ":, ;";
  s->new = calloc(1, strlen(list) + 2);
  s->old = calloc(1, strlen(list) + 2 + sizeof NEVER);
  if (!s->new || !s->old)
    return -1;
  for (char const *at = list + strspn(list, separators); *at; at += strspn(at, separators)) {
    size_t len = strcspn(at, separators);
    add_name(is_new_suite(at, len) ? s->new : s->old, at, len);
    at += len;
  }
  return 0;
}

static bool knows_suite(SSL_CTX *context, char const *name)
{
  STACK_OF(SSL_CIPHER) * all;
  if (SSL_CTX_set_ciphersuites(context, name) != 1)
    return false;
  all = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(all); i++)
    if (strcmp(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(all, i)), name) == 0)
      return true;
  return false;
}

/* OpenSSL would pass over those that it does not know. */
static int apply_new(SSL_CTX *context, char *list, char problem[CONTEXT_PROBLEM_SIZE])
{
  char name[64];
  for (char const *at = list; *at; at += strspn(at, ":")) {
    size_t len = strcspn(at, ":");
    int fits = snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name), at);
    if (fits >= (int)sizeof name || !knows_suite(context, name))
      return complain(problem, "-f %s: OpenSSL knows no such suite of TLS 1.3", name);
    at += len;
  }
  return SSL_CTX_set_ciphersuites(context, list) == 1 ? 0
                                                      : complain(problem, "-f %s: OpenSSL refuses it", list);
}

/* OpenSSL has nothing under these any more; that it knows them shows that they are no slips. */
static bool is_retired(char const *keyword)
{
  static char const *const all[] = {"MEDIUM", "LOW", "EXP", "EXPORT", "SSLv2", "3DES",
                                    "DES",    "RC4", "RC2", "IDEA",   "SEED"};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (strcmp(all[i], keyword) == 0)
      return true;
  return false;
}

/* Of a list it passes over what it does not know: with a slip in the first name, the second best would be used. What is
 * taken out of a list may be unknown. */
static int check_old(char const *list, char problem[CONTEXT_PROBLEM_SIZE])
{
  SSL_CTX *scratch = SSL_CTX_new(TLS_method());
  char name[128];
  int result = scratch ? 0 : complain(problem, "memory is short");
  for (char const *at = list; result == 0 && *at; at += strspn(at, ":")) {
    size_t len = strcspn(at, ":");
    int size = snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name), at);
    if (!strchr("!-+@", name[0]) && !is_retired(name) &&
        (size >= (int)sizeof name || SSL_CTX_set_cipher_list(scratch, name) != 1))
      result = complain(problem, "-f %s: OpenSSL knows no such cipher", name);
    at += len;
  }
  SSL_CTX_free(scratch);
  ERR_clear_error();
  return result;
}

/* Does what is left after versions and security level have had their say have any for TLS 1.2 or before? */
static bool has_old(SSL_CTX *context)
{
  SSL *ssl = SSL_new(context);
  STACK_OF(SSL_CIPHER) *left = ssl ? SSL_get1_supported_ciphers(ssl) : NULL;
  bool found = false;
  for (int i = 0; i < sk_SSL_CIPHER_num(left); i++)
    found |= strcmp(SSL_CIPHER_get_version(sk_SSL_CIPHER_value(left, i)), "TLSv1.3") != 0;
  sk_SSL_CIPHER_free(left);
  SSL_free(ssl);
  return found;
}

static int apply_old(SSL_CTX *context, char const *asked, char *list, char problem[CONTEXT_PROBLEM_SIZE])
{
  if (check_old(list, problem) == -1)
    return -1;
  memcpy(list + strlen(list), NEVER, sizeof NEVER);
  if (SSL_CTX_set_cipher_list(context, list) != 1 || !has_old(context))
    return complain(problem, "-f %s: no cipher in it can be used with these versions of TLS", asked);
  return 0;
}

/* A list without names of TLS 1.3 says nothing about TLS 1.3; one with nothing else wants nothing else. */
static int apply_asked(SSL_CTX *context, struct tls_policy const *p, char problem[CONTEXT_PROBLEM_SIZE])
{
  struct split s = {NULL, NULL};
  int result = 0;
  if (split_ciphers(&s, p->ciphers) == -1)
    result = complain(problem, "memory is short");
  else if (!*s.new && !*s.old)
    result = complain(problem, "-f: there is no cipher in the list");
  if (result == 0 && *s.new)
    result = apply_new(context, s.new, problem);
  if (result == 0 && *s.old)
    result = apply_old(context, p->ciphers, s.old, problem);
  else if (result == 0 && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1)
    result = complain(problem, "-f %s: OpenSSL refuses it", p->ciphers);
  free(s.new);
  free(s.old);
  return result;
}

static int apply_ciphers(SSL_CTX *context, struct tls_policy const *p, int lowest,
                         char problem[CONTEXT_PROBLEM_SIZE])
{
  struct suites const *preferred = machine_has_aes() ? &with_aes : &without_aes;
  char old[1024];
  snprintf(old, sizeof old, "%s%s", preferred->old, lowest < TLS1_2_VERSION ? OLDEST : "");
  if (SSL_CTX_set_ciphersuites(context, preferred->new) != 1 || SSL_CTX_set_cipher_list(context, old) != 1)
    return complain(problem, "OpenSSL lacks the usual ciphers");
  return p->ciphers ? apply_asked(context, p, problem) : 0;
}

/* --- Protocols --------------------------------------------------------------------------------------------- */

enum { PROTOCOL_MAX = 255, PROTOCOLS_MAX = 4096 };

static bool is_printable(char const *text, size_t len)
{
  for (size_t i = 0; i < len; i++)
    if (text[i] <= ' ' || text[i] > '~')
      return false;
  return true;
}

int policy_protocols(struct protocols *out, struct tls_policy const *p, char problem[CONTEXT_PROBLEM_SIZE])
{
  out->list = NULL;
  out->size = 0;
  if (!p->alpn)
    return 0;
  if (strlen(p->alpn) > PROTOCOLS_MAX)
    return complain(problem, "-e: the list is longer than %d octets", PROTOCOLS_MAX);
  out->list = malloc(strlen(p->alpn) + 1);
  if (!out->list)
    return complain(problem, "memory is short");
  /* As many commas as protocols but one, so it is as long as the list with a length before each. */
  for (char const *at = p->alpn;; at++) {
    size_t len = strcspn(at, ",");
    if (len == 0 || len > PROTOCOL_MAX || !is_printable(at, len)) {
      free(out->list);
      out->list = NULL;
      return complain(problem, "-e %.300s: a protocol's name has 1 to 255 printable octets", p->alpn);
    }
    out->list[out->size] = (unsigned char)len;
    memcpy(out->list + out->size + 1, at, len);
    out->size += (unsigned int)len + 1;
    at += len;
    if (!*at)
      return 0;
  }
}

/* --- All of it --------------------------------------------------------------------------------------------- */

static void apply_options(SSL_CTX *context, struct tls_policy const *p, bool server)
{
  /* Chains are sent as files have them: looking for one at each handshake costs more than the handshake. */
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION);
  SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_LEGACY_SERVER_CONNECT |
                                     SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  SSL_CTX_set_options(context,
                      p->renegotiation ? SSL_OP_ALLOW_CLIENT_RENEGOTIATION : SSL_OP_NO_RENEGOTIATION);
  /* A client's process ends with its connection. */
  if (p->no_tickets || !server)
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  if (server) {
    /* Where our order has AES first: a client that would rather not has no AES in its processor. */
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_num_tickets(context, p->no_tickets ? 0 : 1);
    SSL_CTX_set_dh_auto(context, 1);
  }
}

int policy_apply(SSL_CTX *context, struct tls_policy const *p, bool server,
                 char problem[CONTEXT_PROBLEM_SIZE])
{
  struct version const *version = version_of(p);
  if (!version)
    return complain(problem, "-M %.100s: not one of SSLv23, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3", p->version);
  if (version->lowest == 0)
    return complain(problem, "-M %s: OpenSSL does not speak it any more, for it is not safe", version->name);
  apply_options(context, p, server);
  if (apply_version(context, version->lowest, version->name, problem) == -1 ||
      apply_ciphers(context, p, version->lowest, problem) == -1)
    return -1;
  if (SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1)
    return complain(problem, "OpenSSL lacks the usual groups");
  return 0;
}
