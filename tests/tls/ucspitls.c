/* ucspitls.c - a service that speaks UCSPI-TLS as patched qmail does: echoes lines, and begins with TLS at one that says
 * "tls" ('y') or "TLS" ('Y': prints what it is told, a line each, then "."). "quit" ends it with exit status 7.
 * "bad" asks for what there is not; "close" gives up asking. "read" and "write" tell where data come from. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int descriptor(char const *name)
{
  char const *value = getenv(name);
  return value ? atoi(value) : -1;
}

static void say(char const *text)
{
  if (write(1, text, strlen(text)) == -1)
    fprintf(stderr, "ucspitls: write: %s\n", strerror(errno));
}

static void print_facts(void)
{
  char text[16384];
  size_t len = 0;
  ssize_t got;
  while ((got = read(descriptor("SSLCTLFD"), text + len, sizeof text - len)) > 0) {
    len += (size_t)got;
    if (len >= 2 && text[len - 1] == '\0' && text[len - 2] == '\0')
      break;
  }
  for (char *at = text; at < text + len && *at; at += strlen(at) + 1) {
    say(at);
    say("\n");
  }
  say(len >= 2 && text[len - 1] == '\0' && text[len - 2] == '\0' ? ".\n" : "no facts\n");
}

static void begin(char const *command)
{
  if (write(descriptor("SSLCTLFD"), command, 1) != 1 || dup2(descriptor("SSLREADFD"), 0) == -1 ||
      dup2(descriptor("SSLWRITEFD"), 1) == -1)
    fprintf(stderr, "ucspitls: no UCSPI-TLS\n");
  if (*command == 'Y')
    print_facts();
}

int main(void)
{
  char line[1024];
  size_t len = 0;
  ssize_t got;
  say("hello\n");
  for (;;) {
    got = read(0, line + len, 1);
    if (got == -1)
      fprintf(stderr, "ucspitls: read: %s\n", strerror(errno));
    if (got <= 0)
      return got == 0 ? 0 : 9;
    if (line[len] != '\n' && len + 2 < sizeof line) {
      len++;
      continue;
    }
    line[len] = '\0';
    len = 0;
    if (strcmp(line, "tls") == 0 || strcmp(line, "TLS") == 0) {
      say("go\n");
      begin(*line == 't' ? "y" : "Y");
    } else if (strcmp(line, "bad") == 0)
      begin("z");
    else if (strcmp(line, "close") == 0)
      close(descriptor("SSLCTLFD"));
    else if (strcmp(line, "quit") == 0)
      return 7;
    else {
      say(line);
      say("\n");
    }
  }
}
