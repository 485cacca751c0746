/* program.c - see program.h; and the words that make a user of a program. */
#include "program.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "decimal.h"
#include "hostname.h"

/* --- The account ---------------------------------------------------------------------------------------------- */

static bool same(char const *a, char const *b)
{
  return a == b || (a && b && strcmp(a, b) == 0);
}

bool account_equal(struct account const *a, struct account const *b)
{
  return same(a->user, b->user) && same(a->group, b->group) && a->groups == b->groups;
}

static bool is_number(char const *name)
{
  return name[strspn(name, "0123456789")] == '\0';
}

bool account_is_root(struct account const *a)
{
  return (!a->user || strcmp(a->user, "root") == 0 || strcmp(a->user, "0") == 0) && !a->group;
}

static void add_id(struct text *out, char letter, char const *name)
{
  text_addf(out, " \"$(id -%c --", letter);
  text_add_word(out, name);
  text_add(out, ")\"");
}

/* tcpserver gives a user by name his groups, and one by number none but his main one: `groups` decides which. */
void account_options(struct text *out, struct account const *a)
{
  if (account_is_root(a))
    return;
  if (a->user) {
    text_add(out, " -u");
    if (a->groups || is_number(a->user))
      text_add_word(out, a->user);
    else
      add_id(out, 'u', a->user);
  }
  if (a->group) {
    text_add(out, " -g");
    text_add_word(out, a->group);
  } else if (!a->groups && !is_number(a->user)) {
    text_add(out, " -g");
    add_id(out, 'g', a->user);
  }
}

void account_chain(struct text *out, struct account const *a)
{
  if (account_is_root(a))
    return;
  if (!a->groups && !a->group && !is_number(a->user)) {
    text_add(out, " setuidgid");
    text_add_word(out, a->user);
    return;
  }
  text_add(out, " setpriv");
  if (a->user) {
    text_add(out, " --reuid");
    text_add_word(out, a->user);
  }
  text_add(out, " --regid");
  if (a->group)
    text_add_word(out, a->group);
  else
    add_id(out, 'g', a->user);
  text_add(out, a->groups && a->user ? " --init-groups" : " --clear-groups");
}

/* --- INTERNAL ------------------------------------------------------------------------------------------------- */

static struct {
  char const *name;
  char const *words;
} const internal[] = {
    {"echo", " cat"},
    {"discard", " sh -c 'exec cat > /dev/null'"},
    {"daytime", " sh -c 'printf \"%s\\r\\n\" \"$(LC_ALL=C date \"+%d %b %Y %H:%M:%S %Z\" | tr a-z A-Z)\"'"},
    /* RFC 868: seconds since 1900, 2208988800 before 1970, as four octets. */
    {"time", " sh -c 't=$(($(date +%s) + 2208988800))\n"
             "    printf \"$(printf \"\\\\\\\\%03o\\\\\\\\%03o\\\\\\\\%03o\\\\\\\\%03o\" \\\n"
             "      $((t >> 24 & 255)) $((t >> 16 & 255)) $((t >> 8 & 255)) $((t & 255)))\"'"},
    /* RFC 864: 72 of the 95 printable characters to a line, each line one further. */
    {"chargen", " awk 'BEGIN {\n"
                "    for (i = 0; i < 190; i++) all = all sprintf(\"%c\", 32 + i % 95)\n"
                "    for (i = 1; i <= 95; i++) lines = lines substr(all, i, 72) \"\\r\\n\"\n"
                "    while (1) printf \"%s\", lines\n"
                "  }'"},
};

/* None of them needs any rights, and xinetd does them as root. */
static void make_internal(struct making *m)
{
  struct service const *s = m->service;
  if (s->kind == SERVICE_MUX)
    return;
  if (account_is_root(&m->account))
    m->account = (struct account){.user = "nobody", .groups = true};
  for (size_t i = 0; i < sizeof internal / sizeof *internal; i++)
    if (strcmp(internal[i].name, s->entry->name) == 0) {
      text_add(&m->slot[SLOT_PROGRAM], internal[i].words);
      return;
    }
  broken(m, s->at[A_TYPE], "type: there is no INTERNAL service %s here", s->entry->name);
}

/* --- Others --------------------------------------------------------------------------------------------------- */

static void make_redirect(struct making *m, struct setting const *set)
{
  char clean[HOSTNAME_SIZE];
  struct address address;
  char const *host = set->values.list[0], *port = set->values.list[1];
  unsigned int number;
  if (*host == '-' || (!address_parse(&address, host) && !hostname_clean(clean, host)))
    broken(m, set, "redirect: expected a host and a port, not %s", host);
  else if (!decimal_parse(&number, port, 1, 65535) && !getservbyname(port, "tcp"))
    broken(m, set, "redirect: expected a host and a port, not %s", port);
  text_add(&m->slot[SLOT_PROGRAM], " tcpclient -RHl0");
  text_add_word(&m->slot[SLOT_PROGRAM], host);
  text_add_word(&m->slot[SLOT_PROGRAM], port);
}

static char const *last_part(char const *path)
{
  char const *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool sets_path(struct making const *m)
{
  for (size_t i = 0; i < m->environment.count; i++)
    if (strncmp(m->environment.list[i], "PATH=", 5) == 0)
      return true;
  return false;
}

static void add_argv0(struct making *m)
{
  /* Behind envdir another PATH may hold. */
  text_add(&m->slot[SLOT_PROGRAM], sets_path(m) ? " \"$(command -v argv0)\"" : " argv0");
}

/* Wrappers of hosts_access(5): tcpd takes the last part of its argument 0 for the service's name. */
static void add_wrapper(struct making *m, struct setting const *wrap, char const *server)
{
  char const *name = wrap->values.list[0];
  if (strcmp(name, last_part(server)) != 0)
    lost(m, wrap, "libwrap: tcpd looks for rules of %s, not of %s", last_part(server), name);
  add_argv0(m);
  text_add(&m->slot[SLOT_PROGRAM], " tcpd");
}

static void make_server(struct making *m)
{
  struct service const *s = m->service;
  struct setting const *server = s->at[A_SERVER], *arguments = s->at[A_SERVER_ARGS];
  char const *path = server->values.list[0], *zero = last_part(path);
  size_t first = 0;
  if (*path != '/' || !*zero) {
    broken(m, server, "server: expected a path that begins with '/', not %s", path);
    return;
  }
  if (service_has(s, A_FLAGS, "NAMEINARGS")) {
    if (!arguments || arguments->values.count == 0) {
      broken(m, server, "server: NAMEINARGS, and no name in server_args");
      return;
    }
    zero = arguments->values.list[first++];
  }
  if (s->at[A_LIBWRAP] && s->kind != SERVICE_WAITING)
    add_wrapper(m, s->at[A_LIBWRAP], path);
  else if (strcmp(zero, last_part(path)) != 0 && strcmp(zero, path) != 0) {
    add_argv0(m);
    text_add_word(&m->slot[SLOT_PROGRAM], path);
    path = zero;
  }
  text_add_word(&m->slot[SLOT_PROGRAM], path);
  for (size_t i = first; arguments && i < arguments->values.count; i++)
    text_add_word(&m->slot[SLOT_PROGRAM], arguments->values.list[i]);
}

static struct setting const *own_place(struct making const *m, struct setting *none)
{
  *none = (struct setting){.place = m->service->entry->place};
  return none;
}

void program_make(struct making *m)
{
  struct service const *s = m->service;
  struct setting none;
  if (s->internal)
    make_internal(m);
  else if (!s->at[A_USER])
    broken(m, own_place(m, &none), "no user");
  else if (s->at[A_REDIRECT] && s->kind != SERVICE_WAITING)
    make_redirect(m, s->at[A_REDIRECT]);
  else if (s->at[A_SERVER])
    make_server(m);
  else
    broken(m, own_place(m, &none), "no server");
  if (m->environment.count > 0)
    text_add(&m->slot[SLOT_ENVIRONMENT], " envdir ./env");
}

char const *program_port(struct making *m)
{
  struct service const *s = m->service;
  struct setting const *set = s->at[A_PORT];
  struct setting none;
  char const *port = set ? set->values.list[0] : s->entry->name;
  unsigned int number;
  if (decimal_parse(&number, port, 1, 65535))
    return port;
  /* xinetd wants a service that it can look up, or a number. */
  if (port[strspn(port, "0123456789")] && *port != '-' && getservbyname(port, "tcp"))
    return port;
  set = set ? set : own_place(m, &none);
  broken(m, set, "no port: %s is not in the services database", port);
  return NULL;
}
