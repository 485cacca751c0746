/* What tcptls and tlsconnect, or who asks them, could say: a message of any kind. What is found sound can be used as
 * text, as a number of groups, as a process. */
#include "tls.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must_be_text(char const *text, size_t size)
{
  size_t len = strnlen(text, size);
  if (len == size)
    abort();
  for (size_t i = 0; i < size; i++)
    if (i < len ? text[i] < ' ' || text[i] > '~' : text[i] != '\0')
      abort();
}
#define MUST_BE_TEXT(field) must_be_text((field), sizeof(field))

static void check_facts(struct tls_facts const *f)
{
  struct environment e = ENVIRONMENT_ZERO;
  if (!tls_facts_is_sound(f))
    return;
  MUST_BE_TEXT(f->protocol);
  MUST_BE_TEXT(f->cipher);
  MUST_BE_TEXT(f->server_protocol);
  MUST_BE_TEXT(f->server_name);
  MUST_BE_TEXT(f->alpn);
  MUST_BE_TEXT(f->peer_subject);
  MUST_BE_TEXT(f->peer_hash);
  if (environment_load(&e, (char const *const[]){NULL}, NULL) == -1 ||
      tls_environment_add(f, "tcpserver", &e) == -1 || !environment_get(&e, "SSL_PROTOCOL"))
    abort();
  environment_free(&e);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static union {
    struct tls_open open;
    struct tls_facts facts;
    struct tls_refusal refusal;
    struct ids begin;
    struct tls_worker worker;
    struct tls_tickets tickets;
  } m;
  memset(&m, 0, sizeof m);
  memcpy(&m, data, size < sizeof m ? size : sizeof m);
  check_facts(&m.facts);
  if (tls_open_is_sound(&m.open))
    MUST_BE_TEXT(m.open.server_name);
  if (tls_refusal_is_sound(&m.refusal))
    MUST_BE_TEXT(m.refusal.reason);
  if (ids_are_sound(&m.begin) && m.begin.group_count > IDS_GROUPS_MAX)
    abort();
  if (tls_worker_is_sound(&m.worker) && (m.worker.pid < 2 || m.worker.pid > INT32_MAX))
    abort();
  if (tls_tickets_is_sound(&m.tickets) && (m.tickets.count == 0 || m.tickets.count > TLS_TICKET_KEYS))
    abort();
  return 0;
}
