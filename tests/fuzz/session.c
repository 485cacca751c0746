/* session.c - whatever a peer sends, before the handshake or amid it, a session ends or waits, passes nothing on to the
 * program that is not from a handshake, and leaves nothing behind. */
/* Linked with src/tls, see tests/fuzz/run. */
#include "session.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tls.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

static SSL_CTX *context_of(bool server)
{
  static SSL_CTX *contexts[2];
  if (!contexts[0]) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    must(X509_set_pubkey(x, key) && X509_sign(x, key, EVP_sha256()));
    contexts[0] = SSL_CTX_new(TLS_client_method());
    contexts[1] = SSL_CTX_new(TLS_server_method());
    must(SSL_CTX_use_certificate(contexts[1], x) && SSL_CTX_use_PrivateKey(contexts[1], key));
    X509_free(x);
    EVP_PKEY_free(key);
  }
  return contexts[server];
}

static void steps(struct session *s)
{
  int count = 0;
  while (session_step(s, 1) == SESSION_MORE)
    must(++count < 100);
  must(ERR_peek_error() == 0);
}

/* The first octet says who we are and how much comes at once; at the end the peer ends, or not. */
int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct session s;
  int net[2], pair[2];
  size_t piece, at = 1;
  char octet;
  if (size < 1 || size > 60000)
    return 0;
  piece = (data[0] >> 2) ? (size_t)(data[0] >> 2) * 37 : size;
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, net) == 0 && tls_pair(pair) == 0);
  must(session_init(&s, context_of(data[0] & 1), data[0] & 1, net[0], pair[1]) == 0);
  steps(&s);
  while (at < size && s.state != SESSION_OVER) {
    size_t count = size - at < piece ? size - at : piece;
    must(send(net[1], data + at, count, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)count);
    at += count;
    steps(&s);
  }
  if (data[0] & 2) {
    shutdown(net[1], SHUT_WR);
    steps(&s);
    must(s.state == SESSION_OVER);
  }
  must(s.state == SESSION_SHAKING || (s.state == SESSION_OVER && s.failure));
  must(recv(pair[0], &octet, 1, MSG_DONTWAIT) == -1);
  session_free(&s);
  close(net[1]);
  close(pair[0]);
  return 0;
}
