/* traffic.c - see traffic.h. The C library's struct tcp_info is older than the counters: this file takes the
 * kernel's, and so must not include <netinet/tcp.h>. */
#include "traffic.h"

#include <stdbool.h>
#include <sys/socket.h>

#ifdef __linux__

#include <linux/tcp.h>
#include <netinet/in.h>

/* States in which the peer's FIN has arrived (RFC 9293 section 3.3.2; numbers of the kernel). */
enum { STATE_TIME_WAIT = 6, STATE_CLOSE_WAIT = 8, STATE_LAST_ACK = 9, STATE_CLOSING = 11 };

static bool peer_has_closed(unsigned int state)
{
  return state == STATE_CLOSE_WAIT || state == STATE_LAST_ACK || state == STATE_CLOSING ||
         state == STATE_TIME_WAIT;
}

struct traffic traffic_of(int connection)
{
  struct tcp_info info = {0};
  socklen_t len = sizeof info;
  struct traffic t = {0, 0};
  if (connection == -1 || getsockopt(connection, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
    return t;
  t.in = info.tcpi_bytes_received;
  /* The kernel counts the peer's FIN as a byte. */
  if (t.in > 0 && peer_has_closed(info.tcpi_state))
    t.in--;
  t.out = info.tcpi_bytes_sent - info.tcpi_bytes_retrans + info.tcpi_notsent_bytes;
  return t;
}

#else

struct traffic traffic_of(int connection)
{
  (void)connection;
  return (struct traffic){0, 0};
}

#endif
