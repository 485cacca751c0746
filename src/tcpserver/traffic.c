/* traffic.c - see traffic.h. The C library's struct tcp_info is older than the counters: this file takes the
 * kernel's, and so must not include <netinet/tcp.h>. */
#include "traffic.h"

#include <stddef.h>
#include <sys/socket.h>

#ifdef __linux__

#include <linux/tcp.h>
#include <netinet/in.h>

/* RFC 9293 section 3.3.2; numbers of the kernel. */
enum {
  STATE_FIN_WAIT_1 = 4,
  STATE_TIME_WAIT = 6,
  STATE_CLOSED = 7,
  STATE_CLOSE_WAIT = 8,
  STATE_LAST_ACK = 9,
  STATE_CLOSING = 11
};

static uint64_t sent_once(struct tcp_info const *info)
{
  return info->tcpi_bytes_sent - info->tcpi_bytes_retrans;
}

/* The peer's FIN has arrived. Of a connection that is closed it can't be seen; but if ours was acknowledged, which counts
 * as a byte that was never sent, then most likely both have been exchanged, else it was a reset. */
static bool peer_has_closed(struct tcp_info const *info)
{
  switch (info->tcpi_state) {
  case STATE_CLOSE_WAIT:
  case STATE_LAST_ACK:
  case STATE_CLOSING:
  case STATE_TIME_WAIT: return true;
  case STATE_CLOSED: return info->tcpi_bytes_acked > sent_once(info);
  default: return false;
  }
}

/* Our own FIN waits behind data. */
static bool has_fin_to_send(struct tcp_info const *info)
{
  bool finished = info->tcpi_state == STATE_FIN_WAIT_1 || info->tcpi_state == STATE_CLOSING ||
                  info->tcpi_state == STATE_LAST_ACK;
  return finished && info->tcpi_notsent_bytes > 0;
}

/* The kernel counts either side's FIN as a byte. */
static struct traffic count(struct tcp_info const *info)
{
  struct traffic t = {.in = info->tcpi_bytes_received, .out = sent_once(info) + info->tcpi_notsent_bytes};
  if (t.in > 0 && peer_has_closed(info))
    t.in--;
  if (has_fin_to_send(info))
    t.out--;
  return t;
}

static bool ask(int socket, struct tcp_info *info)
{
  socklen_t len = sizeof *info;
  *info = (struct tcp_info){0};
  return getsockopt(socket, IPPROTO_TCP, TCP_INFO, info, &len) == 0 &&
         len >= offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof info->tcpi_bytes_retrans;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
  return a < b ? a : b;
}

bool activity_of(int connection, struct activity *out)
{
  struct tcp_info info;
  if (!ask(connection, &info))
    return false;
  out->traffic = count(&info);
  out->moved = info.tcpi_bytes_received + sent_once(&info) + info.tcpi_bytes_acked;
  out->quiet_ms = lesser(info.tcpi_last_data_recv, lesser(info.tcpi_last_data_sent, info.tcpi_last_ack_recv));
  return true;
}

bool activity_is_known(int socket)
{
  struct tcp_info info;
  return ask(socket, &info);
}

#else

bool activity_of(int connection, struct activity *out)
{
  (void)connection;
  (void)out;
  return false;
}

bool activity_is_known(int socket)
{
  (void)socket;
  return false;
}

#endif

struct traffic traffic_of(int connection)
{
  struct activity a;
  if (connection == -1 || !activity_of(connection, &a))
    return (struct traffic){0, 0};
  return a.traffic;
}
