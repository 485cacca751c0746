/* options.c - see options.h. tcpclient(1) tells what they mean; its name is in the messages. */
#include "options.h"

#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include "decimal.h"

char const options_help[] =
    "tlsconnect is started by tcpclient -n, whose options and manual page tell what it does.\n"
    "See tcpclient(1).\n";

enum { TIMEOUT_DEFAULT_S = 60, TIMEOUT_MAX_S = 86400 };

#define die_usage(...) strerr_die(100, PROG, ": usage: ", __VA_ARGS__)

static void take_starttls(struct options *o, char const *name)
{
  o->starttls = starttls_protocol_named(name);
  if (o->starttls == STARTTLS_NONE)
    die_usage("-s takes smtp, pop3 or imap, not ", name);
}

static void take_timeout(struct options *o, char const *text)
{
  if (!decimal_parse(&o->timeout_s, text, 1, TIMEOUT_MAX_S))
    die_usage("-S takes seconds, 1 to 86400, not ", text);
}

static char const *unless_empty(char const *text)
{
  return *text ? text : NULL;
}

struct options options_from(int argc, char const *const *argv)
{
  struct options o = {.policy = {.verify = true}, .timeout_s = TIMEOUT_DEFAULT_S};
  subgetopt state = SUBGETOPT_ZERO;
  char problem[CONTEXT_PROBLEM_SIZE];
  int letter;

  while ((letter = subgetopt_r(argc, argv, "qn:c:L:f:M:e:s:S:k", &state)) != -1) {
    switch (letter) {
    case 'q': o.silent = true; break;
    case 'n': o.files.certificate = unless_empty(state.arg); break;
    case 'c': o.files.authorities = unless_empty(state.arg); break;
    case 'L': o.files.revocations = unless_empty(state.arg); break;
    case 'f': o.policy.ciphers = state.arg; break;
    case 'M': o.policy.version = state.arg; break;
    case 'e': o.policy.alpn = state.arg; break;
    case 's': take_starttls(&o, state.arg); break;
    case 'S': take_timeout(&o, state.arg); break;
    case 'k': o.policy.verify = false; break;
    default: die_usage(options_help);
    }
  }
  if (argc != state.ind)
    die_usage(options_help);
  if (!tls_policy_check(&o.policy, problem))
    die_usage(problem);
  return o;
}
