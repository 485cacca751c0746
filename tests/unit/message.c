/* Messages: exactly what the table lists gets through; all else is refused and leaves no descriptor behind. */
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

enum kind { ASK = 1, ANSWER = 2, HAND_OVER = 3, HAND_TWO = 4, LARGEST = 5, BELL = 6 };

static struct message_kind const table[] = {{.kind = ASK, .size = 20},
                                            {.kind = ANSWER, .size = 300},
                                            {.kind = HAND_OVER, .size = 4, .descriptors = 1},
                                            {.kind = HAND_TWO, .size = 4, .descriptors = 2},
                                            {.kind = LARGEST, .size = MESSAGE_PAYLOAD_MAX},
                                            {.kind = BELL, .size = 0}};
enum { KINDS = sizeof table / sizeof table[0] };

static struct message_kind const *row(enum kind kind)
{
  return &table[kind - 1];
}

static int pair[2];
static struct message got;

static enum message_result receive(void)
{
  return message_receive(pair[1], table, KINDS, &got);
}

static int open_descriptors(void)
{
  int n = 0;
  for (int fd = 0; fd < 256; fd++)
    n += fcntl(fd, F_GETFD) != -1;
  return n;
}

/* Sends bytes as they are, as a helper that was taken over might. */
static bool send_raw(void const *bytes, size_t len, int const *descriptors, size_t count)
{
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * 16)];
  } control = {.bytes = {0}};
  struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
  struct msghdr record = {.msg_iov = &part, .msg_iovlen = 1};
  if (count) {
    record.msg_control = control.bytes;
    record.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(&control.header), descriptors, sizeof(int) * count);
  }
  return sendmsg(pair[0], &record, MSG_NOSIGNAL) == (ssize_t)len;
}

/* A record with this header and `payload` further bytes. */
static bool send_record(unsigned int kind, unsigned int size, size_t payload, int const *descriptors,
                        size_t count)
{
  static unsigned char bytes[sizeof(struct message_header) + MESSAGE_PAYLOAD_MAX + 100];
  struct message_header header = {.kind = (uint16_t)kind, .size = (uint16_t)size, .id = 7};
  memcpy(bytes, &header, sizeof header);
  return send_raw(bytes, sizeof header + payload, descriptors, count);
}

static bool refused(void)
{
  errno = 0;
  return receive() == MESSAGE_REFUSED && errno == EPROTO && got.descriptor[0] == -1 &&
         got.descriptor[1] == -1;
}

static void test_exchange(void)
{
  static unsigned char large[MESSAGE_PAYLOAD_MAX];
  char const question[20] = "who is 192.0.2.1?";
  int null, fd[2];

  ok(receive() == MESSAGE_NONE, "nothing is there before anything was sent");
  ok(message_send(pair[0], row(ASK), 0xfedcba98u, question, NULL) == 0, "a message can be sent");
  ok(receive() == MESSAGE_RECEIVED && got.header.kind == ASK && got.header.size == 20 &&
         got.header.id == 0xfedcba98u && memcmp(got.payload, question, 20) == 0 && got.descriptor[0] == -1,
     "it arrives with its kind, id and payload");
  ok(message_send(pair[0], row(BELL), 1, NULL, NULL) == 0 && receive() == MESSAGE_RECEIVED &&
         got.header.kind == BELL && got.header.size == 0,
     "a kind without payload arrives");

  memset(large, 'x', sizeof large);
  ok(message_send(pair[0], row(LARGEST), 2, large, NULL) == 0 && receive() == MESSAGE_RECEIVED &&
         memcmp(got.payload, large, sizeof large) == 0,
     "the largest payload arrives whole");

  null = open("/dev/null", O_RDONLY);
  fd[0] = null;
  ok(message_send(pair[0], row(HAND_OVER), 3, "abc", fd) == 0 && receive() == MESSAGE_RECEIVED &&
         got.descriptor[0] > null && got.descriptor[1] == -1,
     "a descriptor travels with its message");
  ok(fcntl(got.descriptor[0], F_GETFD) == FD_CLOEXEC, "it is close-on-exec");
  ok(fcntl(null, F_GETFD) != -1, "the sender keeps its own");
  close(got.descriptor[0]);
  fd[1] = pair[0];
  ok(message_send(pair[0], row(HAND_TWO), 4, "abc", fd) == 0 && receive() == MESSAGE_RECEIVED &&
         got.descriptor[0] != -1 && got.descriptor[1] != -1,
     "two descriptors travel with their message");
  close(got.descriptor[0]);
  close(got.descriptor[1]);
  close(null);
}

static void test_refusals(void)
{
  int fd[16];
  for (size_t i = 0; i < 16; i++)
    fd[i] = 0;
  ok(send_record(ASK, 20, 19, NULL, 0) && refused(), "a payload one byte short is refused");
  ok(send_record(ASK, 20, 21, NULL, 0) && refused(), "a payload one byte long is refused");
  ok(send_record(ASK, 19, 19, NULL, 0) && refused(), "a size that is not the kind's is refused");
  ok(send_record(ASK, 300, 300, NULL, 0) && refused(), "another kind's size is refused");
  ok(send_record(ASK, 65535, 20, NULL, 0) && refused(), "a size that lies is refused");
  ok(send_record(0, 20, 20, NULL, 0) && refused(), "kind 0 is refused");
  ok(send_record(99, 20, 20, NULL, 0) && refused(), "an unknown kind is refused");
  ok(send_raw("x", 1, NULL, 0) && refused(), "a record of one byte is refused");
  ok(send_raw("\1\0\24\0\0\0\0", 7, NULL, 0) && refused(), "half a header is refused");
  ok(send_record(LARGEST, MESSAGE_PAYLOAD_MAX, MESSAGE_PAYLOAD_MAX + 1, NULL, 0) && refused(),
     "a record that had to be cut off is refused");
  ok(send_record(ASK, 20, 20, fd, 1) && refused(), "a descriptor that the kind has not is refused");
  ok(send_record(HAND_OVER, 4, 4, NULL, 0) && refused(), "a missing descriptor is refused");
  ok(send_record(HAND_OVER, 4, 4, fd, 2) && refused(), "two descriptors for one are refused");
  ok(send_record(HAND_TWO, 4, 4, fd, 1) && refused(), "one descriptor for two is refused");
  ok(send_record(HAND_TWO, 4, 4, fd, 3) && refused(), "three descriptors for two are refused");
  ok(send_record(HAND_TWO, 4, 4, fd, 16) && refused(), "sixteen descriptors are refused");
  ok(send_record(99, 4, 4, fd, 2) && refused(), "an unknown kind with descriptors is refused");
  ok(send_record(HAND_OVER, 4, 3, fd, 1) && refused(), "a short payload with a descriptor is refused");
  ok(send_raw("", 0, fd, 1) && receive() == MESSAGE_END && got.descriptor[0] == -1,
     "an empty record with a descriptor counts as the end");
  ok(send_record(ASK, 20, 20, NULL, 0) && receive() == MESSAGE_RECEIVED,
     "after all that the next good message is received");
  ok(receive() == MESSAGE_NONE, "and nothing is left over");
}

static void test_illegal_rows(void)
{
  struct message_kind too_large = {.kind = ASK, .size = MESSAGE_PAYLOAD_MAX + 1};
  struct message_kind too_many = {.kind = ASK, .descriptors = MESSAGE_DESCRIPTORS_MAX + 1};
  errno = 0;
  ok(message_send(pair[0], &too_large, 1, "", NULL) == -1 && errno == EINVAL,
     "a row with too large a payload is not sent");
  errno = 0;
  ok(message_send(pair[0], &too_many, 1, "", NULL) == -1 && errno == EINVAL,
     "a row with too many descriptors is not sent");
  ok(receive() == MESSAGE_NONE, "nothing of them arrives");
}

/* When this process can't have another descriptor the kernel drops it on the way. */
static void test_descriptor_limit(void)
{
  struct rlimit before, tight;
  int fd = 0, highest = dup(0);
  close(highest);
  getrlimit(RLIMIT_NOFILE, &before);
  tight = (struct rlimit){.rlim_cur = (rlim_t)highest, .rlim_max = before.rlim_max};
  ok(message_send(pair[0], row(HAND_OVER), 1, "abc", &fd) == 0, "a descriptor is on its way");
  setrlimit(RLIMIT_NOFILE, &tight);
  ok(refused(), "a message whose descriptor found no place is refused");
  setrlimit(RLIMIT_NOFILE, &before);
}

static void test_flow(void)
{
  static unsigned char payload[300];
  int sent = 0, received = 0;
  while (sent < 100000 && message_send(pair[0], row(ANSWER), (uint32_t)sent, payload, NULL) == 0)
    sent++;
  ok(sent > 0 && sent < 100000 && errno == EAGAIN,
     "a receiver that is behind makes the sender wait, not block");
  while (receive() == MESSAGE_RECEIVED && got.header.id == (uint32_t)received)
    received++;
  ok(received == sent, "all that was sent arrives, in order");
}

static void test_end(void)
{
  ok(message_send(pair[0], row(BELL), 1, NULL, NULL) == 0 && close(pair[0]) == 0 &&
         receive() == MESSAGE_RECEIVED && receive() == MESSAGE_END && receive() == MESSAGE_END,
     "what was sent before the end still arrives, then the end is reported as such");
  errno = 0;
  ok(message_send(pair[1], row(BELL), 1, NULL, NULL) == -1 && errno == EPIPE,
     "sending to somebody who is gone is an error, not a signal");
  close(pair[1]);
  errno = 0;
  ok(receive() == MESSAGE_REFUSED && errno == EBADF, "a bad descriptor is the system's error");
}

static int adopt_error(int fd)
{
  return fd != -1 && message_adopt(fd) == -1 ? errno : 0;
}

static void test_adoption(void)
{
  int ends[2], file = open("/dev/null", O_RDONLY), inet = socket(AF_INET, SOCK_STREAM, 0), stream[2];
  ok(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0 && message_adopt(ends[0]) == 0 &&
         (fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0,
     "an end that was given is taken, and does not block");
  ok(adopt_error(file) == ENOTSOCK, "a file is not");
  ok(adopt_error(inet) == EPROTOTYPE, "nor a socket of the network");
  ok(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0 && adopt_error(stream[0]) == EPROTOTYPE,
     "nor one that is a stream");
  close(file);
  ok(adopt_error(file) == EBADF, "nor what is closed");
  close(inet);
  close(ends[0]);
  close(ends[1]);
  close(stream[0]);
  close(stream[1]);
}

int main(void)
{
  int before;
  test_adoption();
  ok(message_pair(pair) == 0, "a pair can be made");
  ok(fcntl(pair[0], F_GETFD) == FD_CLOEXEC && fcntl(pair[1], F_GETFD) == FD_CLOEXEC,
     "both ends are close-on-exec");
  ok((fcntl(pair[0], F_GETFL) & O_NONBLOCK) && (fcntl(pair[1], F_GETFL) & O_NONBLOCK),
     "both ends are nonblocking");
  before = open_descriptors();
  test_exchange();
  test_refusals();
  test_illegal_rows();
  test_descriptor_limit();
  test_flow();
  ok(open_descriptors() == before, "no descriptor was left behind by any of them");
  test_end();
  return tap_done();
}
