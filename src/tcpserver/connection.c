/* connection.c - see connection.h. */
#include "connection.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
  free(c->names);
  *c = (struct connection)CONNECTION_ZERO;
}
