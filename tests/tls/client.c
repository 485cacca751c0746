/* client.c - a TLS client for the tests, which can do what openssl's can't: end one direction, or end as it should not.
 *   client [options] address port [text…]   connects, sends each text (\r \n \0 \\ understood), ends its direction with
 *                                           close_notify, prints what comes back until the end, half a minute at most
 *   -2 / -3   TLS 1.2 / 1.3 only      -s name   ask for that name (SNI)    -a list  ALPN, separated by commas
 *   -c file   certificate and key     -C file   verify the server against this CA
 *   -i        first print a line about the handshake: version, resumed or new, ALPN
 *   -w how    after writing: close (FIN without close_notify), cut (the same, and whatever comes back is right), reset,
 *             keep (neither end nor close_notify)
 *   -n count  so many connections, one after the other, each of which must get the same; the answer is printed once
 *   -r        they resume the session of the one before
 *   -h        hold: print "connected" after the handshake, then wait for the end of standard input
 *   -m count  hold so many at once until a line comes, then end them, and print how many were answered to their ends, and
 *             how many were cut off
 *   -b bytes  send so many octets of a pattern instead of texts
 *   -t text   first send this as it is, and print what comes back, until a line "go"
 *   -q        do not print what comes back, but how much it was
 * How the other direction ended is printed in brackets if it was not with close_notify. Exit status 0 if it was, 1 for no
 * connection or handshake, 3 for any other end. */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define MANY_MAX 1000

static struct {
  char const *name, *alpn, *certificate, *authority, *ending, *plain;
  int version;
  long count, pattern, many;
  bool info, resume, hold, quiet;
  char **texts;
  struct sockaddr_storage peer;
  socklen_t peer_size;
} o = {.count = 1, .pattern = -1, .ending = "notify"};

static SSL_SESSION *session;
static char *first_answer;
static size_t first_size;

static void fail(char const *what)
{
  unsigned long e = ERR_peek_error();
  printf("(client: %s: %s)\n", what, e ? ERR_reason_error_string(e) : errno ? strerror(errno) : "end");
  exit(1);
}

static void set_peer(char const *address, char const *port)
{
  struct sockaddr_in *v4 = (struct sockaddr_in *)&o.peer;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&o.peer;
  in_port_t number = htons((in_port_t)atoi(port));
  if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = number;
    o.peer_size = sizeof *v4;
  } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = number;
    o.peer_size = sizeof *v6;
  } else
    fail("no address");
}

static int keep_session(SSL *ssl, SSL_SESSION *new)
{
  (void)ssl;
  SSL_SESSION_free(session);
  session = new;
  return 1;
}

static SSL_CTX *make_context(void)
{
  SSL_CTX *c = SSL_CTX_new(TLS_client_method());
  unsigned char list[256];
  size_t len = 0;
  SSL_CTX_set_min_proto_version(c, o.version);
  SSL_CTX_set_max_proto_version(c, o.version);
  if (o.version && o.version < TLS1_2_VERSION)
    SSL_CTX_set_cipher_list(c, "ALL:@SECLEVEL=0");
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(c, keep_session);
  if (o.certificate && (SSL_CTX_use_certificate_chain_file(c, o.certificate) != 1 ||
                        SSL_CTX_use_PrivateKey_file(c, o.certificate, SSL_FILETYPE_PEM) != 1))
    fail("certificate");
  if (o.authority) {
    if (SSL_CTX_load_verify_file(c, o.authority) != 1)
      fail("authority");
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
  }
  while (o.alpn && *o.alpn) {
    size_t size = strcspn(o.alpn, ",");
    list[len] = (unsigned char)size;
    memcpy(list + len + 1, o.alpn, size);
    len += size + 1;
    o.alpn += size + (o.alpn[size] == ',');
  }
  if (len)
    SSL_CTX_set_alpn_protos(c, list, (unsigned int)len);
  return c;
}

static size_t unescape(char *out, size_t size, char const *text)
{
  size_t len = 0;
  for (; *text && len < size; text++) {
    char c = *text;
    if (c == '\\' && text[1])
      switch (*++text) {
      case 'r': c = '\r'; break;
      case 'n': c = '\n'; break;
      case '0': c = '\0'; break;
      default: c = *text;
      }
    out[len++] = c;
  }
  return len;
}

static void begin_plain(int fd)
{
  char text[4096], got[4096] = "";
  size_t len = unescape(text, sizeof text, o.plain), have = 0;
  if (write(fd, text, len) != (ssize_t)len)
    fail("write");
  while (have < 3 || memcmp(got + have - 3, "go\n", 3) != 0) {
    if (have == sizeof got || read(fd, got + have, 1) != 1)
      fail("no go");
    have++;
  }
  printf("%.*s", (int)have, got);
}

static SSL *shake_hands(SSL_CTX *c)
{
  int fd = socket(o.peer.ss_family, SOCK_STREAM, 0);
  SSL *ssl = SSL_new(c);
  unsigned char const *alpn;
  unsigned int len;
  errno = 0;
  if (connect(fd, (struct sockaddr *)&o.peer, o.peer_size) == -1)
    fail("connect");
  if (o.plain)
    begin_plain(fd);
  SSL_set_fd(ssl, fd);
  if (o.name)
    SSL_set_tlsext_host_name(ssl, o.name);
  if (o.resume && session)
    SSL_set_session(ssl, session);
  if (SSL_connect(ssl) != 1)
    fail("handshake");
  SSL_get0_alpn_selected(ssl, &alpn, &len);
  if (o.info)
    printf("%s %s %.*s\n", SSL_get_version(ssl), SSL_session_reused(ssl) ? "resumed" : "new", (int)len,
           (char const *)alpn);
  fflush(stdout);
  return ssl;
}

static void put(SSL *ssl, char const *data, size_t size)
{
  if (size && SSL_write(ssl, data, (int)size) != (int)size)
    printf("(client: write failed)\n");
}

static void put_text(SSL *ssl, char const *text)
{
  char out[65536];
  put(ssl, out, unescape(out, sizeof out, text));
}

static void put_pattern(SSL *ssl, long left)
{
  char block[4096];
  for (size_t i = 0; i < sizeof block; i++)
    block[i] = (char)('a' + i % 23);
  for (; left > 0; left -= (long)sizeof block)
    put(ssl, block, left < (long)sizeof block ? (size_t)left : sizeof block);
}

/* False: there is nothing to be read after that. */
static bool end_writing(SSL *ssl)
{
  int fd = SSL_get_fd(ssl);
  struct linger now = {1, 0};
  char rest[4096];
  if (strcmp(o.ending, "notify") == 0)
    SSL_shutdown(ssl);
  else if (strcmp(o.ending, "close") == 0)
    shutdown(fd, SHUT_WR);
  else if (strcmp(o.ending, "cut") == 0) {
    shutdown(fd, SHUT_WR);
    while (read(fd, rest, sizeof rest) > 0)
      ;
    return false;
  } else if (strcmp(o.ending, "reset") == 0) {
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    return false;
  }
  return true;
}

/* Adds to what has come. Its exit status. */
static int take_answer(SSL *ssl, char **answer, size_t *size)
{
  char buffer[65536];
  int len;
  for (;;) {
    errno = 0;
    ERR_clear_error();
    len = SSL_read(ssl, buffer, sizeof buffer);
    if (len <= 0)
      break;
    *answer = realloc(*answer, *size + (size_t)len);
    memcpy(*answer + *size, buffer, (size_t)len);
    *size += (size_t)len;
  }
  switch (SSL_get_error(ssl, len)) {
  case SSL_ERROR_ZERO_RETURN: return 0;
  case SSL_ERROR_SYSCALL:
    printf("(client: %s)\n", errno ? strerror(errno) : "end without close_notify");
    break;
  default: printf("(client: %s)\n", ERR_reason_error_string(ERR_peek_error())); break;
  }
  return 3;
}

static int one(SSL_CTX *c, long number)
{
  SSL *ssl = shake_hands(c);
  char *answer = NULL;
  size_t size = 0;
  int status;
  for (char **text = o.texts; *text; text++)
    put_text(ssl, *text);
  if (o.pattern >= 0)
    put_pattern(ssl, o.pattern);
  if (o.hold) {
    printf("connected\n");
    fflush(stdout);
    while (getchar() != EOF)
      ;
  }
  status = end_writing(ssl) ? take_answer(ssl, &answer, &size) : 0;
  /* After all that the server has to say: a close now that is not seen as one. */
  close(SSL_get_fd(ssl));
  SSL_free(ssl);
  if (number == 0) {
    first_answer = answer;
    first_size = size;
  } else {
    if (size != first_size || (size && memcmp(answer, first_answer, size) != 0)) {
      printf("(client: connection %ld got %zu octets, not %zu)\n", number, size, first_size);
      status = 3;
    }
    free(answer);
  }
  return status;
}

static int many(SSL_CTX *c)
{
  SSL *all[MANY_MAX] = {0};
  long ends[4] = {0};
  for (long i = 0; i < o.many; i++) {
    all[i] = shake_hands(c);
    for (char **text = o.texts; *text; text++)
      put_text(all[i], *text);
  }
  printf("connected\n");
  fflush(stdout);
  while (getchar() != '\n')
    ;
  for (long i = 0; i < o.many; i++) {
    char *answer = NULL;
    size_t size = 0;
    end_writing(all[i]);
    ends[take_answer(all[i], &answer, &size)]++;
    close(SSL_get_fd(all[i]));
  }
  printf("%ld answered, %ld cut off\n", ends[0], ends[3]);
  return 0;
}

int main(int argc, char **argv)
{
  SSL_CTX *c;
  int option, status = 0;
  while ((option = getopt(argc, argv, "+23s:a:c:C:iw:n:rhb:qv:t:m:")) != -1)
    switch (option) {
    case '2': o.version = TLS1_2_VERSION; break;
    case '3': o.version = TLS1_3_VERSION; break;
    case 'v': o.version = (int)strtol(optarg, NULL, 0); break;
    case 's': o.name = optarg; break;
    case 'a': o.alpn = optarg; break;
    case 'c': o.certificate = optarg; break;
    case 'C': o.authority = optarg; break;
    case 'i': o.info = true; break;
    case 'w': o.ending = optarg; break;
    case 't': o.plain = optarg; break;
    case 'n': o.count = atol(optarg); break;
    case 'r': o.resume = true; break;
    case 'm': o.many = atol(optarg); break;
    case 'h': o.hold = true; break;
    case 'b': o.pattern = atol(optarg); break;
    case 'q': o.quiet = true; break;
    default: return 100;
    }
  if (argc - optind < 2)
    return 100;
  signal(SIGPIPE, SIG_IGN);
  alarm(o.hold || o.many || o.count > 1 ? 120 : 30);
  set_peer(argv[optind], argv[optind + 1]);
  o.texts = argv + optind + 2;
  c = make_context();
  if (o.many > 0 && o.many <= MANY_MAX)
    return many(c);
  for (long i = 0; i < o.count && status == 0; i++)
    status = one(c, i);
  if (o.quiet)
    printf("%zu\n", first_size);
  else
    fwrite(first_answer, 1, first_size, stdout);
  return status;
}
