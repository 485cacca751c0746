/* carry.c - see carry.h. One function for each attribute that needs one, in a table at the end. Values come from a file:
 * each is checked here before it becomes part of a command line, and written as one word of the shell besides. */
#include "carry.h"

#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "decimal.h"
#include "files.h"
#include "hostname.h"
#include "hours.h"
#include "rates.h"

typedef void carry_function(struct making *m, struct setting const *set);

static char const *value_of(struct setting const *set)
{
  return set->values.count > 0 ? set->values.list[0] : "";
}

static bool is_unlimited(struct setting const *set)
{
  return strcmp(value_of(set), "UNLIMITED") == 0;
}

/* The name that people know it by. */
static char const *name_of(enum attribute a)
{
  return attributes[a].name ? attributes[a].name : "a number behind nowait";
}

static bool number_of(struct making *m, struct setting const *set, unsigned int *number, unsigned int min,
                      unsigned int max)
{
  if (decimal_parse(number, value_of(set), min, max))
    return true;
  broken(m, set, "%s: expected a number from %u to %u, not %s", name_of(set->attribute), min, max,
         value_of(set));
  return false;
}

/* --- Admission ---------------------------------------------------------------------------------------------- */

static unsigned int network_number(char const *name, unsigned int *number)
{
  struct netent const *found = getnetbyname(name);
  unsigned int octets = 1;
  if (!found || found->n_net == 0)
    return 0;
  *number = found->n_net;
  while (octets < 4 && *number >> (8 * octets))
    octets++;
  return octets;
}

static void carry_access(struct making *m, struct setting const *set)
{
  bool deny = set->attribute == A_NO_ACCESS;
  char const *why;
  if (!deny)
    m->closed = true;
  for (size_t i = 0; i < set->values.count; i++)
    if (!access_add(&m->access, set->values.list[i], deny, network_number, &why))
      broken(m, set, "%s: %s, not %s", attributes[set->attribute].name, why, set->values.list[i]);
}

/* One or two digits from 0 to max, up to the octet `end`; -1 if it is not that. */
static int clock_part(char const **at, char end, unsigned int max)
{
  size_t len = strspn(*at, "0123456789");
  char text[3] = "";
  unsigned int value;
  if (len < 1 || len > 2 || (*at)[len] != end)
    return -1;
  memcpy(text, *at, len);
  *at += len + (end != '\0');
  return decimal_parse(&value, text, 0, max) ? (int)value : -1;
}

/* To xinetd the minute at which an interval ends belongs to it, to HOURS it does not. */
static void carry_access_times(struct making *m, struct setting const *set)
{
  struct text hours = TEXT_ZERO;
  for (size_t i = 0; i < set->values.count; i++) {
    char const *at = set->values.list[i];
    int part[4], to;
    bool sound = (part[0] = clock_part(&at, ':', 23)) >= 0 && (part[1] = clock_part(&at, '-', 59)) >= 0 &&
                 (part[2] = clock_part(&at, ':', 23)) >= 0 && (part[3] = clock_part(&at, '\0', 59)) >= 0 &&
                 60 * part[0] + part[1] < 60 * part[2] + part[3];
    if (!sound) {
      broken(m, set, "access_times: expected hour:minute-hour:minute within a day, not %s",
             set->values.list[i]);
      continue;
    }
    to = 60 * part[2] + part[3] + 1;
    text_addf(&hours, "%s%02d:%02d-%02d:%02d", hours.len ? "," : "", part[0], part[1], to / 60, to % 60);
  }
  if (set->values.count > HOURS_SPANS_MAX)
    broken(m, set, "access_times: more than %d intervals", HOURS_SPANS_MAX);
  text_addf(&m->edits, ",HOURS=\"%s\"", text_string(&hours));
  text_free(&hours);
}

/* "2.5" is 250 hundredths; what is beyond them does not count. */
static bool parse_load(char const *text, unsigned int *hundredths)
{
  char units[DECIMAL_SIZE] = "0", fraction[3] = "00";
  size_t whole = strcspn(text, "."), behind = text[whole] ? strlen(text + whole + 1) : 0;
  unsigned int n, rest;
  if (whole + behind == 0 || whole >= sizeof units ||
      strspn(text, "0123456789") + (text[whole] ? 1 + strspn(text + whole + 1, "0123456789") : 0) !=
          strlen(text))
    return false;
  if (whole > 0) {
    memcpy(units, text, whole);
    units[whole] = '\0';
  }
  memcpy(fraction, text + whole + 1, behind < 2 ? behind : 2);
  if (!decimal_parse(&n, units, 0, 10000000) || !decimal_parse(&rest, fraction, 0, 99))
    return false;
  *hundredths = 100 * n + rest;
  return true;
}

static void carry_max_load(struct making *m, struct setting const *set)
{
  unsigned int hundredths;
  if (parse_load(value_of(set), &hundredths))
    text_addf(&m->edits, ",MAXLOAD=\"%u\"", hundredths);
  else
    broken(m, set, "max_load: expected a load such as 2.5, not %s", value_of(set));
}

static void carry_instances(struct making *m, struct setting const *set)
{
  unsigned int n;
  if (is_unlimited(set) || !number_of(m, set, &n, 1, m->service->kind == SERVICE_MUXED ? 65535 : INT32_MAX))
    return;
  if (m->service->kind == SERVICE_MUXED)
    m->limit = n;
  else if (m->service->kind != SERVICE_WAITING)
    text_addf(&m->options, " -c %u", n);
}

static void carry_per_source(struct making *m, struct setting const *set)
{
  unsigned int n;
  if (!is_unlimited(set) && number_of(m, set, &n, 1, INT32_MAX))
    text_addf(&m->options, " -C %u", n);
}

/* More than tcpserver counts is more than anybody serves, and it would not start. */
static void add_rate(struct making *m, struct setting const *set, char const *option, unsigned int n,
                     unsigned int seconds)
{
  if (n <= RATE_COUNT_MAX)
    text_addf(&m->options, " %s %u/%u", option, n, seconds);
  else
    remark(&m->service->remarks, set->place, REMARK_NOTE, "%u in %u seconds is no limit", n, seconds);
}

/* The second value, how long to rest, has no counterpart and needs none: accepting goes on when the rate allows. */
static void carry_cps(struct making *m, struct setting const *set)
{
  unsigned int n, rest;
  if (!number_of(m, set, &n, 0, INT32_MAX))
    return;
  if (!decimal_parse(&rest, set->values.list[1], 0, INT32_MAX))
    broken(m, set, "cps: the second value is a number of seconds, not %s", set->values.list[1]);
  else if (n > 0)
    add_rate(m, set, "-K", n, 1);
}

#define SECONDS_PER_MINUTE 60

static void carry_per_minute(struct making *m, struct setting const *set)
{
  unsigned int n;
  if (number_of(m, set, &n, 1, INT32_MAX))
    add_rate(m, set, set->attribute == A_PER_MINUTE ? "-K" : "-k", n, SECONDS_PER_MINUTE);
}

/* --- Banners ------------------------------------------------------------------------------------------------ */

#define BANNER_MAX  4096
#define REFUSAL_MAX 1000

static bool is_path(struct making *m, struct setting const *set)
{
  if (*value_of(set) == '/')
    return true;
  broken(m, set, "%s: expected a path that begins with '/', not %s", attributes[set->attribute].name,
         value_of(set));
  return false;
}

static void carry_banner(struct making *m, struct setting const *set)
{
  struct text at = TEXT_ZERO;
  size_t len;
  char *bytes;
  if (!is_path(m, set))
    return;
  bytes = files_short(value_of(set), BANNER_MAX, &len);
  if (!bytes)
    lost(m, set, "banner: %s can't be read, or has more than %d octets", value_of(set), BANNER_MAX);
  else {
    text_addf(&at, "@%s", value_of(set));
    text_add(&m->options, " -B");
    text_add_word(&m->options, at.at);
  }
  text_free(&at);
  free(bytes);
}

static void carry_banner_success(struct making *m, struct setting const *set)
{
  if (!is_path(m, set))
    return;
  text_add(&m->slot[SLOT_BANNER], " sh -c 'cat < \"$0\"; exec \"$@\"'");
  text_add_word(&m->slot[SLOT_BANNER], value_of(set));
}

/* DIEMSG is a value in a rule: one line, to which CR LF is added, and between two octets that it does not have. */
static void carry_banner_fail(struct making *m, struct setting const *set)
{
  size_t len = 0;
  char *bytes, delimiter = '"';
  if (!is_path(m, set))
    return;
  bytes = files_short(value_of(set), REFUSAL_MAX, &len);
  while (bytes && len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
    len--;
  for (char const *other = "'/|~^#"; bytes && delimiter && memchr(bytes, delimiter, len); other++)
    delimiter = *other;
  if (!bytes || !delimiter || memchr(bytes, '\n', len) || memchr(bytes, '\0', len) ||
      memchr(bytes, '\r', len))
    lost(m, set, "banner_fail: %s is not one line of at most %d octets, which DIEMSG is", value_of(set),
         REFUSAL_MAX);
  else {
    text_addf(&m->die, ",DIEMSG=%c", delimiter);
    text_add_bytes(&m->die, bytes, len);
    text_add_bytes(&m->die, &delimiter, 1);
  }
  free(bytes);
}

/* --- The socket --------------------------------------------------------------------------------------------- */

/* With a zone, which this machine need not have. */
static bool is_scoped(char const *host)
{
  char text[ADDRESS_TEXT_SIZE];
  struct address address;
  size_t len = strcspn(host, "%");
  if (!host[len] || len >= sizeof text)
    return false;
  memcpy(text, host, len);
  text[len] = '\0';
  return address_parse(&address, text);
}

static void carry_bind(struct making *m, struct setting const *set)
{
  char const *host = value_of(set);
  struct address address;
  char clean[HOSTNAME_SIZE];
  if (*host != '-' && (address_parse(&address, host) || is_scoped(host) || hostname_clean(clean, host)))
    m->host = host;
  else
    broken(m, set, "bind: expected an address or a name, not %s", host);
}

static void carry_v6only(struct making *m, struct setting const *set)
{
  if (strcmp(value_of(set), "yes") == 0) {
    if (!m->host)
      m->host = "::";
  } else if (strcmp(value_of(set), "no") != 0)
    broken(m, set, "v6only: expected yes or no, not %s", value_of(set));
}

/* --- Flags -------------------------------------------------------------------------------------------------- */

static void flag_option(struct making *m, struct setting const *set, char const *option)
{
  if (m->service->kind == SERVICE_MUXED)
    lost(m, set, "flags: %s is for tcpmux as a whole", option);
  else if (m->service->kind == SERVICE_WAITING && strcmp(option, " -4") != 0)
    lost(m, set, "flags: the program accepts connections itself, and tcpserver%s is not for it", option);
  else
    text_add(&m->options, option);
}

static void flag_ident_only(struct making *m, struct setting const *set, char const *text)
{
  (void)text;
  /* As xinetd's page says, it has no effect without USERID. */
  if (service_has(m->service, A_LOG_ON_SUCCESS, "USERID") ||
      service_has(m->service, A_LOG_ON_FAILURE, "USERID"))
    text_add(&m->slot[SLOT_IDENT], " sh -c 'test -n \"$TCPREMOTEINFO\" || exit 0; exec \"$@\"' sh");
  else
    remark(&m->service->remarks, set->place, REMARK_NOTE, "flags: IDONLY has no effect without USERID");
}

static void flag_lost(struct making *m, struct setting const *set, char const *text)
{
  lost(m, set, "flags: %s", text);
}

static void flag_sensor(struct making *m, struct setting const *set, char const *text)
{
  (void)text;
  broken(m, set, "flags: SENSOR, a trap that shuts addresses out, has no counterpart");
}

static void flag_intercept(struct making *m, struct setting const *set, char const *text)
{
  (void)text;
  if (m->service->kind == SERVICE_WAITING)
    broken(m, set, "flags: INTERCEPT, a filter before a program that accepts, has no counterpart");
}

static void carry_flags(struct making *m, struct setting const *set)
{
  static struct {
    char const *flag;
    void (*carry)(struct making *m, struct setting const *set, char const *text);
    char const *text;
  } const known[] = {
      {"INTERCEPT", flag_intercept, NULL},
      {"IDONLY", flag_ident_only, NULL},
      {"NODELAY", flag_option, " -D"},
      {"KEEPALIVE", flag_option, " -A"},
      {"IPv4", flag_option, " -4"},
      {"SENSOR", flag_sensor, NULL},
      {"LABELED", flag_lost, "LABELED: the program does not get the peer's SELinux context"},
      /* The others need nothing: NORETRY and REUSE are what tcpserver does anyway, IPv6 is its default, NAMEINARGS is
       * program.c's, NOLIBWRAP that of who looks at hosts_access(5), DISABLE that of service.c. */
  };
  for (size_t i = 0; i < set->values.count; i++)
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
      if (strcmp(set->values.list[i], known[k].flag) == 0)
        known[k].carry(m, set, known[k].text);
}

/* --- Who, and with what --------------------------------------------------------------------------------------- */

/* As passwd(5) and useradd(8) have them, capitals, dots and what a domain adds included. */
static bool is_account(char const *name)
{
  return *name && *name != '-' && strlen(name) <= 64 &&
         name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-$@\\")] == '\0';
}

static void carry_user(struct making *m, struct setting const *set)
{
  char const *name = value_of(set);
  if (!is_account(name))
    broken(m, set, "%s: expected a name or a number, not %s", attributes[set->attribute].name, name);
  else if (set->attribute == A_GROUP)
    m->account.group = name;
  else
    m->account.user = name;
}

static void carry_groups(struct making *m, struct setting const *set)
{
  if (strcmp(value_of(set), "yes") == 0)
    m->account.groups = true;
  else if (strcmp(value_of(set), "no") != 0)
    broken(m, set, "groups: expected yes or no, not %s", value_of(set));
}

static void carry_umask(struct making *m, struct setting const *set)
{
  char const *mask = value_of(set);
  if (strlen(mask) > 4 || strspn(mask, "01234567") != strlen(mask))
    broken(m, set, "umask: expected up to four octal digits, not %s", mask);
  else
    text_addf(&m->setup, "umask %s\n", mask);
}

/* Only root may have a better priority, so that is taken before root's rights are given up. */
static void carry_nice(struct making *m, struct setting const *set)
{
  char const *text = value_of(set);
  bool better = *text == '-';
  unsigned int n;
  if (!decimal_parse(&n, text + better, 0, 40))
    broken(m, set, "nice: expected a number from -40 to 40, not %s", text);
  else if (n > 0)
    text_addf(better ? &m->outer : &m->slot[SLOT_NICE], " nice -n %s%u", better ? "-" : "", n);
}

/* With K or M behind it. */
static bool parse_size(char const *text, uint64_t *size)
{
  size_t digits = strspn(text, "0123456789");
  unsigned int shift = text[digits] == 'K' ? 10 : text[digits] == 'M' ? 20 : 0;
  if (digits == 0 || digits > 18 || text[digits + (shift != 0)])
    return false;
  *size = strtoull(text, NULL, 10);
  if (*size > (uint64_t)INT64_MAX >> shift)
    return false;
  *size <<= shift;
  return true;
}

/* xinetd sets both limits, soft and hard, and so does prlimit. A limit that is lifted takes root's rights. */
static void carry_rlimit(struct making *m, struct setting const *set)
{
  static char const *const option[ATTRIBUTES] = {
      [A_RLIMIT_AS] = "as",        [A_RLIMIT_CPU] = "cpu", [A_RLIMIT_DATA] = "data",
      [A_RLIMIT_FILES] = "nofile", [A_RLIMIT_RSS] = "rss", [A_RLIMIT_STACK] = "stack",
  };
  struct text *out = is_unlimited(set) ? &m->outer_limits : &m->slot[SLOT_LIMITS];
  uint64_t size = 0;
  if (!is_unlimited(set) && !parse_size(value_of(set), &size)) {
    broken(m, set, "%s: expected a number, perhaps with K or M, or UNLIMITED, not %s",
           attributes[set->attribute].name, value_of(set));
    return;
  }
  if (out->len == 0)
    text_add(out, " prlimit");
  if (is_unlimited(set))
    text_addf(out, " --%s=unlimited", option[set->attribute]);
  else
    text_addf(out, " --%s=%llu", option[set->attribute], (unsigned long long)size);
}

static void carry_env(struct making *m, struct setting const *set)
{
  for (size_t i = 0; i < set->values.count; i++) {
    char const *variable = set->values.list[i];
    size_t len = strcspn(variable, "=");
    if (len == 0 || !variable[len])
      broken(m, set, "env: expected NAME=value, not %s", variable);
    /* The name becomes that of a file, for envdir, which passes over those that begin with a dot. */
    else if (memchr(variable, '/', len) || *variable == '.' || len > 200)
      lost(m, set, "env: envdir can't have the variable %s", variable);
    else
      values_add(&m->environment, variable, strlen(variable));
  }
}

/* PATH is always passed on: what runs before the server is found with it. */
static void carry_passenv(struct making *m, struct setting const *set)
{
  text_add(&m->outer, " env -i ${PATH+PATH=\"$PATH\"}");
  for (size_t i = 0; i < set->values.count; i++) {
    char const *name = set->values.list[i];
    size_t len = strlen(name);
    if ((*name >= '0' && *name <= '9') ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != len)
      lost(m, set, "passenv: the shell can't pass on a variable of the name %s", name);
    else if (strcmp(name, "PATH") != 0)
      text_addf(&m->outer, " ${%s+%s=\"$%s\"}", name, name, name);
  }
}

/* --- The log ------------------------------------------------------------------------------------------------ */

/* What a value of log_on_success and log_on_failure takes. */
static void carry_log_on(struct making *m, struct setting const *set)
{
  for (size_t i = 0; i < set->values.count; i++) {
    char const *value = set->values.list[i];
    m->verbose = true;
    if (strcmp(value, "DURATION") == 0 || strcmp(value, "TRAFFIC") == 0)
      m->details = true;
    if (strcmp(value, "USERID") == 0)
      m->ident = true;
  }
}

static bool among(char const *value, char const *const *list)
{
  while (*list && strcmp(*list, value) != 0)
    list++;
  return *list != NULL;
}

static void log_to_syslog(struct making *m, struct setting const *set)
{
  static char const *const facilities[] = {"daemon", "auth",   "authpriv", "user",   "mail",   "lpr",
                                           "news",   "uucp",   "ftp",      "local0", "local1", "local2",
                                           "local3", "local4", "local5",   "local6", "local7", NULL};
  static char const *const levels[] = {"emerg",  "alert", "crit",  "err", "warning",
                                       "notice", "info",  "debug", NULL};
  char const *facility = set->values.count > 1 ? set->values.list[1] : "";
  char const *level = set->values.count > 2 ? set->values.list[2] : "info";
  if (set->values.count > 3 || !among(facility, facilities) || !among(level, levels)) {
    broken(m, set, "log_type: expected SYSLOG, a facility, and perhaps a level, not %s %s", facility, level);
    return;
  }
  text_addf(&m->log, "exec logger -p %s.%s -t", facility, level);
  text_add_word(&m->log, m->service->id);
  text_add(&m->log, "\n");
}

/* multilog turns to a new file where xinetd complains, and throws the oldest away where xinetd stops. */
static void log_to_file(struct making *m, struct setting const *set)
{
  static uint64_t const least = 4096, most = 16777215;
  uint64_t soft = 0, hard = 0;
  if (set->values.count < 2 || set->values.count > 4 ||
      (set->values.count > 2 && !parse_size(set->values.list[2], &soft)) ||
      (set->values.count > 3 && !parse_size(set->values.list[3], &hard))) {
    broken(m, set, "log_type: expected FILE, its name, and up to two sizes");
    return;
  }
  lost(m, set, "log_type: the log is not in %s but in log/main, which multilog keeps", set->values.list[1]);
  text_add(&m->log, "exec multilog t");
  if (soft > 0)
    text_addf(&m->log, " s%llu n10", (unsigned long long)(soft < least ? least : soft > most ? most : soft));
  text_add(&m->log, " ./main\n");
}

static void carry_log_type(struct making *m, struct setting const *set)
{
  if (m->service->kind == SERVICE_MUXED)
    remark(&m->service->remarks, set->place, REMARK_NOTE, "log_type: what it says goes to the log of tcpmux");
  else if (strcmp(value_of(set), "SYSLOG") == 0)
    log_to_syslog(m, set);
  else if (strcmp(value_of(set), "FILE") == 0)
    log_to_file(m, set);
  else
    broken(m, set, "log_type: expected SYSLOG or FILE, not %s", value_of(set));
}

/* --- Nothing ------------------------------------------------------------------------------------------------ */

static void carry_mdns(struct making *m, struct setting const *set)
{
  if (strcmp(value_of(set), "no") != 0)
    lost(m, set, "mdns: nothing is registered");
}

static void carry_nothing(struct making *m, struct setting const *set)
{
  lost(m, set, "%s has no counterpart", attributes[set->attribute].name);
}

/* --- All of them ---------------------------------------------------------------------------------------------- */

/* In the order in which they are carried over: bind before v6only, which then has nothing to say. Those that are not
 * here are service.c's (what kind of a service it is) and program.c's (what runs). */
static struct {
  enum attribute attribute;
  carry_function *carry;
} const ways[] = {
    {A_USER, carry_user},
    {A_GROUP, carry_user},
    {A_GROUPS, carry_groups},
    {A_INSTANCES, carry_instances},
    {A_PER_SOURCE, carry_per_source},
    {A_CPS, carry_cps},
    {A_PER_MINUTE, carry_per_minute},
    {A_PER_SOURCE_MINUTE, carry_per_minute},
    {A_ONLY_FROM, carry_access},
    {A_NO_ACCESS, carry_access},
    {A_ACCESS_TIMES, carry_access_times},
    {A_MAX_LOAD, carry_max_load},
    {A_BIND, carry_bind},
    {A_V6ONLY, carry_v6only},
    {A_FLAGS, carry_flags},
    {A_BANNER, carry_banner},
    {A_BANNER_SUCCESS, carry_banner_success},
    {A_BANNER_FAIL, carry_banner_fail},
    {A_PASSENV, carry_passenv},
    {A_ENV, carry_env},
    {A_UMASK, carry_umask},
    {A_NICE, carry_nice},
    {A_RLIMIT_AS, carry_rlimit},
    {A_RLIMIT_CPU, carry_rlimit},
    {A_RLIMIT_DATA, carry_rlimit},
    {A_RLIMIT_FILES, carry_rlimit},
    {A_RLIMIT_RSS, carry_rlimit},
    {A_RLIMIT_STACK, carry_rlimit},
    {A_LOG_TYPE, carry_log_type},
    {A_LOG_ON_SUCCESS, carry_log_on},
    {A_LOG_ON_FAILURE, carry_log_on},
    {A_MDNS, carry_mdns},
    {A_DENY_TIME, carry_nothing},
    {A_RPC_NUMBER, carry_nothing},
    {A_RPC_VERSION, carry_nothing},
};

/* It is lost, and if it kept somebody out who would get in now the service is not to run before a person has looked. */
static void withhold(struct making *m, struct setting const *set)
{
  enum attribute a = set->attribute;
  if (a != A_ONLY_FROM && a != A_NO_ACCESS && a != A_ACCESS_TIMES)
    return;
  m->service->withheld = true;
  lost(m, set, "%s: so the service is made, but down", name_of(a));
}

/* True if this kind of a service can have it; else that is said. What comes from defaults holds for tcpmux itself. */
static bool is_for_kind(struct making *m, struct setting const *set)
{
  struct service const *s = m->service;
  bool own = set == &s->own[set->attribute];
  unsigned int scope = attributes[set->attribute].scope;
  if (s->kind == SERVICE_MUXED && !(scope & IN_MUXED)) {
    remark(&m->service->remarks, set->place, own ? REMARK_LOST : REMARK_NOTE,
           "%s: it is for tcpmux as a whole, not for one of its services", name_of(set->attribute));
    if (own)
      withhold(m, set);
    return false;
  }
  if (s->kind == SERVICE_WAITING && !(scope & IN_WAITING)) {
    lost(m, set, "%s: the program accepts connections itself (wait = yes)", name_of(set->attribute));
    withhold(m, set);
    return false;
  }
  return true;
}

void carry_all(struct making *m)
{
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    struct setting const *set = m->service->at[ways[i].attribute];
    if (set && is_for_kind(m, set))
      ways[i].carry(m, set);
  }
}
