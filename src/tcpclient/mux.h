/* mux.h - ask a TCPMUX server (RFC 1078) for a service: one line goes, one line comes, and what follows it is
 * left in the socket for whoever gets the connection. */
#ifndef TCPCLIENT_MUX_H
#define TCPCLIENT_MUX_H

#include <stdbool.h>
#include <stdint.h>

enum { MUX_NAME_MAX = 63, MUX_REPLY_MAX = 1024 /* the reply line with its CR and LF */ };

/* 1-63 printable octets without space. RFC 1078 sets no bounds; these keep a request on one line, and what a
 * server may refuse beyond them is its own affair. */
bool mux_is_name(char const *name);

enum mux_result {
  MUX_ACCEPTED,  /* "+": the connection is the service's from the next octet on */
  MUX_REFUSED,   /* "-" */
  MUX_ENDED,     /* the server closed the connection before the end of a line */
  MUX_MALFORMED, /* the line is longer than MUX_REPLY_MAX, or starts with neither + nor - */
  MUX_FAILED     /* errno: ETIMEDOUT when the deadline has passed, else what the system said */
};

/* Sends the name and reads the reply. fd is a nonblocking socket. One deadline (clock_ms) is for all of it,
 * however slowly the reply drips. text gets what stands after the sign, or the whole of a malformed line:
 * without CR LF, every octet that is not printable ASCII replaced by "?". A lone LF ends the line too. A NUL
 * after it, as xinetd's TCPMUXPLUS sends, belongs to the service like any other octet. */
enum mux_result mux_ask(int fd, char const *name, int64_t deadline_ms, char text[MUX_REPLY_MAX + 1]);

/* HELP is no service: the list of names follows without a reply line. */
bool mux_is_help(char const *name);
enum mux_result mux_send_request(int fd, char const *name, int64_t deadline_ms);

#endif
