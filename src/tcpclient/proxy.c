/* proxy.c - see proxy.h. */
#include "proxy.h"

#include <stdlib.h>

#include "clock.h"
#include "deadline.h"
#include "decimal.h"
#include "proxyheader.h"
#include "report.h"

/* As servers call them: remote is the client, local what it has connected to. */
enum { REMOTE_IP, REMOTE_PORT, LOCAL_IP, LOCAL_PORT, VARIABLES };
static char const *const name[VARIABLES] = {"TCPREMOTEIP", "TCPREMOTEPORT", "TCPLOCALIP", "TCPLOCALPORT"};

/* A zone means nothing elsewhere. */
static void take_address(struct options const *o, struct address *a, int which, char const *text)
{
  if (!address_parse(a, text) || a->scope != 0)
    report_fatal(o->verbosity, "unable to make a PROXY header: $", name[which],
                 " is not an IP address: ", text);
  address_unmap(a);
}

static void take_port(struct options const *o, uint16_t *port, int which, char const *text)
{
  unsigned int value = 0;
  if (!decimal_parse(&value, text, 0, UINT16_MAX))
    report_fatal(o->verbosity, "unable to make a PROXY header: $", name[which], " is not a port: ", text);
  *port = (uint16_t)value;
}

/* False if the environment tells of no connection. Half of one would be a lie. */
static bool take_inherited(struct options const *o, struct proxyheader *h)
{
  char const *value[VARIABLES];
  int there = 0, missing = 0;
  for (int i = 0; i < VARIABLES; i++) {
    value[i] = getenv(name[i]);
    there += value[i] != NULL;
    if (!value[i])
      missing = i;
  }
  if (there == 0)
    return false;
  if (there < VARIABLES)
    report_fatal(o->verbosity, "unable to make a PROXY header: $", name[missing],
                 " is not set, but others are");
  take_address(o, &h->source, REMOTE_IP, value[REMOTE_IP]);
  take_port(o, &h->source_port, REMOTE_PORT, value[REMOTE_PORT]);
  take_address(o, &h->destination, LOCAL_IP, value[LOCAL_IP]);
  take_port(o, &h->destination_port, LOCAL_PORT, value[LOCAL_PORT]);
  return true;
}

void proxy_check(struct options const *o)
{
  struct proxyheader h;
  if (o->proxy != 0)
    take_inherited(o, &h);
}

static void report_sent(struct options const *o, struct proxyheader const *h)
{
  char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE], from[DECIMAL_SIZE], to[DECIMAL_SIZE];
  address_print(source, &h->source);
  address_print(destination, &h->destination);
  decimal_print(from, h->source_port);
  decimal_print(to, h->destination_port);
  report_status(o->verbosity, "PROXY header: from ", source, " port ", from, " to ", destination, " port ",
                to);
}

void proxy_introduce(struct options const *o, int fd, struct address const *local, uint16_t local_port,
                     struct address const *remote, uint16_t remote_port)
{
  struct proxyheader h = {.version = o->proxy,
                          .kind = PROXYHEADER_TCP,
                          .source = *local,
                          .source_port = local_port,
                          .destination = *remote,
                          .destination_port = remote_port};
  int64_t deadline_ms = clock_ms() + ((int64_t)o->first_s + o->second_s) * 1000;
  uint8_t octets[PROXYHEADER_LINE_MAX];
  char ip[ADDRESS_TEXT_SIZE], port[DECIMAL_SIZE];
  size_t length;

  if (o->proxy == 0)
    return;
  take_inherited(o, &h);
  length = proxyheader_write(octets, sizeof octets, &h);
  if (!deadline_send(fd, octets, length, deadline_ms)) {
    address_print(ip, remote);
    decimal_print(port, remote_port);
    report_fatal_system(o->verbosity, "unable to send the PROXY header to ", ip, " port ", port);
  }
  report_sent(o, &h);
}
