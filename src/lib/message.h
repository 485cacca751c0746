/* message.h - what tcpserver and its long-lived helpers say to each other: one fixed-size record per message,
 * with descriptors if its kind has any, over a SOCK_SEQPACKET socket pair. Neither side believes the other:
 * a record that is not exactly of a listed kind is refused and leaves nothing behind. Text is never parsed
 * here. See unix(7) for how descriptors travel (SCM_RIGHTS). */
#ifndef UCSPI_MESSAGE_H
#define UCSPI_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum { MESSAGE_PAYLOAD_MAX = 8192, MESSAGE_DESCRIPTORS_MAX = 2 };

/* One row of a protocol's table, which both sides are compiled with. */
struct message_kind {
  uint16_t kind;       /* what the message is; the protocol's own enum */
  uint16_t size;       /* of the payload in bytes, exactly: 0-MESSAGE_PAYLOAD_MAX */
  uint8_t descriptors; /* how many travel with it, exactly: 0-MESSAGE_DESCRIPTORS_MAX */
};

struct message_header {
  uint16_t kind;
  uint16_t size; /* of the payload */
  uint32_t id;   /* chosen by who asks; the answer bears the same */
};

struct message {
  struct message_header header;
  _Alignas(16) unsigned char payload[MESSAGE_PAYLOAD_MAX]; /* header.size bytes are valid */
  int descriptor[MESSAGE_DESCRIPTORS_MAX]; /* the receiver owns them; -1 where there is none */
};

/* Makes the connected pair, both ends nonblocking and close-on-exec: whoever starts the helper moves one end
 * to the descriptor where the helper expects it. 0, or -1 with errno as socketpair(2). */
int message_pair(int pair[2]);

/* For whoever has been given one end: is it one that messages can be sent over? It is nonblocking from then on. 0, or -1 with
 * errno: ENOTSOCK, EPROTOTYPE if it is a socket of another kind, or as fcntl(2). */
int message_adopt(int fd);

/* Sends kind->size bytes of payload (null if that is 0) and kind->descriptors descriptors (null if 0; they
 * stay the caller's). Clear a payload struct before filling it in: its padding travels too. All of it is sent
 * or nothing. 0, or -1 with errno: EAGAIN when the other side is behind, EPIPE when it is gone (no SIGPIPE),
 * EINVAL when the row is not a legal one, else as sendmsg(2). */
int message_send(int fd, struct message_kind const *kind, uint32_t id, void const *payload,
                 int const *descriptors);

enum message_result {
  MESSAGE_RECEIVED,
  MESSAGE_NONE,   /* nothing there yet (EAGAIN) */
  MESSAGE_END,    /* the other side is gone, or sent an empty record, which nobody does */
  MESSAGE_REFUSED /* errno EPROTO: not a message of the table; or what recvmsg(2) said */
};

/* Receives one message whose kind is one of table[0] to table[kinds-1]; its descriptors are close-on-exec. A
 * record that is too short, too long, cut off, of an unknown kind, or whose size or number of descriptors is
 * not what the table says is taken off the socket and refused, and all descriptors that came with it are
 * closed. So it is when descriptors were lost because this process can't have more of them. */
enum message_result message_receive(int fd, struct message_kind const *table, size_t kinds,
                                    struct message *m);

#endif
