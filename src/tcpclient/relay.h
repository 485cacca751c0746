/* relay.h - without a program: standard input goes to the peer, what the peer sends goes to standard output,
 * each direction until its own end. */
#ifndef TCPCLIENT_RELAY_H
#define TCPCLIENT_RELAY_H

enum relay_status {
  RELAY_DONE,         /* both directions have ended in order */
  RELAY_PEER_FAILED,  /* errno: the connection broke (reset, timed out …) before that */
  RELAY_INPUT_FAILED, /* errno: standard input can't be read */
  RELAY_OUTPUT_FAILED /* errno: standard output can't be written, EPIPE when nobody reads it any more */
};

/* fd is the connection, nonblocking. The end of input shuts down the connection's sending side; the end of
 * what the peer sends closes descriptor 1 (a socket is shut down, too). When sending fails, what the peer
 * sent before is still delivered. SIGPIPE must be ignored. The flags of 0 and 1 are not touched: a shell may
 * share them. */
enum relay_status relay_run(int fd);

#endif
