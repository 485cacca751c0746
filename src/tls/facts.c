/* facts.c - see facts.h. What a peer can choose (names in its hello, its certificate) comes from strangers even if a CA
 * has signed it. */
#include "facts.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/x509.h>

#include "hostname.h"

#define SET(field, text) tls_set_text((field), sizeof(field), (text))

/* As SSL_get_version() would say it. */
static char const *highest_version(SSL const *ssl)
{
  static struct {
    int version;
    char const *name;
  } const all[] = {{TLS1_2_VERSION, "TLSv1.2"}, {TLS1_1_VERSION, "TLSv1.1"}, {TLS1_VERSION, "TLSv1"}};
  long version = SSL_get_max_proto_version((SSL *)(uintptr_t)ssl);
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (all[i].version == version)
      return all[i].name;
  return "TLSv1.3";
}

/* Not the whole of one that is too long: it ends in dots then, so that it is nobody else's. */
static void set_subject(struct tls_facts *f, X509_NAME const *name)
{
  static char const dots[] = "...";
  BIO *text = BIO_new(BIO_s_mem());
  char *from;
  long size;
  if (text && X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253) >= 0 &&
      (size = BIO_get_mem_data(text, &from)) > 0) {
    size_t len = (size_t)size;
    bool too_long = len >= sizeof f->peer_subject;
    if (too_long)
      len = sizeof f->peer_subject - sizeof dots;
    /* It should all be escaped, but others rely on that. */
    memset(f->peer_subject, '?', len);
    for (size_t i = 0; i < len; i++)
      if (from[i] >= ' ' && from[i] <= '~')
        f->peer_subject[i] = from[i];
    if (too_long)
      memcpy(f->peer_subject + len, dots, sizeof dots);
  }
  BIO_free(text);
}

static void set_hash(struct tls_facts *f, X509 const *certificate)
{
  static char const digit[] = "0123456789abcdef";
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int size;
  if (X509_digest(certificate, EVP_sha256(), hash, &size) != 1 || size != (sizeof f->peer_hash - 1) / 2)
    return;
  for (unsigned int i = 0; i < size; i++) {
    f->peer_hash[2 * i] = digit[hash[i] >> 4];
    f->peer_hash[2 * i + 1] = digit[hash[i] & 15];
  }
}

static void set_server_name(struct tls_facts *f, SSL const *ssl)
{
  char clean[HOSTNAME_SIZE];
  char const *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name && hostname_clean(clean, name))
    SET(f->server_name, clean);
}

static void set_protocol(struct tls_facts *f, SSL const *ssl)
{
  unsigned char const *name;
  unsigned int size;
  SSL_get0_alpn_selected(ssl, &name, &size);
  if (!name || size >= sizeof f->alpn)
    return;
  for (unsigned int i = 0; i < size; i++)
    if (name[i] < ' ' || name[i] > '~')
      return;
  memcpy(f->alpn, name, size);
}

void facts_of(struct tls_facts *f, SSL *ssl)
{
  X509 *peer = SSL_get0_peer_certificate(ssl);
  memset(f, 0, sizeof *f);
  SET(f->protocol, SSL_get_version(ssl));
  SET(f->cipher, SSL_get_cipher_name(ssl));
  if (SSL_is_server(ssl))
    SET(f->server_protocol, highest_version(ssl));
  f->bits = (uint32_t)SSL_get_cipher_bits(ssl, NULL);
  f->resumed = SSL_session_reused(ssl) ? 1 : 0;
  set_server_name(f, ssl);
  set_protocol(f, ssl);
  if (peer) {
    set_subject(f, X509_get_subject_name(peer));
    set_hash(f, peer);
  }
}
