/* message.c - see message.h. The kernel keeps record boundaries, so there is no stream to fall out of step
 * with; what remains is to check each record before anyone looks at it. */
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the descriptors of a legal message. The kernel drops those that don't fit and says MSG_CTRUNC. */
union control {
  struct cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_DESCRIPTORS_MAX)];
};
enum { CONTROL_DESCRIPTORS = sizeof(union control) / sizeof(int) };

struct arrived {
  int descriptor[CONTROL_DESCRIPTORS];
  size_t count;
};

int message_pair(int pair[2])
{
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
}

int message_adopt(int fd)
{
  int domain, type, flags = fcntl(fd, F_GETFL);
  socklen_t domain_size = sizeof domain, type_size = sizeof type;
  if (flags == -1 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) == -1 ||
      getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == -1)
    return -1;
  if (domain != AF_UNIX || type != SOCK_SEQPACKET) {
    errno = EPROTOTYPE;
    return -1;
  }
  return fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int message_send(int fd, struct message_kind const *kind, uint32_t id, void const *payload,
                 int const *descriptors)
{
  struct message_header header = {.kind = kind->kind, .size = kind->size, .id = id};
  struct iovec part[2] = {{.iov_base = &header, .iov_len = sizeof header},
                          {.iov_base = (void *)(uintptr_t)payload, .iov_len = kind->size}};
  struct msghdr record = {.msg_iov = part, .msg_iovlen = kind->size ? 2 : 1};
  union control control;
  ssize_t sent;

  if (kind->size > MESSAGE_PAYLOAD_MAX || kind->descriptors > MESSAGE_DESCRIPTORS_MAX) {
    errno = EINVAL;
    return -1;
  }
  if (kind->descriptors) {
    size_t len = sizeof(int) * kind->descriptors;
    memset(&control, 0, sizeof control);
    control.align.cmsg_level = SOL_SOCKET;
    control.align.cmsg_type = SCM_RIGHTS;
    control.align.cmsg_len = (socklen_t)CMSG_LEN(len);
    memcpy(CMSG_DATA(&control.align), descriptors, len);
    record.msg_control = control.bytes;
    record.msg_controllen = (socklen_t)CMSG_SPACE(len);
  }
  do
    sent = sendmsg(fd, &record, MSG_NOSIGNAL);
  while (sent == -1 && errno == EINTR);
  return sent == -1 ? -1 : 0;
}

/* Takes every descriptor out of the record: once it is received they are ours to close. */
static void collect(struct arrived *a, struct msghdr *record)
{
  for (struct cmsghdr *c = CMSG_FIRSTHDR(record); c; c = CMSG_NXTHDR(record, c)) {
    size_t n;
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
      continue;
    n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(a->descriptor + a->count, CMSG_DATA(c), n * sizeof(int));
    a->count += n;
  }
}

static void discard(struct arrived const *a)
{
  int saved = errno;
  for (size_t i = 0; i < a->count; i++)
    close(a->descriptor[i]);
  errno = saved;
}

static struct message_kind const *find(struct message_kind const *table, size_t kinds, uint16_t kind)
{
  for (size_t i = 0; i < kinds; i++)
    if (table[i].kind == kind)
      return &table[i];
  return NULL;
}

static int acceptable(struct message_kind const *table, size_t kinds, struct message_header const *header,
                      size_t received, int flags, size_t descriptors)
{
  struct message_kind const *kind;
  if ((flags & (MSG_TRUNC | MSG_CTRUNC)) || received < sizeof *header)
    return 0;
  kind = find(table, kinds, header->kind);
  return kind && header->size == kind->size && received == sizeof *header + kind->size &&
         descriptors == kind->descriptors;
}

enum message_result message_receive(int fd, struct message_kind const *table, size_t kinds, struct message *m)
{
  struct iovec part[2] = {{.iov_base = &m->header, .iov_len = sizeof m->header},
                          {.iov_base = m->payload, .iov_len = sizeof m->payload}};
  union control control;
  struct msghdr record = {
      .msg_iov = part, .msg_iovlen = 2, .msg_control = control.bytes, .msg_controllen = sizeof control};
  struct arrived arrived = {.count = 0};
  ssize_t received;

  for (size_t i = 0; i < MESSAGE_DESCRIPTORS_MAX; i++)
    m->descriptor[i] = -1;
  do
    received = recvmsg(fd, &record, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  while (received == -1 && errno == EINTR);
  if (received == -1)
    return errno == EAGAIN || errno == EWOULDBLOCK ? MESSAGE_NONE : MESSAGE_REFUSED;
  collect(&arrived, &record);
  if (received == 0) {
    discard(&arrived);
    return MESSAGE_END;
  }
  if (!acceptable(table, kinds, &m->header, (size_t)received, record.msg_flags, arrived.count)) {
    discard(&arrived);
    errno = EPROTO;
    return MESSAGE_REFUSED;
  }
  memcpy(m->descriptor, arrived.descriptor, arrived.count * sizeof(int));
  return MESSAGE_RECEIVED;
}
