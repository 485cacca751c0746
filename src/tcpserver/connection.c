/* connection.c - see connection.h. */
#include "connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* RFC 791 section 3.1: the header is 60 octets at most, 20 of them fixed. */
#define MAX_IP_OPTIONS 40

bool connection_find_arrival(struct connection *c, struct listener const *l)
{
  struct sockaddr_storage ss;
  socklen_t len = sizeof ss;
  if (c->arrival_known)
    return true;
  c->arrival = (struct arrival){.local = l->local, .local_port = l->port};
  c->arrival_known = !l->wildcard || (getsockname(c->fd, (struct sockaddr *)&ss, &len) == 0 &&
                                      address_from_sockaddr(&c->arrival.local, &c->arrival.local_port,
                                                            (struct sockaddr *)&ss));
  return c->arrival_known;
}

/* Source routes and the like (-o keeps them): most peers have none, and asking costs the kernel less than clearing
 * does. */
static void clear_ip_options(int fd)
{
  char found[MAX_IP_OPTIONS];
  socklen_t len = sizeof found;
  if (getsockopt(fd, IPPROTO_IP, IP_OPTIONS, found, &len) == -1 || len > 0)
    setsockopt(fd, IPPROTO_IP, IP_OPTIONS, NULL, 0);
}

void connection_set_options(struct connection const *c, struct options const *o)
{
  int const on = 1;
  struct address const *peer = c->proxied ? &c->proxied->address : &c->remote;
  if (!o->keep_ip_options && peer->family == ADDRESS_IPV4)
    clear_ip_options(c->fd);
  if (o->no_delay)
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (o->keep_alive)
    setsockopt(c->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

int connection_for_program(struct connection const *c)
{
  return c->program != -1 ? c->program : c->fd;
}

void connection_end(struct connection *c)
{
  if (c->fd != -1)
    close(c->fd);
  if (c->program != -1)
    close(c->program);
  free(c->proxied);
  free(c->names);
  free(c->tls);
  free(c->tls_refusal);
  *c = (struct connection)CONNECTION_ZERO;
}
