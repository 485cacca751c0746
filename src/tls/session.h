/* session.h - one TLS connection and the plain one behind it: the handshake, then the relay in both directions until
 * both have ended. It never waits: its owner watches the two sockets and calls session_step(). See lib/tls.h for the
 * pair and its anchor, RFC 8446 section 6.1 for how directions end. */
#ifndef UCSPI_SESSION_H
#define UCSPI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum session_state {
  SESSION_SHAKING,  /* the handshake is not over */
  SESSION_RELAYING, /* at least one direction is open */
  SESSION_LINGERING, /* all is sent; waiting, SESSION_LINGER_MS at most, until the peer ends too, because closing
                        before would destroy on its way what was sent last */
  SESSION_OVER       /* nothing more to do but session_free() */
};

#define SESSION_LINGER_MS 5000

/* What a direction of the relay is doing. What comes from the peer after the inward one has ended is thrown away. */
enum session_flow {
  FLOW_OPEN,
  FLOW_ENDING, /* its source has ended; the end is still to be passed on */
  FLOW_ENDED
};

struct session {
  SSL *ssl;
  int net;   /* the TCP connection */
  int plain; /* our end of the program's pair */
  enum session_state state;
  enum session_flow inward;  /* from the peer to the program */
  enum session_flow outward; /* from the program to the peer */
  char const
      *failure;  /* why it is over before its time, or null: a fixed text, or OpenSSL's or the system's (see
                          problem.h), which lives as long as the session. While it relays: it will be over so when the
                          program has taken what came before */
  char *problem; /* room for such a text; null before one is needed */
  unsigned char *kept; /* what the program's end had no room for; malloc'd, null if there is nothing */
  uint32_t kept_at, kept_size;
  bool anchored;     /* the first octet in plain's queue has been passed on already (lib/tls.h) */
  uint32_t burst;    /* octets sent since the last silence: decides the size of records */
  int64_t sent_ms;   /* when something was last sent to the peer */
  int64_t heard_ms;  /* when something last came from the peer */
  int64_t linger_ms; /* when lingering began */
  /* enum events_interest for each: what it waits for. For owners without edges, who must not watch a socket at all as
   * long as this is 0: that it has failed would be reported again and again. With edges, watch both from the beginning
   * for EVENTS_IN | EVENTS_OUT | EVENTS_END | EVENTS_EDGE and take a step at each event; EVENTS_OUT can be left out of those
   * for plain while want_plain has none. */
  unsigned int want_net, want_plain;
  bool net_reads_for_write; /* OpenSSL needs to read before it can write, or the other way round */
  bool net_writes_for_read;
};

/* Both descriptors, of sockets, become the session's, which closes them in session_free(); whether they are nonblocking
 * is no matter. The session itself may be moved. `server`: accept, else connect. For a client set the name to ask for
 * and to verify on session->ssl before the first step. 0, or -1 with errno ENOMEM; then the descriptors are still the
 * caller's. */
int session_init(struct session *s, SSL_CTX *context, bool server, int net, int plain);

enum session_result {
  SESSION_WAIT, /* nothing can be done until one of the sockets is ready */
  SESSION_MORE  /* it has done its share of one step: call again soon, after others */
};

/* Goes on as far as it gets, 64 KiB in each direction at most. `now_ms` is clock_ms(). Errors are in state and failure;
 * a peer that was cut off is passed on as a reset of the program's end (which session_free() makes happen). The step that
 * completes the handshake does nothing else, and returns SESSION_MORE. If the program's end is closed during the
 * handshake, with nothing written, the session is over. Call it also SESSION_LINGER_MS after linger_ms. Never raises
 * SIGPIPE. OpenSSL's error queue of the thread is empty afterwards. */
enum session_result session_step(struct session *s, int64_t now_ms);

/* Ends it now, before its time (deadline, shutdown): the program's end is reset (by session_free()) if `reset`, else it
 * sees the end of input; the peer gets close_notify if the handshake was over and there is room. State becomes
 * SESSION_OVER; failure `why` (borrowed; may be null), unless there was one. */
void session_abort(struct session *s, char const *why, bool reset);

/* Closes both sockets (net is shut down first, because others may hold it, too) and frees everything. */
void session_free(struct session *s);

#endif
