/* lookup.h - questions to tcplookup, the helper that knows names and ident, and its answers: the layout of the
 * messages, what both sides check in them, and how the helper is started. tcpserver keeps one for all its
 * connections; tcpclient starts one when it has something to ask. */
#ifndef UCSPI_LOOKUP_H
#define UCSPI_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "hostname.h"
#include "ident.h"
#include "libexec.h"
#include "message.h"

/* Kinds of messages. The id of an answer is that of its question, which the asker chose; ids of questions that are
 * not answered yet differ. */
enum lookup_kind {
  LOOKUP_PEER = 1, /* struct lookup_peer; one LOOKUP_PEER_ANSWER follows */
  LOOKUP_HOST,     /* struct lookup_host; one LOOKUP_HOST_ANSWER for each family that was asked for */
  LOOKUP_CANCEL, /* no payload; the question of that id needs no answer any more; one may come all the same */
  LOOKUP_PING,   /* no payload; LOOKUP_PONG follows at once */
  LOOKUP_PEER_ANSWER, /* struct lookup_peer_answer */
  LOOKUP_HOST_ANSWER, /* struct lookup_host_answer */
  LOOKUP_PONG         /* no payload */
};

/* What is asked for, and what an answer holds. */
enum lookup_fact {
  LOOKUP_REMOTE_HOST = 1,
  LOOKUP_LOCAL_HOST = 2,
  LOOKUP_INFO = 4,
  /* In a question: REMOTE_HOST only if one of that name's addresses is the peer's. In an answer, never along with
   * REMOTE_HOST: remote_host is a name that was not confirmed so (nor if that could not be found out). */
  LOOKUP_PARANOID = 8,
  /* In an answer only: names, or ident, were wanted and could not be asked for, because the resolver's settings are
   * wrong or too many questions wait. Then they are not there. */
  LOOKUP_NAMES_UNASKED = 16,
  LOOKUP_INFO_UNASKED = 32
};

#define LOOKUP_INFO_TIMEOUT_MAX_S 86400

/* DNS is waited for no longer than this, whatever its servers and their number. */
#define LOOKUP_DNS_TIMEOUT_S 30

struct lookup_peer {
  struct address local, remote;
  uint16_t local_port, remote_port;
  uint32_t wanted;         /* enum lookup_fact, at least one of the first three */
  uint32_t info_timeout_s; /* 1-LOOKUP_INFO_TIMEOUT_MAX_S, if INFO is wanted */
};

/* What a program's options ask for. */
struct lookup_wishes {
  bool remote_host, paranoid, local_host;
  unsigned int info_timeout_s; /* 0: no ident, because in no time at all nobody answers */
};

/* That as enum lookup_fact. */
uint32_t lookup_wanted(struct lookup_wishes const *w);

/* A question that wants these facts, about a connection that is still to be told. Its padding is clear: that travels,
 * too. */
void lookup_peer_begin(struct lookup_peer *q, uint32_t wanted, unsigned int info_timeout_s);

struct lookup_peer_answer {
  uint32_t known;                  /* enum lookup_fact: which of these are there, or could not be asked for */
  char remote_host[HOSTNAME_SIZE]; /* all are as hostname.h and ident.h want them, the rest of them is NUL */
  char local_host[HOSTNAME_SIZE];
  char info[IDENT_SIZE];
};

struct lookup_host {
  uint32_t family;          /* enum address_family; ADDRESS_NONE: both */
  char name[HOSTNAME_SIZE]; /* as the user gave it, to be rewritten; 1-255 octets of printable ASCII */
};

enum lookup_status {
  LOOKUP_FOUND,   /* at least one address */
  LOOKUP_NONE,    /* there is none */
  LOOKUP_FAILURE, /* no server could say (timeout, SERVFAIL, REFUSED, nonsense) */
  LOOKUP_SETTINGS /* the resolver's settings are wrong: tcplookup has said on its standard error what is */
};

#define LOOKUP_ADDRESSES_MAX 32
struct lookup_host_answer {
  uint32_t family; /* ADDRESS_IPV4 or ADDRESS_IPV6 */
  uint32_t status; /* enum lookup_status */
  uint32_t count;  /* 0-LOOKUP_ADDRESSES_MAX; not 0 exactly if FOUND */
  struct address address[LOOKUP_ADDRESSES_MAX];
};

/* The rows for message_send() and message_receive(). */
extern struct message_kind const lookup_questions[4], lookup_answers[3];
/* The row of a kind; null if there is none. */
struct message_kind const *lookup_row(enum lookup_kind kind);

/* message_receive() has checked the size; these check the contents, octet by octet. */
bool lookup_peer_is_sound(struct lookup_peer const *q);
bool lookup_peer_answer_is_sound(struct lookup_peer_answer const *a);
bool lookup_host_is_sound(struct lookup_host const *q);
bool lookup_host_answer_is_sound(struct lookup_host_answer const *a);

/* Where tcplookup is: as libexec_path(). */
#define LOOKUP_PATH_SIZE LIBEXEC_PATH_SIZE
int lookup_path(char out[LOOKUP_PATH_SIZE]);

struct lookup_helper {
  int fd; /* our end: nonblocking, close-on-exec; the helper ends when it is closed */
  pid_t pid;
};

/* Starts it with -s. Its descriptors 0 and 1 are the other end, 2 is ours; other inherited ones must be
 * close-on-exec. Its environment is `environment`; `waiting` (1-1000000) is how many questions it must be able to
 * hold. The caller waits for its end. 0, or -1 with errno, the reason if it can't be run among them. */
int lookup_start(struct lookup_helper *h, char const *const *environment, unsigned int waiting);

#endif
