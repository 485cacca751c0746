/* tls.c - see tls.h. */
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "decimal.h"

#define OPEN(n)                                                                                              \
  {                                                                                                          \
    TLS_OPEN, sizeof(struct tls_open), n                                                                     \
  }
#define REFUSAL(k)                                                                                           \
  {                                                                                                          \
    k, sizeof(struct tls_refusal), 0                                                                         \
  }

struct message_kind const tls_to_relay[2] = {OPEN(2), {TLS_PING, 0, 0}};
struct message_kind const tls_from_relay[3] = {
    {TLS_DONE, sizeof(struct tls_facts), 0}, REFUSAL(TLS_REFUSED), {TLS_PONG, 0, 0}};
struct message_kind const tls_to_keeper[2] = {{TLS_BEGIN, sizeof(struct ids), 0}, {TLS_RELOAD, 0, 0}};
struct message_kind const tls_from_keeper[2] = {{TLS_WORKER, sizeof(struct tls_worker), 1},
                                                {TLS_READY, 0, 0}};
struct message_kind const tls_to_worker[2] = {{TLS_MATERIAL, sizeof(struct tls_material), 1},
                                              {TLS_TICKETS, sizeof(struct tls_tickets), 0}};
struct message_kind const tls_from_worker[2] = {{TLS_SOUND, 0, 0}, REFUSAL(TLS_UNSOUND)};

_Static_assert(sizeof(struct ids) <= MESSAGE_PAYLOAD_MAX, "fits into a message");

struct message_kind const *tls_row(enum tls_kind kind)
{
  static struct {
    struct message_kind const *table;
    size_t rows;
  } const all[] = {{tls_to_relay, 2},    {tls_from_relay, 3}, {tls_to_keeper, 2},
                   {tls_from_keeper, 2}, {tls_to_worker, 2},  {tls_from_worker, 2}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    for (size_t row = 0; row < all[i].rows; row++)
      if (all[i].table[row].kind == kind)
        return &all[i].table[row];
  return NULL;
}

/* --- Checks ------------------------------------------------------------------------------------------------ */

static bool is_printable(char c)
{
  return c >= ' ' && c <= '~';
}

/* What a host's name may have, and the underscore that some have anyway. */
static bool is_of_name(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

static bool is_hexadecimal(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Octets of one kind, then NULs, one at least. */
static bool field_is_sound(char const *field, size_t size, bool (*is_allowed)(char))
{
  size_t len = 0;
  while (len < size && field[len] != '\0')
    if (!is_allowed(field[len++]))
      return false;
  if (len == size)
    return false;
  while (len < size)
    if (field[len++] != '\0')
      return false;
  return true;
}
#define IS_SOUND(field, is_allowed) field_is_sound((field), sizeof(field), (is_allowed))

/* A name, or an address with colons and perhaps an interface. */
static bool is_of_host(char c)
{
  return is_of_name(c) || c == ':' || c == '%';
}

bool tls_open_is_sound(struct tls_open const *q)
{
  return IS_SOUND(q->server_name, is_of_host);
}

bool tls_facts_is_sound(struct tls_facts const *f)
{
  size_t hash = strnlen(f->peer_hash, sizeof f->peer_hash);
  return IS_SOUND(f->protocol, is_printable) && f->protocol[0] && IS_SOUND(f->cipher, is_printable) &&
         f->cipher[0] && IS_SOUND(f->server_protocol, is_printable) && f->resumed <= 1 &&
         IS_SOUND(f->server_name, is_of_name) && IS_SOUND(f->alpn, is_printable) &&
         IS_SOUND(f->peer_subject, is_printable) && IS_SOUND(f->peer_hash, is_hexadecimal) &&
         (hash == 0 || hash == sizeof f->peer_hash - 1);
}

bool tls_refusal_is_sound(struct tls_refusal const *r)
{
  return IS_SOUND(r->reason, is_printable) && r->reason[0] != '\0';
}

bool tls_worker_is_sound(struct tls_worker const *w)
{
  return w->pid > 1 && w->pid <= INT32_MAX;
}

bool tls_tickets_is_sound(struct tls_tickets const *t)
{
  return t->count >= 1 && t->count <= TLS_TICKET_KEYS;
}

void tls_set_text(char *field, size_t size, char const *text)
{
  size_t len = 0;
  for (; len + 1 < size && text[len]; len++)
    field[len] = (char)(is_printable(text[len]) ? text[len] : '?');
  memset(field + len, 0, size - len);
}

/* --- The pair ---------------------------------------------------------------------------------------------- */

int tls_pair(int pair[2])
{
  static char const anchor[1];
  int flags, on = 1;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
    return -1;
  setsockopt(pair[1], SOL_SOCKET, SO_OOBINLINE, &on,
             sizeof on); /* some systems have no such data here anyway */
  flags = fcntl(pair[1], F_GETFL);
  if (flags != -1 && fcntl(pair[1], F_SETFL, flags | O_NONBLOCK) == 0 &&
      (TLS_ANCHOR == 0 || send(pair[0], anchor, TLS_ANCHOR, MSG_NOSIGNAL) == TLS_ANCHOR))
    return 0;
  flags = errno;
  close(pair[0]);
  close(pair[1]);
  errno = flags;
  return -1;
}

/* --- Variables --------------------------------------------------------------------------------------------- */

char const *const tls_environment_names[] = {"SSL_PROTOCOL",
                                             "SSL_CIPHER",
                                             "SSL_TLS_SNI_SERVERNAME",
                                             "SSL_PEER_CERT_SUBJECT",
                                             "SSL_PEER_CERT_HASH",
                                             "SSL_TLS_ALPN",
                                             "TLS_PROVIDER",
                                             "SSLCTLFD",
                                             "SSLREADFD",
                                             "SSLWRITEFD",
                                             NULL};

static int add_known(struct environment *e, char const *name, char const *value)
{
  return *value ? environment_add(e, name, value) : 0;
}

static char *append(char *at, char const *end, char const *text)
{
  size_t len = strlen(text);
  if (len > (size_t)(end - at))
    len = (size_t)(end - at);
  memcpy(at, text, len);
  return at + len;
}

/* In the words of IndiMail's tcpserver. */
static int add_provider(struct tls_facts const *f, char const *provider, struct environment *e)
{
  char text[256], bits[DECIMAL_SIZE], *at = text;
  char const *const part[] = {provider,     ", TLS Server=", f->server_protocol, ", Client=", f->protocol,
                              ", Ciphers=", f->cipher,       ", bits=",          bits};
  bits[decimal_print(bits, f->bits)] = '\0';
  for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
    at = append(at, text + sizeof text - 1, part[i]);
  *at = '\0';
  return environment_add(e, "TLS_PROVIDER", text);
}

int tls_environment_add(struct tls_facts const *f, char const *provider, struct environment *e)
{
  if (provider && add_provider(f, provider, e) == -1)
    return -1;
  return add_known(e, "SSL_PROTOCOL", f->protocol) == -1 || add_known(e, "SSL_CIPHER", f->cipher) == -1 ||
                 add_known(e, "SSL_TLS_SNI_SERVERNAME", f->server_name) == -1 ||
                 add_known(e, "SSL_TLS_ALPN", f->alpn) == -1 ||
                 add_known(e, "SSL_PEER_CERT_SUBJECT", f->peer_subject) == -1 ||
                 add_known(e, "SSL_PEER_CERT_HASH", f->peer_hash) == -1
             ? -1
             : 0;
}
