/* services.c - takes the place of two functions of the C library that c-ares calls only to look up services by name,
 * which is never asked of it here. Those of a static glibc would load whatever the system's name services are made of;
 * the linker warns of that. */
#include <errno.h>
#include <netdb.h>
#include <stddef.h>

struct servent *getservbyname(char const *name, char const *protocol)
{
  (void)name;
  (void)protocol;
  return NULL;
}

int getservbyport_r(int port, char const *protocol, struct servent *found, char *room, size_t size,
                    struct servent **result)
{
  (void)port;
  (void)protocol;
  (void)found;
  (void)room;
  (void)size;
  *result = NULL;
  return ENOENT;
}
