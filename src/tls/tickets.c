/* tickets.c - see tickets.h. */
#include "tickets.h"

#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

int tickets_rotate(struct tls_tickets *keys)
{
  struct tls_ticket_key fresh;
  if (getentropy(&fresh, sizeof fresh) == -1)
    return -1;
  memmove(&keys->key[1], &keys->key[0], sizeof keys->key - sizeof keys->key[0]);
  keys->key[0] = fresh;
  if (keys->count < TLS_TICKET_KEYS)
    keys->count++;
  explicit_bzero(&fresh, sizeof fresh);
  return 0;
}

/* --- Which key --------------------------------------------------------------------------------------------- */

/* Where a context keeps the keys. Nothing here is used by several threads. */
static int keys_index(void)
{
  static int index = -1;
  if (index == -1)
    index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
  return index;
}

static int set_mac(EVP_MAC_CTX *mac, struct tls_ticket_key const *key)
{
  static char digest[] = "SHA256";
  unsigned char secret[sizeof key->mac_key];
  OSSL_PARAM parameters[3];
  int result;
  memcpy(secret, key->mac_key, sizeof secret);
  parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret, sizeof secret);
  parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
  parameters[2] = OSSL_PARAM_construct_end();
  result = EVP_MAC_CTX_set_params(mac, parameters);
  OPENSSL_cleanse(secret, sizeof secret);
  return result;
}

static int issue(struct tls_ticket_key const *key, unsigned char *name, unsigned char *iv,
                 EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
  EVP_CIPHER const *aes = EVP_aes_256_cbc();
  memcpy(name, key->name, sizeof key->name);
  return RAND_bytes(iv, EVP_CIPHER_get_iv_length(aes)) == 1 &&
                 EVP_EncryptInit_ex(cipher, aes, NULL, key->cipher_key, iv) == 1 && set_mac(mac, key) == 1
             ? 1
             : -1;
}

static int open_with(struct tls_ticket_key const *key, unsigned char const *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac)
{
  return EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher_key, iv) == 1 &&
                 set_mac(mac, key) == 1
             ? 1
             : -1;
}

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb(3) has it: -1 ends the handshake, 0 does without a ticket, 1 takes it, 2 also
 * issues a new one. */
static int on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                         EVP_MAC_CTX *mac, int to_issue)
{
  struct tickets const *t = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keys_index());
  if (to_issue)
    return t->keys.count > 0 ? issue(&t->keys.key[0], name, iv, cipher, mac) : 0;
  for (uint32_t i = 0; i < t->keys.count && i < TLS_TICKET_KEYS; i++) {
    struct tls_ticket_key const *key = &t->keys.key[i];
    if (CRYPTO_memcmp(name, key->name, sizeof key->name) != 0)
      continue;
    if (open_with(key, iv, cipher, mac) == -1)
      return -1;
    /* Clients use a ticket of TLS 1.3 once (RFC 8446 appendix C.4). */
    return i > 0 || SSL_version(ssl) >= TLS1_3_VERSION ? 2 : 1;
  }
  return 0;
}

/* --- How long a client's certificate counts ---------------------------------------------------------------- */

/* In TLS 1.3 each ticket begins a new lifetime, and who resumes in time is never asked for a certificate again. So the
 * tickets of a client with one also say when it was verified. */

/* Of verified clients: stored in the ticket, seconds since 1970. */
static int on_issue(SSL *ssl, void *unused)
{
  SSL_SESSION *session = SSL_get_session(ssl);
  int64_t verified_s = (int64_t)time(NULL);
  void *stored;
  size_t size;
  (void)unused;
  if (!session || !SSL_SESSION_get0_peer(session))
    return 1;
  if (SSL_session_reused(ssl) && SSL_SESSION_get0_ticket_appdata(session, &stored, &size) == 1 &&
      size == sizeof verified_s)
    return 1;
  return SSL_SESSION_set1_ticket_appdata(session, &verified_s, sizeof verified_s);
}

static bool still_counts(SSL_SESSION *session)
{
  X509 *peer = SSL_SESSION_get0_peer(session);
  int64_t verified_s, now_s = (int64_t)time(NULL);
  void *stored;
  size_t size;
  if (!peer)
    return true;
  if (SSL_SESSION_get0_ticket_appdata(session, &stored, &size) != 1 || size != sizeof verified_s)
    return false;
  memcpy(&verified_s, stored, sizeof verified_s);
  return verified_s <= now_s && now_s - verified_s < TICKETS_LIFETIME_S &&
         X509_cmp_current_time(X509_get0_notAfter(peer)) > 0;
}

static SSL_TICKET_RETURN on_opened(SSL *ssl, SSL_SESSION *session, unsigned char const *name,
                                   size_t name_size, SSL_TICKET_STATUS status, void *unused)
{
  (void)ssl;
  (void)name;
  (void)name_size;
  (void)unused;
  if (status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW) {
    if (!still_counts(session))
      return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
  }
  return SSL_TICKET_RETURN_IGNORE_RENEW;
}

int tickets_use(SSL_CTX *context, struct tickets const *tickets)
{
  /* OpenSSL keeps data that it does not change as void *. */
  void *keys = (void *)(uintptr_t)tickets;
  return keys_index() != -1 && SSL_CTX_set_ex_data(context, keys_index(), keys) == 1 &&
                 SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket_key) == 1 &&
                 SSL_CTX_set_session_ticket_cb(context, on_issue, on_opened, NULL) == 1
             ? 0
             : -1;
}
