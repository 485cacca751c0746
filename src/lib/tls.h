/* tls.h - TLS as seen by programs that do not speak it: what tcpserver and tcpclient say to those that do (tcptls(1)
 * and tlsconnect), the layout of these messages, what both sides check in them, the pair of sockets between a program
 * and the relay, and the variables that tell a program about its connection. Nothing here knows OpenSSL. */
#ifndef UCSPI_TLS_H
#define UCSPI_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "environment.h"
#include "ids.h"
#include "message.h"

/* Kinds of messages. There are three conversations, each over a socket pair of its own:
 * tcpserver (or tcpclient) and a relay process, about connections; tcpserver and tcptls's keeper, about its workers; the
 * keeper and each worker, about keys (src/tcptls/). The id of an answer is that of its question. */
enum tls_kind {
  /* To a relay process. */
  TLS_OPEN =
      1,    /* struct tls_open; the TCP connection, and the other end of the program's pair. DONE or REFUSED
                   follows. There is no message to take it back: closing the program's end does */
  TLS_PING, /* no payload; TLS_PONG follows at once */
  /* From a relay process. */
  TLS_DONE,    /* struct tls_facts: the handshake is over, and it relays */
  TLS_REFUSED, /* struct tls_refusal: there was none, and both descriptors are closed */
  TLS_PONG,    /* no payload */
  /* To the keeper. */
  TLS_BEGIN, /* struct ids: what tcpserver is, and workers shall be; once, first. TLS_WORKER for each, then TLS_READY follow */
  TLS_RELOAD, /* no payload: read keys, certificates and revocations again. Nothing follows: the keeper logs */
  /* From the keeper. */
  TLS_WORKER, /* struct tls_worker; its socket. Also later, in place of one that has ended */
  TLS_READY, /* no payload: the material is sound. Instead of it the keeper ends: 100 for its options, 111 otherwise,
                 and has said why on its standard error */
  /* From the keeper to a worker, and back. */
  TLS_MATERIAL, /* struct tls_material; a sealed memfd (src/tls/material.h). SOUND or UNSOUND follows */
  TLS_TICKETS,  /* struct tls_tickets */
  TLS_SOUND,    /* no payload: it is in use now */
  TLS_UNSOUND   /* struct tls_refusal: why; what was in use before still is */
};

struct tls_open {
  char server_name[256]; /* tcpclient: the name to ask for and to verify, or an address; else empty */
};

/* Text is printable ASCII, NUL-terminated; the rest of a field is NUL. Empty: there is none. */
struct tls_facts {
  char protocol[16];        /* "TLSv1.3" */
  char cipher[64];          /* OpenSSL's name */
  char server_protocol[16]; /* the highest version that the server's side allows, for TLS_PROVIDER */
  uint32_t bits;            /* of the cipher's key */
  uint32_t resumed;         /* 1: no new key exchange by certificate */
  char
      server_name[256]; /* what the client asked for (SNI): letters, digits, '-', '.', '_' only, else empty */
  char alpn[256];       /* the protocol that was agreed on; empty also if it is not printable */
  char peer_subject[1024]; /* of the peer's certificate, as RFC 2253 has it, non-ASCII escaped */
  char peer_hash[65];      /* SHA-256 of the peer's certificate, 64 hexadecimal digits */
};

struct tls_refusal {
  char reason[256]; /* for a log line: printable ASCII, never empty */
};

struct tls_worker {
  uint32_t pid;
};

struct tls_material {
  uint32_t warn; /* 1: the log is to be told of certificates that are out of date */
};

/* The newest first; the others are for tickets that were issued before. */
enum { TLS_TICKET_KEYS = 3 };
struct tls_tickets {
  uint32_t count; /* 1-TLS_TICKET_KEYS */
  struct tls_ticket_key {
    unsigned char name[16], cipher_key[32], mac_key[32];
  } key[TLS_TICKET_KEYS];
};

/* The row of a kind for message_send(); null if there is none. Tables for message_receive(), by who receives. */
struct message_kind const *tls_row(enum tls_kind kind);
extern struct message_kind const tls_to_relay[2], tls_from_relay[3], tls_to_keeper[2], tls_from_keeper[2],
    tls_to_worker[2], tls_from_worker[2];

/* message_receive() has checked the size; these check the contents, octet by octet. */
bool tls_open_is_sound(struct tls_open const *q);
bool tls_facts_is_sound(struct tls_facts const *f);
bool tls_refusal_is_sound(struct tls_refusal const *r);
bool tls_worker_is_sound(struct tls_worker const *w);
bool tls_tickets_is_sound(struct tls_tickets const *t);

/* Copies text into a field of that size: what is not printable ASCII becomes '?', what is too long is cut, the rest is
 * NUL. For reasons and names that come from strangers. */
void tls_set_text(char *field, size_t size, char const *text);

/* The pair between a program and the relay: [0] is the program's end, blocking, [1] the relay's, nonblocking; both are
 * close-on-exec. It holds an anchor: TLS_ANCHOR octets that the relay must not pass on. A stream socket of unix(7) that
 * is closed while it has unread octets resets its other end: so the relay leaves the last octet that it has passed on in
 * its own queue, and can tell the program of a connection that was cut off as TCP would, with ECONNRESET. Octets that the
 * program sends out of band (MSG_OOB) come in their order, because else they would be counted but not read. 0, or -1 with
 * errno as socketpair(2). Only Linux resets so; elsewhere TLS_ANCHOR is 0, and such an end looks like any other. */
#if defined(__linux__) && !defined(UCSPI_PORTABLE)
#define TLS_ANCHOR 1
#else
#define TLS_ANCHOR 0
#endif
int tls_pair(int pair[2]);

/* SSL_PROTOCOL and so on, under every name that may have been inherited (null-terminated): strip these first. */
extern char const *const tls_environment_names[];

/* Adds the variables that tell the facts (ucspi-environ(5)). `provider`: TLS_PROVIDER, too, which names that program; or
 * null. 0, or -1 with errno ENOMEM or E2BIG. */
int tls_environment_add(struct tls_facts const *f, char const *provider, struct environment *e);

#endif
