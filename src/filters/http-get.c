/* http-get.c - ask for one page on the connection that tcpclient has made, and write its body, nothing else, to standard
 * output: the half of http@ that a shell can't do. See http-get(8). */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "about.h"
#include "address.h"
#include "complain.h"
#include "decimal.h"
#include "httpresponse.h"
#include "transfer.h"

enum { NETWORK_IN = 6, NETWORK_OUT = 7 }; /* ucspi-tcp's protocol for clients */
enum { BUFFER_SIZE = 65536 };
enum { PAGE_MAX = 16384, HOST_MAX = 300 };
enum { HTTP_PORT = 80 };
enum { EXIT_STATUS_OTHER = 1 };

#define PROG  "http-get"
#define USAGE "http-get host page"
static char const help[] =
    USAGE "\n"
          "Asks the HTTP server on descriptors 6 and 7 for /page and prints the body.\n"
          "Started by http@; see http-get(8).\n";

struct request {
  size_t length;
  /* Each octet of the page may become three. */
  char text[3 * PAGE_MAX + 1024];
};

static void append(struct request *r, char const *text)
{
  size_t len = strlen(text);
  memcpy(r->text + r->length, text, len);
  r->length += len;
}

/* The rest of a request target is as the user gave it; what can't stand in one is escaped (RFC 3986 section 2.1). '%'
 * is left alone: who has an escaped name may give that. */
static void append_page(struct request *r, char const *page)
{
  static char const hex[] = "0123456789ABCDEF";
  for (; *page; page++) {
    unsigned char octet = (unsigned char)*page;
    if (octet > 32 && octet < 127 && !strchr("\"#<>\\^`{|}", octet)) {
      r->text[r->length++] = *page;
      continue;
    }
    r->text[r->length++] = '%';
    r->text[r->length++] = hex[octet >> 4];
    r->text[r->length++] = hex[octet & 15];
  }
}

static bool has_control(char const *text)
{
  for (; *text; text++)
    if ((unsigned char)*text < 32 || *text == 127)
      return true;
  return false;
}

/* An address as a URL has it: IPv6 in brackets and without zone, which has no meaning elsewhere (RFC 6874). False if it
 * is none. */
static bool print_address(char out[ADDRESS_TEXT_SIZE], char const *host)
{
  char inner[HOST_MAX + 1];
  struct address a;
  size_t len = strlen(host);
  if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
    host++;
    len -= 2;
  }
  memcpy(inner, host, len);
  inner[len] = '\0';
  if (!address_parse(&a, inner))
    return false;
  address_print_bracketed(out, &a);
  return true;
}

/* tcpclient would not have found a host with anything else in its name. */
static bool is_name(char const *host)
{
  return host[0] &&
         host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")] == '\0';
}

/* "0" and nothing are this machine; its name for the server is the address that was reached. */
static void append_host(struct request *r, char const *host)
{
  char const *ip = getenv("TCPREMOTEIP");
  char address[ADDRESS_TEXT_SIZE];
  if ((host[0] == '\0' || strcmp(host, "0") == 0) && ip)
    host = ip;
  if (strlen(host) <= HOST_MAX && print_address(address, host))
    append(r, address);
  else if (strlen(host) <= HOST_MAX && is_name(host))
    append(r, host);
  else
    die_usage(PROG, "not a host that HTTP has a name for");
}

/* The port may have been given by name, so tcpclient says which it was. */
static void append_port(struct request *r)
{
  char const *text = getenv("TCPREMOTEPORT");
  unsigned int port;
  if (!text || !decimal_parse(&port, text, 1, 65535) || port == HTTP_PORT)
    return;
  append(r, ":");
  append(r, text);
}

static void compose(struct request *r, char const *host, char const *page)
{
  if (has_control(host) || has_control(page))
    die_usage(PROG, "control characters in host or page");
  if (strlen(page) > PAGE_MAX)
    die_usage(PROG, "the page's name is too long");
  append(r, "GET /");
  append_page(r, page);
  append(r, " HTTP/1.1\r\nHost: ");
  append_host(r, host);
  append_port(r);
  append(r, "\r\nUser-Agent: ucspi-tcpmux/" UCSPI_VERSION
            "\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n");
}

/* A server that refuses may have closed before it had all of this: what it says is there to be read all the same. */
static void send_request(struct request const *r)
{
  signal(SIGPIPE, SIG_IGN);
  (void)transfer_write(NETWORK_OUT, r->text, r->length);
  signal(SIGPIPE, SIG_DFL);
}

static void report_other_than_success(struct http_response const *r)
{
  if (!http_response_has_header(r) || (r->status >= 200 && r->status <= 299))
    return;
  die(EXIT_STATUS_OTHER, PROG, ": ", r->status_line);
}

/* Moves the body's octets to the front and returns how many. */
static size_t take(struct http_response *r, char *buffer, size_t count)
{
  size_t out = 0;
  for (size_t at = 0; at < count && r->state != HTTP_COMPLETE && r->state != HTTP_MALFORMED;) {
    size_t body, taken = http_response_feed(r, buffer + at, count - at, &body);
    at += taken;
    report_other_than_success(r);
    memmove(buffer + out, buffer + at - body, body);
    out += body;
  }
  return out;
}

static int receive(void)
{
  static struct http_response response;
  static char buffer[BUFFER_SIZE];
  http_response_start(&response);
  while (response.state != HTTP_COMPLETE && response.state != HTTP_MALFORMED) {
    ssize_t got = transfer_read(NETWORK_IN, buffer, sizeof buffer);
    if (got == -1)
      die_unable(PROG, "read from the server", "", errno);
    if (got == 0)
      http_response_end(&response);
    else if (!transfer_write(STDOUT_FILENO, buffer, take(&response, buffer, (size_t)got)))
      die_unable(PROG, "write standard output", "", errno);
  }
  if (response.state == HTTP_MALFORMED)
    die_fatal(PROG, "the server sent ", response.problem);
  return 0;
}

int main(int argc, char const *const *argv)
{
  static struct request request;
  if (about_answered(argc, argv, PROG, help))
    return 0;
  if (argc != 3)
    die_usage(PROG, USAGE);
  compose(&request, argv[1], argv[2]);
  send_request(&request);
  return receive();
}
