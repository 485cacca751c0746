/* peer - a TCP client for the tests, which call it thousands of times.
 *   peer [options] address port [text…]   connects, sends each text (\r \n \0 \\ understood), shuts down writing, prints what
 *                                         comes back until the end, 30 seconds at most
 *   -b address   source address           -R    reset the connection after sending, read nothing
 *   -k           keep writing open        -h    hold: print "connected", then wait for end of standard input
 *   -n           never read: the same, after sending
 * Exit: 0, 1 no connection, 2 no end within 30 seconds, 3 the connection was reset, 100 usage, 111 trouble of its own. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_S = 30 };

static void out_of_patience(int number)
{
  static char const words[] = "\n(peer: no end within 30 seconds)\n";
  (void)number;
  _exit(write(1, words, sizeof words - 1) == -1 ? 111 : 2);
}

static void die(char const *what)
{
  perror(what);
  exit(111);
}

static void end_with(int code, char const *what)
{
  printf("(peer: %s: %s)\n", what, strerror(errno));
  exit(code);
}

static socklen_t parse(struct sockaddr_storage *s, char const *address, char const *port)
{
  struct sockaddr_in *v4 = (struct sockaddr_in *)s;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)s;
  unsigned short number = htons((unsigned short)strtoul(port, NULL, 10));
  memset(s, 0, sizeof *s);
  if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = number;
    return sizeof *v4;
  }
  if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = number;
    return sizeof *v6;
  }
  fprintf(stderr, "peer: no address: %s\n", address);
  exit(100);
}

static int connected(char const *address, char const *port, char const *source)
{
  struct sockaddr_storage to, from;
  socklen_t len = parse(&to, address, port);
  int s = socket(to.ss_family, SOCK_STREAM, 0);
  if (s == -1)
    die("peer: socket");
  if (source) {
    socklen_t from_len = parse(&from, source, "0");
    if (bind(s, (struct sockaddr *)&from, from_len) == -1)
      die("peer: bind");
  }
  if (connect(s, (struct sockaddr *)&to, len) == -1)
    end_with(1, "connect");
  return s;
}

/* In place; returns its length, for it may have NULs. */
static size_t unescape(char *text)
{
  static char const names[] = "rn0\\", octets[] = "\r\n\0\\";
  char *to = text;
  for (char const *from = text; *from; from++, to++) {
    char const *name = from[0] == '\\' && from[1] ? strchr(names, from[1]) : NULL;
    *to = *from;
    if (name) {
      *to = octets[name - names];
      from++;
    }
  }
  return (size_t)(to - text);
}

/* As much of it as the other end takes. */
static void send_text(int s, char *text)
{
  size_t len = unescape(text);
  for (size_t at = 0; at < len;) {
    ssize_t sent = send(s, text + at, len - at, MSG_NOSIGNAL);
    if (sent == -1)
      return;
    at += (size_t)sent;
  }
}

static void print_answer(int s)
{
  static char buffer[65536];
  ssize_t len;
  while ((len = read(s, buffer, sizeof buffer)) > 0)
    for (ssize_t at = 0, written; at < len; at += written) {
      written = write(1, buffer + at, (size_t)(len - at));
      if (written == -1)
        die("peer: write");
    }
  if (len == -1)
    end_with(3, "read");
}

static void wait_for_end_of_input(void)
{
  char buffer[4096];
  puts("connected");
  fflush(stdout);
  while (read(0, buffer, sizeof buffer) > 0)
    ;
}

int main(int argc, char **argv)
{
  char const *source = NULL;
  bool reset = false, keep = false, hold = false;
  int option;
  while ((option = getopt(argc, argv, "+b:Rkhn")) != -1)
    switch (option) {
    case 'b': source = optarg; break;
    case 'R': reset = true; break;
    case 'k': keep = true; break;
    case 'h':
    case 'n': hold = true; break;
    default: return 100;
    }
  argv += optind;
  if (argc - optind < 2) {
    fputs("peer: usage: peer [-b address] [-Rkhn] address port [text...]\n", stderr);
    return 100;
  }
  signal(SIGALRM, out_of_patience);
  if (!hold)
    alarm(PATIENCE_S);
  int s = connected(argv[0], argv[1], source);
  for (argv += 2; *argv; argv++)
    send_text(s, *argv);
  if (reset) {
    setsockopt(s, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(s);
    return 0;
  }
  if (hold) {
    wait_for_end_of_input();
    return 0;
  }
  if (!keep)
    shutdown(s, SHUT_WR);
  print_answer(s);
  return 0;
}
