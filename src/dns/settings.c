/* settings.c - see settings.h. Files are read whole, and never more than REWRITE_FILE_MAX octets of them. */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "decimal.h"
#include "span.h"

/* At a thousand questions a second two calls of stat(2) for each would be felt; nobody minds waiting this long. */
enum { LOOK_EVERY_MS = 3000 };
enum { DOMAINS_SIZE = 2048 };

/* Those of resolv.conf(5). */
enum { TIMEOUT_DEFAULT_S = 5, TIMEOUT_MAX_S = 30, ATTEMPTS_DEFAULT = 2, ATTEMPTS_MAX = 5 };

static struct settings_stamp stamp_of(char const *path)
{
  struct settings_stamp stamp;
  struct stat st;
  memset(&stamp, 0, sizeof stamp);
  if (stat(path, &st) == 0) {
    stamp.device = st.st_dev;
    stamp.inode = st.st_ino;
    stamp.size = st.st_size;
    stamp.changed = st.st_ctim;
  }
  return stamp;
}

static bool same(struct settings_stamp const *a, struct settings_stamp const *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size &&
         a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* The file's text, to be freed, and its length; a NUL follows; null with errno. O_NONBLOCK: a fifo must not stop us. */
static char *read_file(char const *path, size_t *len)
{
  char *text = malloc(REWRITE_FILE_MAX + 2);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t r = 1;
  *len = 0;
  while (text && fd != -1 && *len < REWRITE_FILE_MAX + 1 && r > 0) {
    r = read(fd, text + *len, REWRITE_FILE_MAX + 1 - *len);
    if (r > 0)
      *len += (size_t)r;
  }
  if (fd == -1 || r == -1) {
    int saved = errno;
    free(text);
    text = NULL;
    errno = saved;
  }
  if (text)
    text[*len] = '\0';
  if (fd != -1)
    close(fd);
  return text;
}

/* `word` is of the form name:number; a number that is out of range is taken as the limit, as resolvers do. */
static void take_number(unsigned int *value, char const *word, char const *name, unsigned int max)
{
  size_t len = strlen(name);
  unsigned int number;
  if (strncmp(word, name, len) == 0 && decimal_parse(&number, word + len, 1, UINT32_MAX))
    *value = number < max ? number : max;
}

/* Takes what it knows of the words of a line. */
static void take_options(struct settings_options *o, struct span line)
{
  char const *at = line.at, *end = line.at + line.len;
  for (struct span option; (option = span_take_word(&at, end)).len > 0;) {
    char word[32];
    if (!span_copy(word, sizeof word, option))
      continue;
    take_number(&o->timeout_s, word, "timeout:", TIMEOUT_MAX_S);
    take_number(&o->attempts, word, "attempts:", ATTEMPTS_MAX);
    o->rotate = o->rotate || strcmp(word, "rotate") == 0;
  }
}

/* Those of a file, up to a NUL if it has one; then those of the environment. */
static void read_options(struct settings_options *o, char const *text)
{
  static char const keyword[] = "options";
  size_t const size = sizeof keyword - 1;
  char const *environment = getenv("RES_OPTIONS"), *end = text ? text + strlen(text) : text;
  o->timeout_s = TIMEOUT_DEFAULT_S;
  o->attempts = ATTEMPTS_DEFAULT;
  o->rotate = false;
  while (text != end) {
    struct span line = span_take_line(&text, end);
    if (line.len > size && memcmp(line.at, keyword, size) == 0 &&
        (line.at[size] == ' ' || line.at[size] == '\t'))
      take_options(o, (struct span){line.at + size, line.len - size});
  }
  if (environment)
    take_options(o, span_take_line(&environment, environment + strlen(environment)));
}

static void read_servers(struct settings *s, char domains[DOMAINS_SIZE])
{
  static struct address const here = {ADDRESS_IPV4, 0, {127, 0, 0, 1}};
  char const *given = getenv("DNSCACHEIP"), *junk;
  struct nameservers conf = {.count = 0};
  size_t len, junk_len;
  char *text = read_file(SETTINGS_RESOLV_CONF, &len);

  domains[0] = '\0';
  read_options(&s->options, text);
  if (text)
    nameservers_from_resolv_conf(&conf, domains, DOMAINS_SIZE, text, len);
  free(text);
  s->servers_problem[0] = '\0';
  s->servers.count = 0;
  if (given && nameservers_parse(&s->servers, given, &junk, &junk_len) == -1) {
    int shown = junk_len > 100 ? 100 : (int)junk_len;
    if (errno == E2BIG)
      snprintf(s->servers_problem, sizeof s->servers_problem, "$DNSCACHEIP has more than %d addresses",
               NAMESERVERS_MAX);
    else
      snprintf(s->servers_problem, sizeof s->servers_problem, "$DNSCACHEIP: not an IP address: %.*s", shown,
               junk);
    s->servers.count = 0;
    return;
  }
  if (s->servers.count == 0)
    s->servers = conf;
  if (s->servers.count == 0) /* resolv.conf(5): the one on this machine */
    s->servers.address[s->servers.count++] = here;
}

/* True if there is a file of rules, be it right or wrong. */
static bool read_rewrite_file(struct settings *s)
{
  size_t len, line = 0;
  char *text = read_file(s->rewrite_path, &len);
  if (!text && errno == ENOENT)
    return false;
  if (!text)
    snprintf(s->rewrite_problem, sizeof s->rewrite_problem, "unable to read %.300s: %s", s->rewrite_path,
             strerror(errno));
  else if (rewrite_parse(&s->rewrite, text, len, &line) == -1 && errno == EINVAL)
    snprintf(s->rewrite_problem, sizeof s->rewrite_problem, "%.300s: line %zu is not a rule", s->rewrite_path,
             line);
  else if (!s->rewrite.rules && errno == EFBIG && len > REWRITE_FILE_MAX)
    snprintf(s->rewrite_problem, sizeof s->rewrite_problem, "%.300s: longer than %d octets", s->rewrite_path,
             REWRITE_FILE_MAX);
  free(text);
  return true;
}

static void read_rewrite(struct settings *s, char const *domains)
{
  char const *given = getenv("LOCALDOMAIN");
  struct rewrite const none = REWRITE_ZERO;
  rewrite_free(&s->rewrite);
  s->rewrite = none;
  s->rewrite_problem[0] = '\0';
  if (read_rewrite_file(s))
    return;
  if (rewrite_from_domains(&s->rewrite, given ? given : domains) == -1)
    snprintf(s->rewrite_problem, sizeof s->rewrite_problem, "out of memory");
}

static void read_all(struct settings *s)
{
  char domains[DOMAINS_SIZE];
  s->resolv_conf = stamp_of(SETTINGS_RESOLV_CONF);
  s->rewrite_file = stamp_of(s->rewrite_path);
  read_servers(s, domains);
  read_rewrite(s, domains);
}

void settings_init(struct settings *s)
{
  char const *path = getenv("DNSREWRITEFILE");
  memset(s, 0, sizeof *s);
  s->rewrite_path = path ? path : REWRITE_FILE;
  s->looked_ms = clock_ms();
  read_all(s);
}

void settings_init_servers(struct settings *s)
{
  char domains[DOMAINS_SIZE];
  memset(s, 0, sizeof *s);
  read_servers(s, domains);
}

bool settings_refresh(struct settings *s, int64_t now_ms)
{
  struct settings_stamp resolv_conf, rewrite_file;
  if (now_ms - s->looked_ms < LOOK_EVERY_MS)
    return false;
  s->looked_ms = now_ms;
  resolv_conf = stamp_of(SETTINGS_RESOLV_CONF);
  rewrite_file = stamp_of(s->rewrite_path);
  if (same(&resolv_conf, &s->resolv_conf) && same(&rewrite_file, &s->rewrite_file))
    return false;
  read_all(s);
  return true;
}
