/* Unit tests for src/tls's context, and all that it is made of: what is agreed on in handshakes within this process,
 * with the certificates of tests/tls/make-certificates. The clock is the test's own. */
#include "context.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "facts.h"
#include "sni.h"
#include "tap.h"

/* What OpenSSL and src/tls ask for the time. */
static time_t clock_offset_s;

time_t time(time_t *out)
{
  struct timespec now;
  time_t seconds = clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec + clock_offset_s : -1;
  if (out)
    *out = seconds;
  return seconds;
}

static void must(bool condition, char const *what)
{
  if (condition)
    return;
  perror(what);
  ERR_print_errors_fp(stdout);
  exit(111);
}

static void run(char const *command)
{
  must(system(command) == 0, command);
}

/* --- Contexts ---------------------------------------------------------------------------------------------- */

static char problem[CONTEXT_PROBLEM_SIZE];
static struct tickets tickets;

static struct material load(char const *certificate, char const *authorities, char const *revocations)
{
  struct material_files f = {certificate, authorities, revocations};
  struct material m;
  int fd = material_read(&f, problem, NULL);
  must(fd != -1 && material_open(&m, fd) == 0, problem);
  close(fd);
  return m;
}

static struct server_context *server(struct tls_policy const *p, char const *certificate,
                                     char const *authorities, char const *revocations)
{
  struct material m = load(certificate, authorities, revocations);
  struct server_context *c = server_context_new(p, &m, &tickets, problem);
  material_close(&m);
  if (!c)
    ok(ERR_peek_error() == 0, "no error is left in the queue");
  return c;
}

static struct server_context *sound_server(struct tls_policy const *p, char const *certificate,
                                           char const *authorities, char const *revocations)
{
  struct server_context *c = server(p, certificate, authorities, revocations);
  must(c != NULL, problem);
  return c;
}

static SSL_CTX *client(struct tls_policy const *p, char const *certificate, char const *authorities,
                       char const *revocations)
{
  struct material m = load(certificate, authorities, revocations);
  SSL_CTX *c = client_context_new(p, &m, problem);
  material_close(&m);
  return c;
}

static SSL_CTX *sound_client(struct tls_policy const *p, char const *certificate, char const *authorities)
{
  SSL_CTX *c = client(p, certificate, authorities, NULL);
  must(c != NULL, problem);
  return c;
}

/* One that takes whatever it gets, to see what that is. */
static SSL_CTX *any_client(void)
{
  SSL_CTX *c = SSL_CTX_new(TLS_client_method());
  must(c != NULL, "client");
  SSL_CTX_set_security_level(c, 0);
  SSL_CTX_set_min_proto_version(c, TLS1_VERSION);
  return c;
}

/* --- Handshakes -------------------------------------------------------------------------------------------- */

struct talk {
  SSL *server, *client;
  int server_error, client_error; /* of SSL_R_, 0: none */
};

static struct talk talk_new(SSL_CTX *of_server, SSL_CTX *of_client)
{
  struct talk t = {SSL_new(of_server), SSL_new(of_client), 0, 0};
  BIO *left = NULL, *right = NULL;
  must(t.server && t.client && BIO_new_bio_pair(&left, 1 << 18, &right, 1 << 18) == 1, "talk");
  SSL_set_bio(t.server, left, left);
  SSL_set_bio(t.client, right, right);
  SSL_set_accept_state(t.server);
  SSL_set_connect_state(t.client);
  return t;
}

/* One side goes as far as it gets. Returns true when it is done, or has failed. */
static bool step(SSL *ssl, int *error)
{
  int result;
  ERR_clear_error();
  result = SSL_do_handshake(ssl);
  if (result != 1 && SSL_get_error(ssl, result) == SSL_ERROR_SSL)
    *error = ERR_GET_REASON(ERR_peek_error());
  ERR_clear_error();
  return result == 1 || *error;
}

static bool shake(struct talk *t)
{
  char octet;
  bool server_done = false, client_done = false;
  for (int i = 0; i < 20 && !(server_done && client_done); i++) {
    client_done = step(t->client, &t->client_error);
    server_done = step(t->server, &t->server_error);
  }
  if (t->client_error || t->server_error || !server_done || !client_done)
    return false;
  /* Tickets come after the handshake, and in TLS 1.3 refusals of the client's certificate. */
  must(SSL_write(t->server, "x", 1) == 1, "write");
  return SSL_read(t->client, &octet, 1) == 1;
}

static void talk_free(struct talk *t)
{
  SSL_free(t->server);
  SSL_free(t->client);
}

static struct talk talk(struct server_context *s, SSL_CTX *of_client, char const *name)
{
  struct talk t = talk_new(server_context_ssl(s), of_client);
  if (name)
    must(SSL_set_tlsext_host_name(t.client, name) == 1, name);
  shake(&t);
  return t;
}

static bool is_agreed(struct talk const *t)
{
  return SSL_is_init_finished(t->server) && SSL_is_init_finished(t->client) && !t->server_error &&
         !t->client_error;
}

/* The common name, or first alternative name, of the server's certificate. */
static char const *served(struct talk const *t)
{
  static char name[128];
  X509 *certificate = SSL_get0_peer_certificate(t->client);
  if (!certificate)
    return "nothing";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return name;
}

/* --- Policy ------------------------------------------------------------------------------------------------ */

static void test_policy_check(void)
{
  static struct {
    struct tls_policy policy;
    char const *problem;
  } const all[] = {
      {{0}, ""},
      {{.version = "SSLv23"}, ""},
      {{.version = "TLSv1"}, ""},
      {{.version = "TLSv1_1"}, ""},
      {{.version = "TLSv1_2"}, ""},
      {{.version = "TLSv1_3"}, ""},
      {{.version = "SSLv3"}, "-M SSLv3: OpenSSL does not speak it any more, for it is not safe"},
      {{.version = "SSLv2"}, "-M SSLv2: OpenSSL does not speak it any more, for it is not safe"},
      {{.version = "tlsv1"}, "-M tlsv1: not one of SSLv23, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3"},
      {{.version = ""}, "-M : not one of SSLv23, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3"},
      {{.ciphers = "HIGH"}, ""},
      {{.ciphers = "HIGH:!aNULL:!MD5:@STRENGTH"}, ""},
      {{.ciphers = "TLS_AES_128_GCM_SHA256"}, ""},
      {{.ciphers = "TLS_AES_128_GCM_SHA256:ECDHE+AESGCM"}, ""},
      {{.ciphers = "ECDHE+AESGCM,TLS_CHACHA20_POLY1305_SHA256 TLS_AES_256_GCM_SHA384"}, ""},
      {{.ciphers = "HIGH:MEDIUM:!RC4:!EXP:!NONSENSE:-3DES:+AES256:@SECLEVEL=2"}, ""},
      {{.ciphers = "NONSENSE"}, "-f NONSENSE: OpenSSL knows no such cipher"},
      {{.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA348:HIGH"},
       "-f ECDHE-ECDSA-AES256-GCM-SHA348: OpenSSL knows no such cipher"},
      {{.ciphers = "HIGH:AESGCM+NONE"}, "-f AESGCM+NONE: OpenSSL knows no such cipher"},
      {{.ciphers = "MEDIUM"}, "-f MEDIUM: no cipher in it can be used with these versions of TLS"},
      {{.ciphers = "HIGH:@SECLEVEL=9"},
       "-f HIGH:@SECLEVEL=9: no cipher in it can be used with these versions of TLS"},
      {{.ciphers = "aNULL"}, "-f aNULL: no cipher in it can be used with these versions of TLS"},
      {{.ciphers = "eNULL"}, "-f eNULL: no cipher in it can be used with these versions of TLS"},
      {{.ciphers = ""}, "-f: there is no cipher in the list"},
      {{.ciphers = ":,"}, "-f: there is no cipher in the list"},
      {{.ciphers = "TLS_AES_128_GCM_SHA999"},
       "-f TLS_AES_128_GCM_SHA999: OpenSSL knows no such suite of TLS 1.3"},
      {{.ciphers = "TLS_AES_128_GCM_SHA256:TLS_NONE"}, "-f TLS_NONE: OpenSSL knows no such suite of TLS 1.3"},
      {{.ciphers = "ECDHE+AESGCM", .version = "TLSv1_3"},
       "-f ECDHE+AESGCM: no cipher in it can be used with these versions of TLS"},
      {{.ciphers = "AES128-SHA", .version = "TLSv1"}, ""},
      {{.alpn = "smtp"}, ""},
      {{.alpn = "h2,http/1.1"}, ""},
      {{.alpn = ""}, "-e : a protocol's name has 1 to 255 printable octets"},
      {{.alpn = "h2,,http/1.1"}, "-e h2,,http/1.1: a protocol's name has 1 to 255 printable octets"},
      {{.alpn = "h2,"}, "-e h2,: a protocol's name has 1 to 255 printable octets"},
      {{.alpn = "h 2"}, "-e h 2: a protocol's name has 1 to 255 printable octets"},
  };
  char longest[600];
  struct tls_policy p = {.alpn = longest};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    char name[128];
    snprintf(name, sizeof name, "policy %zu: -f %s -M %s -e %s", i,
             all[i].policy.ciphers ? all[i].policy.ciphers : "none",
             all[i].policy.version ? all[i].policy.version : "none",
             all[i].policy.alpn ? all[i].policy.alpn : "none");
    ok(tls_policy_check(&all[i].policy, problem) == (*all[i].problem == '\0'), "%s", name);
    is_string(problem, all[i].problem, "... and it is said why not");
  }
  memset(longest, 'a', sizeof longest);
  longest[255] = '\0';
  ok(tls_policy_check(&p, problem), "a protocol's name may be 255 octets long");
  longest[255] = 'a';
  longest[256] = '\0';
  ok(!tls_policy_check(&p, problem), "... and not longer");
  memset(longest, 'a', sizeof longest);
  longest[sizeof longest - 1] = '\0';
  p = (struct tls_policy){.ciphers = longest, .version = longest};
  ok(!tls_policy_check(&p, problem), "a version's name of any length is refused");
  p.version = NULL;
  memcpy(longest, "TLS_", 4);
  ok(!tls_policy_check(&p, problem), "... and a suite's");
  ok(ERR_peek_error() == 0, "no error is left in the queue");
}

static bool speaks(struct server_context *s, int version)
{
  SSL_CTX *c = any_client();
  struct talk t;
  bool agreed;
  SSL_CTX_set_min_proto_version(c, version);
  SSL_CTX_set_max_proto_version(c, version);
  t = talk(s, c, NULL);
  agreed = is_agreed(&t) && SSL_version(t.server) == version;
  talk_free(&t);
  SSL_CTX_free(c);
  return agreed;
}

static void test_versions(void)
{
  static struct {
    char const *option;
    int lowest;
  } const all[] = {{NULL, TLS1_2_VERSION},      {"SSLv23", TLS1_2_VERSION},  {"TLSv1", TLS1_VERSION},
                   {"TLSv1_1", TLS1_1_VERSION}, {"TLSv1_2", TLS1_2_VERSION}, {"TLSv1_3", TLS1_3_VERSION}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    struct tls_policy p = {.version = all[i].option};
    struct server_context *s = sound_server(&p, "server.pem", NULL, NULL);
    for (int version = TLS1_VERSION; version <= TLS1_3_VERSION; version++)
      ok(speaks(s, version) == (version >= all[i].lowest), "-M %s, TLS 1.%d: %s",
         all[i].option ? all[i].option : "none", version - TLS1_VERSION,
         version >= all[i].lowest ? "spoken" : "refused");
    server_context_free(s);
  }
}

/* What is agreed on with a client that has these ciphers (TLS 1.2 and before) or suites. */
static char const *cipher_for(struct server_context *s, char const *ciphers, char const *suites)
{
  SSL_CTX *c = any_client();
  struct talk t;
  char const *name;
  if (ciphers) {
    SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(c, ciphers);
  } else
    SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
  if (suites)
    SSL_CTX_set_ciphersuites(c, suites);
  t = talk(s, c, NULL);
  name = is_agreed(&t) ? SSL_get_cipher_name(t.server) : "none";
  talk_free(&t);
  SSL_CTX_free(c);
  return name;
}

#define CHACHA_FIRST "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define CHACHA_LAST  "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"

static void test_ciphers(void)
{
  struct tls_policy p = {0};
  struct server_context *s = sound_server(&p, "server.pem", NULL, NULL);
  ok(strcmp(cipher_for(s, "ALL", NULL), "none") != 0, "usual clients of TLS 1.2 are served");
  is_string(cipher_for(s, "ALL:!ECDHE:!DHE:@SECLEVEL=0", NULL), "none", "none without forward secrecy");
  is_string(cipher_for(s, "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA", NULL), "none",
            "none without authenticated encryption");
  is_string(cipher_for(s, "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256", NULL),
            "ECDHE-ECDSA-CHACHA20-POLY1305", "a client without AES gets what it prefers");
  is_string(cipher_for(s, NULL, CHACHA_FIRST), "TLS_CHACHA20_POLY1305_SHA256", "... in TLS 1.3, too");
#if defined(__x86_64__)
  if (__builtin_cpu_supports("aes")) {
    is_string(cipher_for(s, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256", NULL),
              "ECDHE-ECDSA-AES128-GCM-SHA256", "else the server's order counts");
    is_string(cipher_for(s, NULL, CHACHA_LAST), "TLS_AES_128_GCM_SHA256", "... in TLS 1.3, too");
  }
#endif
  server_context_free(s);

  p.ciphers = "TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384";
  s = sound_server(&p, "server.pem", NULL, NULL);
  is_string(cipher_for(s, "ALL", NULL), "ECDHE-ECDSA-AES256-GCM-SHA384", "-f is followed in TLS 1.2");
  is_string(cipher_for(s, NULL, NULL), "TLS_AES_256_GCM_SHA384", "... and in TLS 1.3");
  is_string(cipher_for(s, NULL, "TLS_AES_128_GCM_SHA256"), "none", "... which has nothing else then");
  server_context_free(s);

  p.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  s = sound_server(&p, "server.pem", NULL, NULL);
  is_string(cipher_for(s, NULL, "TLS_AES_128_GCM_SHA256"), "TLS_AES_128_GCM_SHA256",
            "a list without suites of TLS 1.3 leaves that as it is");
  server_context_free(s);

  p.ciphers = "TLS_AES_256_GCM_SHA384";
  s = sound_server(&p, "server.pem", NULL, NULL);
  ok(!speaks(s, TLS1_2_VERSION) && speaks(s, TLS1_3_VERSION), "one with nothing else leaves TLS 1.2 out");
  server_context_free(s);

  p = (struct tls_policy){.version = "TLSv1", .ciphers = "ALL:COMPLEMENTOFALL"};
  s = sound_server(&p, "server.pem", NULL, NULL);
  is_string(cipher_for(s, "aNULL:@SECLEVEL=0", NULL), "none", "no list lets a cipher without certificate in");
  is_string(cipher_for(s, "eNULL:@SECLEVEL=0", NULL), "none", "... nor one without encryption");
  server_context_free(s);
}

static bool group_works(struct server_context *s, char const *groups)
{
  SSL_CTX *c = any_client();
  struct talk t;
  bool agreed;
  must(SSL_CTX_set1_groups_list(c, groups) == 1, groups);
  t = talk(s, c, NULL);
  agreed = is_agreed(&t);
  ok(!agreed || !SSL_get_current_compression(t.server), "nothing is compressed");
  talk_free(&t);
  SSL_CTX_free(c);
  return agreed;
}

static void test_groups(void)
{
  struct tls_policy p = {0};
  struct server_context *s = sound_server(&p, "server.pem", NULL, NULL);
  ok(group_works(s, "X25519") && group_works(s, "P-256") && group_works(s, "P-384"),
     "each of three groups is enough");
  ok(!group_works(s, "P-521"), "one that is not among them is not");
  server_context_free(s);
}

/* The client asks to begin anew, in TLS 1.2. */
static bool renegotiates(bool allowed)
{
  struct tls_policy p = {.renegotiation = allowed};
  struct server_context *s = sound_server(&p, "server.pem", NULL, NULL);
  SSL_CTX *c = any_client();
  struct talk t;
  bool done;
  char octet;
  unsigned char before[64], after[64];
  SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION);
  t = talk(s, c, NULL);
  must(is_agreed(&t) && SSL_get_finished(t.server, before, sizeof before) > 0 &&
           SSL_renegotiate(t.client) == 1,
       "renegotiate");
  for (int i = 0; i < 10; i++) {
    step(t.client, &t.client_error);
    SSL_read(t.server, &octet, 1);
    SSL_read(t.client, &octet, 1);
  }
  ERR_clear_error();
  done = SSL_is_init_finished(t.server) && SSL_get_finished(t.server, after, sizeof after) > 0 &&
         memcmp(before, after, 12) != 0;
  talk_free(&t);
  SSL_CTX_free(c);
  server_context_free(s);
  return done;
}

static void test_renegotiation(void)
{
  ok(!renegotiates(false), "clients may not begin anew");
  ok(renegotiates(true), "... unless -N says so");
}

/* --- Certificates ------------------------------------------------------------------------------------------ */

static void test_problems(void)
{
  static struct {
    char const *certificate, *problem;
  } const all[] = {
      {"server-mismatch.pem", "the private key in it is not that of the first certificate"},
      {"server-encrypted.pem",
       "the private key in it is protected by a passphrase, and nobody is here to type it in"},
      {"old-encrypted.pem",
       "the private key in it is protected by a passphrase, and nobody is here to type it in"},
      {"server-two-keys.pem", "there is more than one private key in it"},
      {"no-key.pem", "there is no private key in it"},
      {"no-certificate.pem", "there is no certificate in it"},
      {"garbage.pem", "there is no certificate in it"},
      {"empty.pem", "there is no certificate in it"},
      {"cut.pem", "it is no sound PEM file: bad end line"},
      {"broken-key.pem", "the private key in it is broken: "},
      {"broken-certificate.pem", "a certificate in it is broken: "},
      {"bad-base64.pem", "it is no sound PEM file: bad base64 decode"},
      {"small.pem", "ee key too small"},
      {"other-type.pem", "the private key in it is not that of the first certificate"},
  };
  static char const *const fine[] = {"server.pem",          "server-rsa.pem",     "server-chain.pem",
                                     "server-key-last.pem", "server-expired.pem", "with-parameters.pem",
                                     "old-ec.pem",          "old-rsa.pem",        "ed25519.pem",
                                     "rsa-pss.pem"};
  struct tls_policy p = {0};
  struct server_context *s;
  run("openssl ec -in server.key -aes128 -passout pass:secret -out old-encrypted.pem 2> log && "
      "cat server.crt >> old-encrypted.pem");
  run("printf -- '-----BEGIN PRIVATE KEY-----\\nTUlH\\n-----END PRIVATE KEY-----\\n' > broken-key.pem && "
      "cat server.crt >> broken-key.pem");
  run("{ cat server.key; printf -- '-----BEGIN CERTIFICATE-----\\nTUlH\\n-----END CERTIFICATE-----\\n'; } > "
      "broken-certificate.pem");
  run("sed 's/^MII.*/****/; s/^MIG.*/****/' server.pem > bad-base64.pem");
  run("openssl req -x509 -newkey rsa:1024 -nodes -keyout small.key -subj /CN=small -out small.crt 2> log && "
      "cat small.key small.crt > small.pem");
  run("{ openssl ecparam -name prime256v1; echo text; cat server.pem; } > with-parameters.pem");
  run("cat server-rsa.key server.crt > other-type.pem");
  run("{ openssl ec -in server.key; cat server.crt; } > old-ec.pem 2> log");
  run("{ openssl rsa -traditional -in server-rsa.key; cat server-rsa.crt; } > old-rsa.pem 2> log");
  run("openssl req -x509 -newkey ed25519 -nodes -keyout a -subj /CN=a -out b 2> log && cat a b > "
      "ed25519.pem");
  run("openssl genpkey -algorithm RSA-PSS -out a 2> log && openssl req -x509 -key a -subj /CN=a -out b 2> "
      "log && "
      "cat a b > rsa-pss.pem");
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    char expected[256], got[CONTEXT_PROBLEM_SIZE];
    s = server(&p, all[i].certificate, NULL, NULL);
    ok(!s, "%s is refused", all[i].certificate);
    snprintf(expected, sizeof expected, "unable to use %s: %s", all[i].certificate, all[i].problem);
    snprintf(got, sizeof got, "%s", problem);
    if (expected[strlen(expected) - 1] == ' ' && strlen(got) > strlen(expected))
      got[strlen(expected)] = '\0';
    is_string(got, expected, "... and it is said why");
    server_context_free(s);
  }
  for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
    s = server(&p, fine[i], NULL, NULL);
    ok(s != NULL, "%s is taken", fine[i]);
    server_context_free(s);
  }
  ok(!server(&p, NULL, NULL, NULL), "there must be a certificate");
  is_string(problem, "there is no certificate", "... which is said");
  p.verify = true;
  ok(!server(&p, "server.pem", NULL, NULL), "who verifies clients must have a CA");
  is_string(problem, "unable to verify certificates: there is no CA", "... which is said");
  ok(!server(&p, "server.pem", "garbage.pem", NULL), "... in its file");
  is_string(problem, "unable to use garbage.pem: there is no certificate in it", "... else it is named");
  ok(!server(&p, "server.pem", "broken-certificate.pem", NULL) && !server(&p, "server.pem", "cut.pem", NULL),
     "... and sound");
  ok(!server(&p, "server.pem", "ca.pem", "ca.pem"), "CAs are no revocations");
  is_string(problem, "unable to use ca.pem: there is no list of revocations (X509 CRL) in it",
            "... which is said");
  run("head -c 200 crl.pem > cut-crl.pem");
  ok(!server(&p, "server.pem", "ca.pem", "cut-crl.pem"), "half a list is none");
}

static void test_chain(void)
{
  struct tls_policy p = {0}, strict = {.verify = true};
  struct server_context *s = sound_server(&p, "server-chain.pem", NULL, NULL);
  SSL_CTX *c = sound_client(&strict, NULL, "ca.pem");
  struct talk t = talk(s, c, NULL);
  ok(is_agreed(&t) && sk_X509_num(SSL_get_peer_cert_chain(t.client)) == 2, "the chain is sent as it is");
  talk_free(&t);
  server_context_free(s);
  s = sound_server(&p, "server-chain-short.pem", NULL, NULL);
  t = talk(s, c, NULL);
  ok(!is_agreed(&t) && SSL_get_verify_result(t.client) == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "... and what is not in the file is not");
  talk_free(&t);
  server_context_free(s);
  SSL_CTX_free(c);
  run("cat ca.pem intermediate.pem > both-cas.pem");
  s = sound_server(&strict, "server-chain-short.pem", "both-cas.pem", NULL);
  c = any_client();
  t = talk(s, c, NULL);
  ok(sk_X509_num(SSL_get_peer_cert_chain(t.client)) == 1, "... even if it is among the CAs of clients");
  talk_free(&t);
  server_context_free(s);
  SSL_CTX_free(c);
}

static void make_folder(void)
{
  run("rm -rf folder && mkdir folder && for n in server server-wildcard server-partial server-cn "
      "server-address "
      "server-cn-ignored; do cp $n.pem folder/$n.pem; done && cp server-wrong-host.pem folder/default.pem");
}

static void test_names(void)
{
  static struct {
    char const *asked, *served;
  } const all[] = {
      {NULL, "wrong.example.org"},
      {"mail.example.org", "mail.example.org"},
      {"MAIL.Example.ORG", "mail.example.org"},
      {"mail.example.org.", "mail.example.org"},
      {"www.example.org", "mail.example.org"},
      {"other.example.org", "mail.example.org"},
      {"wrong.example.org", "wrong.example.org"},
      {"a.wild.example.org", "wild"},
      {"A.WILD.example.org", "wild"},
      {"wild.example.org", "wrong.example.org"},
      {"a.b.wild.example.org", "wrong.example.org"},
      {"*.wild.example.org", "wrong.example.org"},
      {"mx.part.example.org", "wrong.example.org"},
      {"m*.part.example.org", "wrong.example.org"},
      {"cn.example.org", "cn.example.org"},
      {"address", "address"},
      {"127.0.0.1", "wrong.example.org"},
      {"unknown.example.org", "wrong.example.org"},
      {".", "wrong.example.org"},
      {"..", "wrong.example.org"},
      {".wild.example.org", "wrong.example.org"},
      {"a\nb.wild.example.org", "wrong.example.org"},
      {"\xff\xfe.wild.example.org", "wrong.example.org"},
      {"../../etc/passwd", "wrong.example.org"},
      {"%s%n.wild.example.org", "wrong.example.org"},
  };
  char longest[256];
  struct tls_policy p = {0};
  struct server_context *s;
  SSL_CTX *c = any_client();
  struct talk t;
  make_folder();
  s = sound_server(&p, "folder", NULL, NULL);
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    char name[128];
    t = talk(s, c, all[i].asked);
    snprintf(name, sizeof name, "who asks for name %zu gets %s", i, all[i].served);
    is_string(is_agreed(&t) ? served(&t) : "none", all[i].served, name);
    talk_free(&t);
  }
  memset(longest, 'a', sizeof longest - 1);
  longest[255] = '\0';
  t = talk(s, c, longest);
  ok(is_agreed(&t), "a name as long as a hello can have gets the default");
  talk_free(&t);
  server_context_free(s);

  run("rm folder/default.pem");
  s = sound_server(&p, "folder", NULL, NULL);
  t = talk(s, c, NULL);
  is_string(served(&t), "address",
            "without default.pem the certificate without a name is the first one's... ");
  talk_free(&t);
  server_context_free(s);

  run("cp server-rsa.pem folder/z-rsa.pem");
  s = sound_server(&p, "folder", NULL, NULL);
  t = talk(s, c, "www.example.org");
  ok(is_agreed(&t) &&
         EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(t.client))) == EVP_PKEY_EC,
     "of two certificates for a name clients get the one with the key that they prefer");
  talk_free(&t);
  must(SSL_CTX_set1_sigalgs_list(c, "RSA-PSS+SHA256:RSA+SHA256") == 1, "sigalgs");
  t = talk(s, c, "www.example.org");
  ok(is_agreed(&t) &&
         EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(t.client))) == EVP_PKEY_RSA,
     "... and who can't use that gets the other");
  talk_free(&t);
  t = talk(s, c, "cn.example.org");
  ok(!is_agreed(&t), "... but no other name's");
  talk_free(&t);
  server_context_free(s);
  SSL_CTX_free(c);

  c = any_client();
  run("rm folder/*.pem && cp server-wrong-host.pem folder/default.pem && cp server-rsa.pem folder/");
  s = sound_server(&p, "folder", NULL, NULL);
  t = talk(s, c, "mail.example.org");
  is_string(served(&t), "mail.example.org",
            "the default's is no choice for who asks for a name with another key");
  talk_free(&t);
  server_context_free(s);
  run("rm folder/*.pem && cp server-wrong-host.pem folder/default.pem && cp server-chain.pem folder/b.pem && "
      "cp server.pem folder/a.pem && cp server-rsa.pem folder/c.pem");
  s = sound_server(&p, "folder", NULL, NULL);
  t = talk(s, c, "mail.example.org");
  ok(is_agreed(&t) && sk_X509_num(SSL_get_peer_cert_chain(t.client)) == 1,
     "of two certificates for a name with the same kind of key the first counts");
  talk_free(&t);
  server_context_free(s);
  SSL_CTX_free(c);
}

/* Of `asked` in a table of one name. */
static bool is_found(char const *name, size_t size, char const *asked)
{
  struct sni s = {NULL, 0, 0};
  struct sni_name const *found;
  bool is_one;
  must(sni_add(&s, name, size, 3) == 0, "sni");
  sni_sort(&s);
  is_one = sni_find(&s, asked, &found) == 1 && found->target == 3;
  sni_free(&s);
  return is_one;
}

static void test_table(void)
{
  char longest[300];
  struct sni none = {NULL, 0, 0};
  struct sni_name const *found;
  ok(is_found("a.b", 3, "A.b") && is_found("*.b", 3, "a.b"), "a name is found, and a wildcard");
  ok(!is_found("a.b\0.c", 6, "a.b") && !is_found("*.b\0.c", 6, "a.b"), "what has a NUL in it is no name");
  ok(!is_found("a*.b", 4, "ab.b") && !is_found("a.*.b", 5, "a.c.b") && !is_found("*", 1, "a") &&
         !is_found("*.", 2, "a.") && !is_found("**.b", 4, "a.b") && !is_found("*.*.b", 5, "a.a.b"),
     "a wildcard stands for one label, the first, and all of it");
  ok(!is_found("", 0, "") && !is_found("a b", 3, "a b") && !is_found("\xe4.b", 3, "\xe4.b"),
     "what can't be a host's name is not found");
  memset(longest, 'a', sizeof longest);
  for (size_t i = 50; i < sizeof longest; i += 50)
    longest[i] = '.';
  longest[299] = '\0';
  ok(!is_found(longest, 299, longest) && !is_found("a", 1, longest), "... whatever its length");
  longest[253] = '\0';
  ok(is_found(longest, 253, longest), "... up to the longest that there is");
  ok(sni_find(&none, "a", &found) == 0, "in an empty table nothing is found");
}

static void test_end_while_in_use(void)
{
  struct tls_policy p = {.alpn = "smtp", .verify = true};
  struct server_context *s;
  SSL_CTX *c = any_client();
  struct talk t;
  make_folder();
  s = sound_server(&p, "folder", "ca.pem", "crl.pem");
  t = talk_new(server_context_ssl(s), c);
  must(SSL_set_tlsext_host_name(t.client, "a.wild.example.org") == 1, "name");
  must(SSL_set_alpn_protos(t.client, (unsigned char const *)"\4smtp", 5) == 0, "alpn");
  must(SSL_use_certificate_file(t.client, "client.crt", SSL_FILETYPE_PEM) == 1 &&
           SSL_use_PrivateKey_file(t.client, "client.key", SSL_FILETYPE_PEM) == 1,
       "client");
  server_context_free(s);
  ok(shake(&t), "a context that is freed lives on in its connections");
  is_string(served(&t), "wild", "... with its names");
  talk_free(&t);
  SSL_CTX_free(c);
}

/* --- Protocols --------------------------------------------------------------------------------------------- */

/* "-" if the handshake failed with the alert that is for that, "!" if with another. */
static char const *protocol_for(struct server_context *s, unsigned char const *offered, unsigned int size)
{
  static char text[300];
  SSL_CTX *c = any_client();
  struct talk t;
  unsigned char const *name;
  unsigned int name_size;
  must(SSL_CTX_set_alpn_protos(c, offered, size) == 0, "alpn");
  t = talk(s, c, NULL);
  SSL_get0_alpn_selected(t.client, &name, &name_size);
  snprintf(text, sizeof text, "%.*s", (int)name_size, (char const *)name);
  if (!is_agreed(&t))
    snprintf(text, sizeof text, "%s",
             t.client_error == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL ? "-" : "!");
  talk_free(&t);
  SSL_CTX_free(c);
  return text;
}

#define OFFER(text) (unsigned char const *)(text), sizeof(text) - 1

static void test_protocols(void)
{
  struct tls_policy p = {.alpn = "h2,http/1.1"};
  struct server_context *s = sound_server(&p, "server.pem", NULL, NULL);
  SSL_CTX *c;
  struct talk t;
  is_string(protocol_for(s, OFFER("\10http/1.1\2h2")), "h2", "the server's order of protocols counts");
  is_string(protocol_for(s, OFFER("\4smtp\10http/1.1")), "http/1.1", "... of those that both have");
  is_string(protocol_for(s, OFFER("\4smtp")), "-", "if there is none, that is what the alert says");
  is_string(protocol_for(s, OFFER("\1h")), "-", "part of a name is not the name");
  is_string(protocol_for(s, (unsigned char const *)"", 0), "", "who does not ask is served");
  server_context_free(s);
  p.alpn = NULL;
  s = sound_server(&p, "server.pem", NULL, NULL);
  is_string(protocol_for(s, OFFER("\4smtp")), "", "without a list nobody is refused");
  server_context_free(s);
  p.alpn = "imap,smtp";
  s = sound_server(&p, "server.pem", NULL, NULL);
  p.alpn = "smtp,pop3";
  c = sound_client(&p, NULL, NULL);
  t = talk(s, c, NULL);
  {
    struct tls_facts f;
    facts_of(&f, t.client);
    is_string(f.alpn, "smtp", "a client offers its list");
  }
  talk_free(&t);
  SSL_CTX_free(c);
  server_context_free(s);
}

/* --- OCSP -------------------------------------------------------------------------------------------------- */

static bool is_stapled(struct server_context *s, char const *name)
{
  SSL_CTX *c = any_client();
  struct talk t = talk_new(server_context_ssl(s), c);
  unsigned char const *staple;
  bool stapled;
  must(SSL_set_tlsext_status_type(t.client, TLSEXT_STATUSTYPE_ocsp) == 1 &&
           SSL_set_tlsext_host_name(t.client, name) == 1,
       "status");
  ok(shake(&t), "the handshake is not touched by it");
  stapled = SSL_get_tlsext_status_ocsp_resp(t.client, &staple) > 0;
  talk_free(&t);
  SSL_CTX_free(c);
  return stapled;
}

/* Of one server whose staple is this file. */
static bool is_stapled_from(char const *certificate, char const *staple)
{
  struct tls_policy p = {0};
  struct server_context *s;
  char command[256];
  bool stapled;
  snprintf(command, sizeof command, "cp %s stapled.pem && cp %s stapled.pem.ocsp", certificate, staple);
  run(command);
  s = sound_server(&p, "stapled.pem", NULL, NULL);
  stapled = is_stapled(s, "mail.example.org");
  server_context_free(s);
  return stapled;
}

/* The CA's answer about a certificate that is good, in a file; without a time at which it ends. */
static void make_endless(char const *certificate, char const *file, char const *option)
{
  char command[1024];
  snprintf(
      command, sizeof command,
      "openssl x509 -in %s.crt -noout -serial | sed 's/serial=/V\t491231235959Z\t\t/; "
      "s/$/\tunknown\t\\/CN=x/' > "
      "index && openssl ocsp -index index -CA ca.crt -rsigner ca.crt -rkey ca.key -issuer ca.crt -cert "
      "%s.crt "
      "-reqout request > log 2>&1 && openssl ocsp -index index -CA ca.crt -rsigner ca.crt -rkey ca.key %s "
      "-reqin request -respout %s > log 2>&1",
      certificate, certificate, option, file);
  run(command);
}

static void make_answer(char const *certificate, char const *file)
{
  make_endless(certificate, file, "-ndays 7");
}

static void test_staples(void)
{
  struct tls_policy p = {0};
  struct server_context *s;
  ok(is_stapled_from("server.pem", "server.ocsp"), "a good answer is stapled");
  ok(!is_stapled_from("server-revoked.pem", "server-revoked.ocsp"), "that a certificate is revoked is not");
  ok(!is_stapled_from("server-rsa.pem", "server.ocsp"), "... nor what is said of another");
  make_answer("intermediate", "intermediate.ocsp");
  ok(!is_stapled_from("server-other-ca.pem", "intermediate.ocsp"), "... even if both have one serial number");
  run("printf '[req]\ndistinguished_name=d\nx509_extensions=x\n[d]\n[x]\nsubjectKeyIdentifier=none\n' > conf "
      "&& "
      "openssl req -x509 -config conf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a -subj "
      "/O=Example/CN=Test-CA -out b 2> log && cat server.key server.crt ca.crt > whole.pem && "
      "cat server.key server.crt b > impostor.pem");
  ok(is_stapled_from("whole.pem", "server.ocsp") && !is_stapled_from("impostor.pem", "server.ocsp"),
     "... nor what another CA of that name says, if the issuer is in the chain");
  clock_offset_s = -3600;
  ok(!is_stapled_from("server.pem", "server.ocsp"), "what will be true is not stapled yet");
  clock_offset_s = 0;
  make_endless("server", "endless.ocsp", "");
  ok(!is_stapled_from("server.pem", "endless.ocsp"), "what has no end is not stapled");
  run("printf '\\060\\003\\012\\001\\003' > later.ocsp");
  ok(!is_stapled_from("server.pem", "later.ocsp"), "nor is a responder's failure");

  run("cp server.pem stapled.pem && cp server.ocsp stapled.pem.ocsp");
  s = sound_server(&p, "stapled.pem", NULL, NULL);
  clock_offset_s = 6 * 86400;
  ok(is_stapled(s, "x"), "it is stapled as long as it is true");
  clock_offset_s = 8 * 86400;
  ok(!is_stapled(s, "x"), "... and then no more, without anything being read again");
  clock_offset_s = 0;
  server_context_free(s);

  run("cp garbage.pem stapled.pem.ocsp");
  ok(!server(&p, "stapled.pem", NULL, NULL), "a file that is no OCSP response is refused");
  ok(strstr(problem, "unable to use stapled.pem.ocsp: it is no OCSP response: ") == problem, "... and named");

  make_folder();
  run("cp server.ocsp folder/server.pem.ocsp");
  s = sound_server(&p, "folder", NULL, NULL);
  ok(is_stapled(s, "mail.example.org") && !is_stapled(s, "cn.example.org") && !is_stapled(s, "x"),
     "of several certificates, the one's that was chosen");
  server_context_free(s);
}

/* --- Clients' certificates --------------------------------------------------------------------------------- */

/* The verdict on a client's certificate, by the server; -1: served, 0: refused because there is none. */
static int verdict_on(struct server_context *s, char const *certificate, int version)
{
  SSL_CTX *c = any_client();
  struct talk t;
  int verdict;
  char key[64];
  SSL_CTX_set_max_proto_version(c, version);
  if (certificate) {
    snprintf(key, sizeof key, "%s", certificate);
    must(SSL_CTX_use_certificate_chain_file(c, certificate) == 1 &&
             SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) == 1,
         certificate);
  }
  t = talk_new(server_context_ssl(s), c);
  if (shake(&t))
    verdict = -1;
  else
    verdict = (int)SSL_get_verify_result(t.server);
  if (verdict == 0 && t.server_error != SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    printf("# server error %d, client error %d\n", t.server_error, t.client_error);
  talk_free(&t);
  SSL_CTX_free(c);
  return verdict;
}

static void test_clients(void)
{
  static struct {
    char const *certificate;
    int verdict[5]; /* with each of the lists below */
  } const all[] = {
      {"client.pem", {-1, -1, X509_V_ERR_CRL_HAS_EXPIRED, -1, X509_V_ERR_UNABLE_TO_GET_CRL}},
      {"client-chain.pem",
       {-1, X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_UNABLE_TO_GET_CRL, -1, X509_V_ERR_UNABLE_TO_GET_CRL}},
      {NULL, {0, 0, 0, 0, 0}},
      {"client-expired.pem",
       {X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CRL_HAS_EXPIRED,
        X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_UNABLE_TO_GET_CRL}},
      {"client-not-yet.pem",
       {X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CRL_HAS_EXPIRED,
        X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_UNABLE_TO_GET_CRL}},
      {"client-revoked.pem",
       {-1, X509_V_ERR_CERT_REVOKED, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CERT_REVOKED,
        X509_V_ERR_UNABLE_TO_GET_CRL}},
      {"client-other-ca.pem",
       {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY}},
      {"client-self-signed.pem",
       {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT}},
      {"client-purpose.pem",
       {X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_INVALID_PURPOSE,
        X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_INVALID_PURPOSE}},
  };
  static char const *const lists[] = {NULL, "crl.pem", "crl-expired.pem", "crl-all.pem",
                                      "crl-intermediate.pem"};
  struct tls_policy p = {.verify = true};
  for (size_t list = 0; list < sizeof lists / sizeof lists[0]; list++) {
    struct server_context *s = sound_server(&p, "server.pem", "ca.pem", lists[list]);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
      for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        int expected = all[i].verdict[list];
        int got = verdict_on(s, all[i].certificate, version);
        ok(got == expected, "client with %s, revocations %s, TLS 1.%d: %s",
           all[i].certificate ? all[i].certificate : "none", lists[list] ? lists[list] : "none",
           version - TLS1_VERSION, expected == -1 ? "served" : "refused");
        if (got != expected)
          printf("# expected %d, got %d: %s\n", expected, got, X509_verify_cert_error_string(got));
      }
    server_context_free(s);
  }
  {
    struct server_context *s;
    must(setenv("SSL_CERT_FILE", "other-ca.crt", 1) == 0, "setenv");
    s = sound_server(&p, "server-other-ca.pem", "ca.pem", NULL);
    ok(verdict_on(s, "client-other-ca.pem", TLS1_3_VERSION) == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
       "the server's own CA, and the system's, count for nothing");
    server_context_free(s);
    p.verify = false;
    s = sound_server(&p, "server.pem", "ca.pem", NULL);
    ok(verdict_on(s, NULL, TLS1_3_VERSION) == -1, "who does not verify asks nobody");
    server_context_free(s);
  }
}

static int names_seen;

static int on_request(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
  (void)certificate;
  (void)key;
  names_seen = sk_X509_NAME_num(SSL_get0_peer_CA_list(ssl));
  return 0;
}

static void test_authorities(void)
{
  struct tls_policy p = {.verify = true};
  struct server_context *s;
  SSL_CTX *c = any_client();
  struct talk t;
  SSL_CTX_set_client_cert_cb(c, on_request);
  run("cat ca.pem other-ca.pem > two-cas.pem");
  s = sound_server(&p, "server.pem", "two-cas.pem", NULL);
  t = talk(s, c, NULL);
  ok(names_seen == 2, "clients are told which CAs count");
  ok(verdict_on(s, "client-other-ca.pem", TLS1_3_VERSION) == -1, "... and each does");
  talk_free(&t);
  server_context_free(s);
  SSL_CTX_free(c);
}

/* --- Tickets ----------------------------------------------------------------------------------------------- */

static int tickets_seen;
static SSL_SESSION *last_ticket;

static int on_ticket(SSL *ssl, SSL_SESSION *session)
{
  (void)ssl;
  tickets_seen++;
  SSL_SESSION_free(last_ticket);
  last_ticket = session;
  return 1;
}

static SSL_CTX *ticket_client(int version)
{
  SSL_CTX *c = any_client();
  SSL_CTX_set_max_proto_version(c, version);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(c, on_ticket);
  must(SSL_CTX_use_certificate_file(c, "client.crt", SSL_FILETYPE_PEM) == 1 &&
           SSL_CTX_use_PrivateKey_file(c, "client.key", SSL_FILETYPE_PEM) == 1,
       "client");
  return c;
}

enum visit { FAILED, FULL, RESUMED };

static bool is_another_ticket(SSL_SESSION const *a, SSL_SESSION const *b)
{
  unsigned char const *of_a, *of_b;
  size_t size_of_a, size_of_b;
  SSL_SESSION_get0_ticket(a, &of_a, &size_of_a);
  SSL_SESSION_get0_ticket(b, &of_b, &size_of_b);
  return size_of_a != size_of_b || memcmp(of_a, of_b, size_of_a) != 0;
}

/* With the last ticket that was seen. */
static enum visit visit(struct server_context *s, SSL_CTX *c)
{
  struct talk t = talk_new(server_context_ssl(s), c);
  struct tls_facts f;
  enum visit result = FAILED;
  SSL_SESSION *ticket = last_ticket;
  last_ticket = NULL;
  tickets_seen = 0;
  if (ticket)
    must(SSL_set_session(t.client, ticket) == 1, "session");
  if (shake(&t)) {
    facts_of(&f, t.server);
    ok(tls_facts_is_sound(&f), "facts are sound");
    result = f.resumed ? RESUMED : FULL;
  }
  /* Of a renewed ticket of TLS 1.2 OpenSSL doesn't tell. */
  if (result == RESUMED && tickets_seen == 0) {
    last_ticket = SSL_get1_session(t.client);
    tickets_seen = is_another_ticket(ticket, last_ticket);
  }
  SSL_SESSION_free(ticket);
  /* Without that OpenSSL thinks that the session is not to be used again. */
  SSL_shutdown(t.client);
  talk_free(&t);
  return result;
}

static void forget_ticket(void)
{
  SSL_SESSION_free(last_ticket);
  last_ticket = NULL;
}

static void test_tickets_of(int version)
{
  struct tls_policy p = {.verify = true}, without = {.no_tickets = true, .verify = true};
  struct server_context *s, *other;
  SSL_CTX *c = ticket_client(version);
  char const *name = version == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2";
  memset(&tickets, 0, sizeof tickets);
  s = sound_server(&p, "server.pem", "ca.pem", "crl.pem");
  other = sound_server(&p, "server.pem", "ca.pem", "crl.pem");
  ok(visit(s, c) == FULL && tickets_seen == 0, "%s: while there are no keys there are no tickets", name);
  must(tickets_rotate(&tickets.keys) == 0, "rotate");
  ok(visit(s, c) == FULL && tickets_seen == 1, "%s: one handshake brings one ticket", name);
  ok(visit(other, c) == RESUMED, "%s: which another process takes that has the keys", name);
  ok(tickets_seen == (version == TLS1_3_VERSION), "%s: a new one comes where they are used once", name);

  must(tickets_rotate(&tickets.keys) == 0, "rotate");
  ok(visit(s, c) == RESUMED && tickets_seen == 1, "%s: a ticket of an older key is taken, and renewed", name);
  must(tickets_rotate(&tickets.keys) == 0 && tickets_rotate(&tickets.keys) == 0, "rotate");
  ok(visit(s, c) == RESUMED, "%s: ... also of the oldest", name);
  for (int i = 0; i < TLS_TICKET_KEYS; i++)
    must(tickets_rotate(&tickets.keys) == 0, "rotate");
  ok(visit(s, c) == FULL && tickets_seen == 1, "%s: one of a key that is gone is not", name);
  tickets.keys.key[0].mac_key[0] ^= 1;
  ok(visit(s, c) == FULL, "%s: ... nor one that somebody else has sealed", name);

  server_context_free(other);
  other = sound_server(&without, "server.pem", "ca.pem", "crl.pem");
  ok(visit(other, c) == FULL && tickets_seen == 0, "%s: with -Z none is taken, and none comes", name);
  server_context_free(other);

  forget_ticket();
  visit(s, c);
  other = sound_server(&p, "server.pem", "ca.pem", "crl-all.pem");
  ok(visit(other, c) == FULL, "%s: other revocations end what was agreed on before", name);
  server_context_free(other);
  server_context_free(s);
  SSL_CTX_free(c);
  forget_ticket();
}

/* Again and again, an hour after the last time. */
static int hours_without_certificate(SSL_CTX *c, struct server_context *s)
{
  int hours = 0;
  forget_ticket();
  clock_offset_s = 0;
  must(visit(s, c) == FULL, "first visit");
  for (clock_offset_s = 3599; hours < 10 && visit(s, c) == RESUMED; clock_offset_s += 3599)
    hours++;
  clock_offset_s = 0;
  return hours;
}

static void test_age(void)
{
  struct tls_policy p = {.verify = true};
  struct server_context *s = sound_server(&p, "server.pem", "ca.pem", NULL);
  SSL_CTX *c = ticket_client(TLS1_3_VERSION);
  int hours = hours_without_certificate(c, s);
  ok(hours >= 1 && hours <= 3, "a client's certificate is looked at again after some hours (%d)", hours);
  SSL_CTX_free(c);

  run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout short.key -subj "
      "/CN=short -days 1 "
      "-CA ca.crt -CAkey ca.key -out short.crt 2> log || { openssl req -new -newkey ec -pkeyopt "
      "ec_paramgen_curve:P-256 -nodes -keyout short.key -subj /CN=short -out short.csr 2> log && openssl "
      "x509 -req "
      "-in short.csr -CA ca.crt -CAkey ca.key -set_serial 99 -days 1 -out short.crt 2> log; }");
  c = ticket_client(TLS1_3_VERSION);
  must(SSL_CTX_use_certificate_file(c, "short.crt", SSL_FILETYPE_PEM) == 1 &&
           SSL_CTX_use_PrivateKey_file(c, "short.key", SSL_FILETYPE_PEM) == 1,
       "short");
  clock_offset_s = 86400 - 1800;
  ok(visit(s, c) == FULL && visit(s, c) == RESUMED, "a certificate that soon ends is good");
  clock_offset_s = 86400 + 60;
  ok(visit(s, c) == FAILED, "... and no ticket makes it last longer");
  clock_offset_s = 0;
  SSL_CTX_free(c);
  server_context_free(s);
  forget_ticket();
}

static void test_keys(void)
{
  struct tls_tickets k, before;
  memset(&k, 0, sizeof k);
  ok(tickets_rotate(&k) == 0 && k.count == 1 && tls_tickets_is_sound(&k), "the first key");
  before = k;
  ok(tickets_rotate(&k) == 0 && k.count == 2 && memcmp(&k.key[1], &before.key[0], sizeof k.key[0]) == 0 &&
         memcmp(&k.key[0], &before.key[0], sizeof k.key[0]) != 0,
     "a new one comes before it");
  for (int i = 0; i < 2; i++)
    must(tickets_rotate(&k) == 0, "rotate");
  ok(k.count == TLS_TICKET_KEYS && tls_tickets_is_sound(&k), "and there are never more than that");
  for (size_t i = 0; i < k.count; i++)
    if (memcmp(&k.key[i], &before.key[0], sizeof k.key[0]) == 0)
      ok(false, "the oldest is forgotten");
}

/* --- Clients ----------------------------------------------------------------------------------------------- */

static void test_expectations(void)
{
  static struct {
    char const *server, *host;
    int verdict; /* -1: good, -2: no name */
  } const all[] = {
      {"server.pem", "mail.example.org", -1},
      {"server.pem", "MAIL.example.org", -1},
      {"server.pem", "mail.example.org.", -1},
      {"server.pem", "127.0.0.1", -1},
      {"server.pem", "::1", -1},
      {"server.pem", "0:0::1", -1},
      {"server.pem", "::ffff:127.0.0.1", -1},
      {"server.pem", "127.0.0.2", X509_V_ERR_IP_ADDRESS_MISMATCH},
      {"server.pem", "::2", X509_V_ERR_IP_ADDRESS_MISMATCH},
      {"server.pem", "fe80::1%lo", X509_V_ERR_IP_ADDRESS_MISMATCH},
      {"server.pem", "example.org", X509_V_ERR_HOSTNAME_MISMATCH},
      {"server.pem", "x.mail.example.org", X509_V_ERR_HOSTNAME_MISMATCH},
      {"server-rsa.pem", "mail.example.org", -1},
      {"server-chain.pem", "mail.example.org", -1},
      {"server-address.pem", "127.0.0.1", -1},
      {"server-address.pem", "localhost", X509_V_ERR_HOSTNAME_MISMATCH},
      {"server-wrong-host.pem", "mail.example.org", X509_V_ERR_HOSTNAME_MISMATCH},
      {"server-wildcard.pem", "a.wild.example.org", -1},
      {"server-wildcard.pem", "a.b.wild.example.org", X509_V_ERR_HOSTNAME_MISMATCH},
      {"server-wildcard.pem", "wild.example.org", X509_V_ERR_HOSTNAME_MISMATCH},
      {"server-partial.pem", "mx.part.example.org", X509_V_ERR_HOSTNAME_MISMATCH},
      {"server-cn.pem", "cn.example.org", -1},
      {"server-cn-ignored.pem", "mail.example.org", X509_V_ERR_HOSTNAME_MISMATCH},
      {"server-cn-ignored.pem", "other.example.org", -1},
      {"server-expired.pem", "mail.example.org", X509_V_ERR_CERT_HAS_EXPIRED},
      {"server-not-yet.pem", "mail.example.org", X509_V_ERR_CERT_NOT_YET_VALID},
      {"server-self-signed.pem", "mail.example.org", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
      {"server-other-ca.pem", "mail.example.org", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
      {"server-purpose.pem", "mail.example.org", X509_V_ERR_INVALID_PURPOSE},
      {"server-revoked.pem", "mail.example.org", -1},
      {"server.pem", "", -2},
      {"server.pem", ".", -2},
      {"server.pem", "mail..example.org", -2},
      {"server.pem", "m\xc3\xa4il.example.org", -2},
      {"server.pem", "mail example.org", -2},
      {"server.pem", "mail.example.org/", -2},
      {"server.pem", "*.example.org", -2},
      {"server.pem", "[::1]", -2},
  };
  struct tls_policy plain = {0}, strict = {.verify = true};
  SSL_CTX *c = sound_client(&strict, NULL, "ca.pem"), *trusting = sound_client(&plain, NULL, "ca.pem");
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    struct server_context *s = sound_server(&plain, all[i].server, NULL, NULL);
    struct talk t = talk_new(server_context_ssl(s), c);
    int verdict = client_expects(t.client, all[i].host, true) == -1 ? -2
                  : shake(&t)                                       ? -1
                                                                    : (int)SSL_get_verify_result(t.client);
    char const *asked = SSL_get_servername(t.server, TLSEXT_NAMETYPE_host_name);
    ok(verdict == all[i].verdict, "%s for %s: %s", all[i].server, all[i].host,
       all[i].verdict == -1   ? "good"
       : all[i].verdict == -2 ? "no name"
                              : X509_verify_cert_error_string(all[i].verdict));
    if (verdict != all[i].verdict)
      printf("# got %d: %s\n", verdict, verdict >= 0 ? X509_verify_cert_error_string(verdict) : "-");
    if (all[i].verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
      ok(!asked, "... an address is not asked for by name");
    if (strcmp(all[i].host, "mail.example.org.") == 0)
      ok(asked && strcmp(asked, "mail.example.org") == 0, "... a name is, without the dot at its end");
    talk_free(&t);
    t = talk_new(server_context_ssl(s), trusting);
    if (all[i].verdict >= 0)
      ok(client_expects(t.client, all[i].host, false) == 0 && shake(&t),
         "... and good enough for who does not verify");
    talk_free(&t);
    server_context_free(s);
  }
  SSL_CTX_free(c);
  SSL_CTX_free(trusting);
}

static void test_clients_material(void)
{
  struct tls_policy plain = {0}, strict = {.verify = true};
  struct server_context *s = sound_server(&strict, "server-revoked.pem", "ca.pem", NULL);
  SSL_CTX *c = sound_client(&plain, "client-chain.pem", NULL);
  struct talk t = talk(s, c, NULL);
  struct tls_facts f;
  facts_of(&f, t.server);
  ok(is_agreed(&t), "a client shows its certificate, with its chain");
  is_string(f.peer_subject, "CN=alice,O=Example", "... and the server knows who it is");
  facts_of(&f, t.client);
  is_string(f.peer_subject, "CN=mail.example.org", "... as the client does");
  ok(tls_facts_is_sound(&f) && f.server_protocol[0] == '\0',
     "... which does not know what else the server could");
  talk_free(&t);
  SSL_CTX_free(c);

  c = client(&strict, "client.pem", "ca.pem", "crl.pem");
  must(c != NULL, problem);
  t = talk(s, c, NULL);
  ok(!is_agreed(&t) && SSL_get_verify_result(t.client) == X509_V_ERR_CERT_REVOKED,
     "a server's certificate may be revoked");
  talk_free(&t);
  SSL_CTX_free(c);

  c = sound_client(&strict, "client.pem", NULL);
  t = talk(s, c, NULL);
  ok(!is_agreed(&t), "the system's CAs are not these");
  talk_free(&t);
  SSL_CTX_free(c);
  must(setenv("SSL_CERT_FILE", "ca.crt", 1) == 0, "setenv");
  c = sound_client(&strict, "client.pem", NULL);
  t = talk(s, c, NULL);
  ok(is_agreed(&t), "... else they count if no others are given");
  talk_free(&t);
  SSL_CTX_free(c);
  c = sound_client(&strict, "client.pem", "other-ca.pem");
  t = talk(s, c, NULL);
  ok(!is_agreed(&t), "... but only then");
  talk_free(&t);
  SSL_CTX_free(c);
  c = client(&strict, "client.pem", NULL, "crl.pem");
  must(c != NULL, problem);
  t = talk(s, c, NULL);
  ok(!is_agreed(&t) && SSL_get_verify_result(t.client) == X509_V_ERR_CERT_REVOKED,
     "... with revocations, too");
  talk_free(&t);
  SSL_CTX_free(c);
  ok(!client(&strict, "server-mismatch.pem", NULL, NULL) && !client(&strict, NULL, "garbage.pem", NULL) &&
         !client(&strict, NULL, "ca.pem", "garbage.pem"),
     "a client's files must be sound, too");
  plain.version = "SSLv3";
  ok(!client(&plain, NULL, NULL, NULL), "... and its options");
  server_context_free(s);
}

/* --- Facts ------------------------------------------------------------------------------------------------- */

/* A client with a certificate of this subject, from ca. */
static SSL_CTX *client_called(int nid, int type, char const *text, int size, int times)
{
  SSL_CTX *c = any_client();
  X509 *certificate = X509_new(), *ca;
  X509_NAME *name = X509_NAME_new();
  EVP_PKEY *key = EVP_EC_gen("P-256"), *ca_key;
  FILE *file = fopen("ca.key", "r");
  must(file != NULL, "ca.key");
  ca_key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
  fclose(file);
  file = fopen("ca.crt", "r");
  must(file != NULL, "ca.crt");
  ca = PEM_read_X509(file, NULL, NULL, NULL);
  fclose(file);
  for (int i = 0; i < times; i++) {
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();
    must(X509_NAME_ENTRY_set_object(entry, OBJ_nid2obj(nid)) == 1 &&
             ASN1_STRING_set(X509_NAME_ENTRY_get_data(entry), text, size) == 1,
         "entry");
    X509_NAME_ENTRY_get_data(entry)->type = type;
    must(X509_NAME_add_entry(name, entry, -1, 0) == 1, "add");
    X509_NAME_ENTRY_free(entry);
  }
  must(X509_set_version(certificate, 2) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -60) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), 600) &&
           X509_set_subject_name(certificate, name) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(ca)) == 1 &&
           X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, ca_key, EVP_sha256()) > 0 &&
           SSL_CTX_use_certificate(c, certificate) == 1 && SSL_CTX_use_PrivateKey(c, key) == 1,
       "certificate");
  X509_NAME_free(name);
  X509_free(certificate);
  X509_free(ca);
  EVP_PKEY_free(key);
  EVP_PKEY_free(ca_key);
  return c;
}

static void test_facts(void)
{
  static char long_text[1 << 16];
  static struct {
    char const *text;
    int size, type, times;
    char const *subject; /* null: ends in dots */
  } const all[] = {
      {"bob", 3, V_ASN1_UTF8STRING, 1, "CN=bob"},
      {"a,b+c\"<>;", 9, V_ASN1_UTF8STRING, 1, "CN=a\\,b\\+c\\\"\\<\\>\\;"},
      {"root\0x", 6, V_ASN1_UTF8STRING, 1, "CN=root\\00x"},
      {"root\nx", 6, V_ASN1_UTF8STRING, 1, "CN=root\\0Ax"},
      {"a\r\n\t\x1b[1m", 8, V_ASN1_UTF8STRING, 1, "CN=a\\0D\\0A\\09\\1B[1m"},
      {"\xc3\xa9", 2, V_ASN1_UTF8STRING, 1, "CN=\\C3\\A9"},
      {"\xe9", 1, V_ASN1_T61STRING, 1, "CN=\\C3\\A9"},
      {"\0a\x20\xac", 4, V_ASN1_BMPSTRING, 1, "CN=a\\E2\\82\\AC"},
      {"", 0, V_ASN1_UTF8STRING, 1, "CN="},
      {"", 0, V_ASN1_UTF8STRING, 0, ""},
      {long_text, 1020, V_ASN1_UTF8STRING, 1, long_text},
      {long_text, 1021, V_ASN1_UTF8STRING, 1, NULL},
      {long_text, 30000, V_ASN1_UTF8STRING, 1, NULL},
      {"\n\n\n\n\n\n\n\n\n\n", 10, V_ASN1_UTF8STRING, 1500, NULL},
  };
  struct tls_policy p = {.verify = true, .alpn = "smtp"};
  struct server_context *s = sound_server(&p, "server.pem", "ca.pem", NULL);
  memset(long_text, 'x', sizeof long_text - 1);
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    SSL_CTX *c = client_called(NID_commonName, all[i].type, all[i].text, all[i].size, all[i].times);
    struct talk t = talk(s, c, "Mail.Example.org");
    struct tls_facts f;
    memset(&f, 0xff, sizeof f);
    facts_of(&f, t.server);
    ok(is_agreed(&t), "a client with subject %zu is served", i);
    ok(tls_facts_is_sound(&f), "... and what is told of it is sound");
    ok(strlen(f.peer_hash) == 64, "... with its hash");
    if (all[i].text == long_text && all[i].subject) {
      ok(strncmp(f.peer_subject, "CN=xxx", 6) == 0 && strlen(f.peer_subject) == 1023 &&
             f.peer_subject[1022] == 'x',
         "... the longest subject is told as it is");
    } else if (all[i].subject)
      is_string(f.peer_subject, all[i].subject, "... its subject is told in one line of ASCII");
    else
      ok(f.peer_subject[0] == '\0' ||
             (strlen(f.peer_subject) == 1023 && strcmp(f.peer_subject + 1020, "...") == 0),
         "... one that can't be told is not, or not all of it");
    talk_free(&t);
    SSL_CTX_free(c);
  }
  server_context_free(s);
}

static void test_plain_facts(void)
{
  struct tls_policy p = {.alpn = "smtp,x"};
  struct server_context *s = sound_server(&p, "server.pem", NULL, NULL);
  SSL_CTX *c = any_client();
  struct talk t;
  struct tls_facts f;
  must(SSL_CTX_set_alpn_protos(c, OFFER("\4smtp")) == 0, "alpn");
  t = talk(s, c, "Mail.Example.org");
  facts_of(&f, t.server);
  is_string(f.protocol, "TLSv1.3", "the protocol is told");
  is_string(f.server_protocol, "TLSv1.3", "... and the server's highest");
  is_string(f.server_name, "mail.example.org", "... the name asked for, in one spelling");
  is_string(f.alpn, "smtp", "... what will be spoken");
  ok(strncmp(f.cipher, "TLS_", 4) == 0 && f.bits >= 128 && !f.resumed, "... the cipher");
  is_string(f.peer_subject, "", "... and nothing of a certificate that is not there");
  is_string(f.peer_hash, "", "... nor its hash");
  talk_free(&t);
  t = talk(s, c, "a\nb");
  facts_of(&f, t.server);
  is_string(f.server_name, "", "what is no name is not told");
  talk_free(&t);
  SSL_CTX_free(c);
  server_context_free(s);
}

/* --- Many -------------------------------------------------------------------------------------------------- */

enum { MANY = 1000 };

/* So many certificates for one key, host N.many.example.org each; made without the openssl tool, which is slow. */
static void make_many(void)
{
  EVP_PKEY *key = EVP_EC_gen("P-256");
  must(key && mkdir("many", 0700) == 0, "many");
  for (int i = 0; i < MANY; i++) {
    char file[64], host[64];
    X509 *certificate = X509_new();
    X509_NAME *name = X509_NAME_new();
    FILE *out;
    snprintf(file, sizeof file, "many/%05d.pem", i);
    snprintf(host, sizeof host, "%d.many.example.org", i);
    out = fopen(file, "w");
    must(out && certificate && name &&
             X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, (unsigned char *)host, -1, -1,
                                        0) == 1 &&
             X509_set_version(certificate, 2) == 1 &&
             ASN1_INTEGER_set(X509_get_serialNumber(certificate), i + 1) == 1 &&
             X509_gmtime_adj(X509_getm_notBefore(certificate), -60) &&
             X509_gmtime_adj(X509_getm_notAfter(certificate), 600) &&
             X509_set_subject_name(certificate, name) == 1 && X509_set_issuer_name(certificate, name) == 1 &&
             X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, EVP_sha256()) > 0 &&
             PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1 &&
             PEM_write_X509(out, certificate) == 1,
         file);
    fclose(out);
    X509_free(certificate);
    X509_NAME_free(name);
  }
  EVP_PKEY_free(key);
}

/* What goes on while thousands of certificates are read. */
static struct {
  struct server_context *server;
  SSL_CTX *client;
  unsigned int count, wrong;
} meanwhile;

static void on_pause(void)
{
  struct talk t;
  if (meanwhile.count++ % 8 != 0)
    return;
  t = talk(meanwhile.server, meanwhile.client, "mail.example.org");
  meanwhile.wrong += !is_agreed(&t);
  talk_free(&t);
}

static void test_many(void)
{
  struct tls_policy p = {.pause = on_pause};
  struct server_context *s;
  SSL_CTX *c = any_client();
  int wrong = 0;
  make_many();
  meanwhile.server = sound_server(&(struct tls_policy){0}, "server.pem", NULL, NULL);
  meanwhile.client = c;
  s = sound_server(&p, "many", NULL, NULL);
  ok(meanwhile.count >= MANY / 8 && meanwhile.wrong == 0,
     "while a thousand certificates are read connections are made (%u times, %u failed)", meanwhile.count,
     meanwhile.wrong);
  server_context_free(meanwhile.server);
  for (int i = 0; i < MANY; i += 97) {
    char host[64];
    struct talk t;
    snprintf(host, sizeof host, "%d.many.example.org", i);
    t = talk(s, c, host);
    wrong += !is_agreed(&t) || strcmp(served(&t), host) != 0;
    talk_free(&t);
  }
  ok(wrong == 0, "of a thousand certificates each client gets the one that it asks for");
  server_context_free(s);
  SSL_CTX_free(c);
}

int main(void)
{
  char folder[] = "/tmp/ucspi-tlscontext.XXXXXX", command[256];
  must(mkdtemp(folder) != NULL, folder);
  snprintf(command, sizeof command, "sh tests/tls/make-certificates %s", folder);
  run(command);
  must(chdir(folder) == 0, folder);
  test_policy_check();
  test_versions();
  test_ciphers();
  test_groups();
  test_renegotiation();
  test_problems();
  test_chain();
  test_names();
  test_table();
  test_end_while_in_use();
  test_protocols();
  test_staples();
  test_clients();
  test_authorities();
  test_keys();
  test_tickets_of(TLS1_2_VERSION);
  test_tickets_of(TLS1_3_VERSION);
  test_age();
  test_expectations();
  test_clients_material();
  test_facts();
  test_plain_facts();
  test_many();
  snprintf(command, sizeof command, "rm -rf %s", folder);
  ok(chdir("/") == 0 && system(command) == 0, "nothing is left");
  return tap_done();
}
