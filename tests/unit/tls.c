/* Unit tests for tls: messages are checked octet by octet, the pair resets, variables tell what is known. */
#include "tls.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

static struct tls_facts sample(void)
{
  struct tls_facts f;
  memset(&f, 0, sizeof f);
  tls_set_text(f.protocol, sizeof f.protocol, "TLSv1.3");
  tls_set_text(f.cipher, sizeof f.cipher, "TLS_AES_256_GCM_SHA384");
  tls_set_text(f.server_protocol, sizeof f.server_protocol, "TLSv1.3");
  f.bits = 256;
  return f;
}

static void test_facts(void)
{
  struct tls_facts f = sample();
  ok(tls_facts_is_sound(&f), "facts of a connection without certificate are sound");
  memset(f.peer_hash, 'a', sizeof f.peer_hash - 1);
  tls_set_text(f.peer_subject, sizeof f.peer_subject, "CN=a b,O=\xc3\xa9");
  ok(tls_facts_is_sound(&f), "... and with one");
  is_string(f.peer_subject, "CN=a b,O=??", "what is not printable ASCII is not let in");
  f.peer_hash[63] = '\0';
  ok(!tls_facts_is_sound(&f), "a hash of another length is not");
  f = sample();
  f.peer_hash[0] = 'G';
  ok(!tls_facts_is_sound(&f), "... nor one that is no hash");
  f = sample();
  f.server_name[3] = 'x';
  ok(!tls_facts_is_sound(&f), "... nor octets behind a field's end");
  f = sample();
  tls_set_text(f.server_name, sizeof f.server_name, "a/b");
  ok(!tls_facts_is_sound(&f), "... nor a server's name that is none");
  f = sample();
  memset(f.alpn, 'x', sizeof f.alpn);
  ok(!tls_facts_is_sound(&f), "... nor a field without end");
  f = sample();
  f.protocol[0] = '\0';
  ok(!tls_facts_is_sound(&f), "... nor a handshake of no protocol");
  f = sample();
  f.cipher[2] = '\n';
  ok(!tls_facts_is_sound(&f), "... nor a line's end");
  f = sample();
  f.resumed = 2;
  ok(!tls_facts_is_sound(&f), "... nor half a truth");
}

static void test_others(void)
{
  struct tls_open open;
  struct tls_refusal refusal;
  struct ids begin;
  struct tls_worker worker = {.pid = 0};
  struct tls_tickets tickets;
  memset(&open, 0, sizeof open);
  memset(&refusal, 0, sizeof refusal);
  memset(&begin, 0, sizeof begin);
  memset(&tickets, 0, sizeof tickets);
  ok(tls_open_is_sound(&open), "a server need not say a name");
  tls_set_text(open.server_name, sizeof open.server_name, "fe80::1%eth0");
  ok(tls_open_is_sound(&open), "a client may say an address");
  open.server_name[2] = ' ';
  ok(!tls_open_is_sound(&open), "... but not anything");
  ok(!tls_refusal_is_sound(&refusal), "a refusal has a reason");
  tls_set_text(refusal.reason, sizeof refusal.reason, "expired\r\nok");
  is_string(refusal.reason, "expired??ok", "... of one line");
  ok(tls_refusal_is_sound(&refusal), "... then it is sound");
  ok(ids_are_sound(&begin), "a worker may be anybody");
  begin.group_count = IDS_GROUPS_MAX + 1;
  ok(!ids_are_sound(&begin), "... but not in more groups than there is room for");
  begin.group_count = 0;
  begin.uid = UINT32_MAX;
  ok(!ids_are_sound(&begin), "... nor be left as it is by setresuid's -1");
  ok(!tls_worker_is_sound(&worker), "a worker is no process 0");
  worker.pid = 1;
  ok(!tls_worker_is_sound(&worker), "... nor 1");
  worker.pid = 2;
  ok(tls_worker_is_sound(&worker), "... 2 might be");
  worker.pid = (uint32_t)INT32_MAX + 1;
  ok(!tls_worker_is_sound(&worker), "... not what is negative as a pid, which would be a group");
  ok(!tls_tickets_is_sound(&tickets), "there is a ticket key at least");
  tickets.count = TLS_TICKET_KEYS + 1;
  ok(!tls_tickets_is_sound(&tickets), "... and not more than there is room for");
  for (unsigned int kind = TLS_OPEN; kind <= TLS_UNSOUND; kind++)
    if (!tls_row((enum tls_kind)kind) || tls_row((enum tls_kind)kind)->kind != kind)
      ok(0, "kind %u has a row", kind);
  ok(tls_row(TLS_OPEN)->descriptors == 2 && tls_row(TLS_MATERIAL)->descriptors == 1,
     "some bring descriptors");
}

static void test_pair(void)
{
  int pair[2];
  char octet[4];
  ok(tls_pair(pair) == 0, "a pair");
  ok(recv(pair[1], octet, sizeof octet, MSG_PEEK) == (TLS_ANCHOR ? TLS_ANCHOR : -1),
     "the relay's end has the anchor and does not wait");
  ok(write(pair[1], "ab", 2) == 2, "it passes something on");
  close(pair[1]);
  ok(read(pair[0], octet, sizeof octet) == 2, "which the program gets");
  errno = 0;
  ok(TLS_ANCHOR ? read(pair[0], octet, 1) == -1 && errno == ECONNRESET : read(pair[0], octet, 1) == 0,
     "... and then a reset");
  close(pair[0]);
}

static void test_environment(void)
{
  static char const *const inherited[] = {"SSL_PEER_CERT_SUBJECT=CN=root", "A=b", "SSLCTLFD=3", NULL};
  struct environment e = ENVIRONMENT_ZERO;
  struct tls_facts f = sample();
  ok(environment_load(&e, inherited, tls_environment_names) == 0 && tls_environment_add(&f, NULL, &e) == 0,
     "an environment");
  is_string(environment_get(&e, "SSL_PROTOCOL"), "TLSv1.3", "has the protocol");
  is_string(environment_get(&e, "SSL_CIPHER"), "TLS_AES_256_GCM_SHA384", "... the cipher");
  ok(!environment_get(&e, "SSL_PEER_CERT_SUBJECT") && !environment_get(&e, "SSLCTLFD"),
     "... and nothing that was inherited under such a name");
  ok(!environment_get(&e, "SSL_TLS_SNI_SERVERNAME") && !environment_get(&e, "TLS_PROVIDER"),
     "... nor what is unknown or was not asked for");
  is_string(environment_get(&e, "A"), "b", "... but what else was inherited");
  tls_set_text(f.peer_subject, sizeof f.peer_subject, "CN=me");
  tls_set_text(f.server_name, sizeof f.server_name, "mail.example.org");
  tls_set_text(f.alpn, sizeof f.alpn, "smtp");
  ok(environment_load(&e, inherited, tls_environment_names) == 0 &&
         tls_environment_add(&f, "tcpserver", &e) == 0,
     "another");
  is_string(environment_get(&e, "SSL_PEER_CERT_SUBJECT"), "CN=me", "has the peer's name");
  is_string(environment_get(&e, "SSL_TLS_SNI_SERVERNAME"), "mail.example.org", "... the name it asked for");
  is_string(environment_get(&e, "SSL_TLS_ALPN"), "smtp", "... and the protocol");
  is_string(environment_get(&e, "TLS_PROVIDER"),
            "tcpserver, TLS Server=TLSv1.3, Client=TLSv1.3, Ciphers=TLS_AES_256_GCM_SHA384, bits=256",
            "... and all in one, as IndiMail says it");
  environment_free(&e);
}

int main(void)
{
  test_facts();
  test_others();
  test_pair();
  test_environment();
  return tap_done();
}
