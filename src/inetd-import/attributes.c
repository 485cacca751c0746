/* attributes.c - see attributes.h. */
#include "attributes.h"

#include <string.h>

#define SERVICE IN_SERVICE
#define BOTH    (IN_SERVICE | IN_DEFAULTS)
#define MUXED   IN_MUXED
#define WAITING IN_WAITING

struct attribute_row const attributes[ATTRIBUTES] = {
    [A_ACCESS_TIMES] = {"access_times", VALUES_SOME, false, SERVICE, "HOURS in the rules"},
    [A_BANNER] = {"banner", 1, false, BOTH, "-B @file"},
    [A_BANNER_FAIL] = {"banner_fail", 1, false, BOTH, "DIEMSG in the rules, if it is one line"},
    [A_BANNER_SUCCESS] = {"banner_success", 1, false, BOTH | MUXED, "cat before the server"},
    [A_BIND] = {"bind", 1, false, BOTH | WAITING, "tcpserver's host"},
    [A_CPS] = {"cps", 2, false, BOTH, "-K"},
    [A_DENY_TIME] = {"deny_time", 1, false, SERVICE, "nothing"},
    [A_DISABLE] = {"disable", 1, false, SERVICE | MUXED | WAITING, "down"},
    [A_DISABLED] = {"disabled", VALUES_ANY, true, IN_DEFAULTS, "down"},
    [A_ENABLED] = {"enabled", VALUES_ANY, true, IN_DEFAULTS, "down, for all others"},
    [A_ENV] = {"env", VALUES_ANY, true, SERVICE | MUXED | WAITING, "envdir"},
    [A_FLAGS] = {"flags", VALUES_ANY, false, SERVICE | MUXED | WAITING, "options, see carry.c"},
    [A_GROUP] = {"group", 1, false, SERVICE | MUXED | WAITING, "-g"},
    [A_GROUPS] = {"groups", 1, false, BOTH | MUXED | WAITING, "-u with a name (yes) or a number (no)"},
    [A_ID] = {"id", 1, false, SERVICE | MUXED | WAITING, "the directory's name"},
    [A_INSTANCES] = {"instances", 1, false, BOTH | MUXED | WAITING, "-c; limit"},
    [A_LIBWRAP] = {"libwrap", 1, false, SERVICE | MUXED, "tcpd"},
    [A_LOG_ON_FAILURE] = {"log_on_failure", VALUES_ANY, true, BOTH | MUXED | WAITING, "-v, -r"},
    [A_LOG_ON_SUCCESS] = {"log_on_success", VALUES_ANY, true, BOTH | MUXED | WAITING, "-v, -V, -r"},
    [A_LOG_TYPE] = {"log_type", VALUES_SOME, false, BOTH | MUXED | WAITING, "log/run: logger or multilog"},
    [A_MAX_LOAD] = {"max_load", 1, false, BOTH, "MAXLOAD in the rules"},
    [A_MDNS] = {"mdns", 1, false, BOTH | MUXED | WAITING, "nothing"},
    [A_NICE] = {"nice", 1, false, SERVICE | MUXED | WAITING, "nice"},
    [A_NO_ACCESS] = {"no_access", VALUES_ANY, true, BOTH | MUXED, "rules"},
    [A_ONLY_FROM] = {"only_from", VALUES_ANY, true, BOTH | MUXED, "rules"},
    [A_PASSENV] = {"passenv", VALUES_ANY, true, BOTH | WAITING, "env -i before tcpserver"},
    [A_PER_SOURCE] = {"per_source", 1, false, BOTH, "-C"},
    [A_PORT] = {"port", 1, false, SERVICE | WAITING, "tcpserver's port"},
    [A_PROTOCOL] = {"protocol", 1, false, SERVICE | MUXED | WAITING, "TCP, or left out"},
    [A_REDIRECT] = {"redirect", 2, false, SERVICE | MUXED, "tcpclient"},
    [A_RLIMIT_AS] = {"rlimit_as", 1, false, SERVICE | MUXED | WAITING, "prlimit --as"},
    [A_RLIMIT_CPU] = {"rlimit_cpu", 1, false, SERVICE | MUXED | WAITING, "prlimit --cpu"},
    [A_RLIMIT_DATA] = {"rlimit_data", 1, false, SERVICE | MUXED | WAITING, "prlimit --data"},
    [A_RLIMIT_FILES] = {"rlimit_files", 1, false, SERVICE | MUXED | WAITING, "prlimit --nofile"},
    [A_RLIMIT_RSS] = {"rlimit_rss", 1, false, SERVICE | MUXED | WAITING, "prlimit --rss"},
    [A_RLIMIT_STACK] = {"rlimit_stack", 1, false, SERVICE | MUXED | WAITING, "prlimit --stack"},
    [A_RPC_NUMBER] = {"rpc_number", 1, false, SERVICE | MUXED | WAITING, "nothing"},
    [A_RPC_VERSION] = {"rpc_version", 1, false, SERVICE | MUXED | WAITING, "nothing"},
    [A_SERVER] = {"server", 1, false, SERVICE | MUXED | WAITING, "the program"},
    [A_SERVER_ARGS] = {"server_args", VALUES_SOME, false, SERVICE | MUXED | WAITING, "its arguments"},
    [A_SOCKET_TYPE] = {"socket_type", 1, false, SERVICE | MUXED | WAITING, "TCP, or left out"},
    [A_TYPE] = {"type", VALUES_SOME, false, SERVICE | MUXED | WAITING,
                "tcpmuxd; small programs for INTERNAL"},
    [A_UMASK] = {"umask", 1, false, BOTH | MUXED | WAITING, "umask"},
    [A_USER] = {"user", 1, false, SERVICE | MUXED | WAITING, "-u; setuidgid or setpriv"},
    [A_V6ONLY] = {"v6only", 1, false, BOTH | WAITING, "host ::"},
    [A_WAIT] = {"wait", 1, false, SERVICE | MUXED | WAITING, "tcpbind"},
    [A_PER_MINUTE] = {NULL, 1, false, 0, "-K n/60"},
    [A_PER_SOURCE_MINUTE] = {NULL, 1, false, 0, "-k n/60"},
};

enum attribute attribute_named(char const *name)
{
  static struct {
    char const *synonym;
    enum attribute attribute;
  } const synonyms[] = {{"interface", A_BIND}};
  for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
    if (strcmp(synonyms[i].synonym, name) == 0)
      return synonyms[i].attribute;
  for (enum attribute a = 0; a < ATTRIBUTES; a++)
    if (attributes[a].name && strcmp(attributes[a].name, name) == 0)
      return a;
  return ATTRIBUTES;
}
