/* relay.c - see relay.h. Descriptors 0 and 1 may block and must stay so; nevertheless neither direction may
 * keep the other waiting. Sockets are asked not to block by a flag of each call; pipes are spliced, which has
 * such a flag, too, and copies nothing; anything else (a terminal, say) is read and written only when poll()
 * has just said that it is ready, and written in pieces that it then has room for. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_SIZE = 65536, SPLICE_SIZE = 1 << 20 };

enum end_type { END_SOCKET, END_PIPE, END_FILE, END_OTHER };
struct end {
  int fd;
  enum end_type type;
};

enum flow_state {
  WAITS_FOR_INPUT,
  WAITS_FOR_OUTPUT, /* the buffer holds something, or a splice found no input that it could place */
  ENDED,            /* all that came was passed on, and the end of it, too */
  READ_FAILED,      /* errno value in reason */
  WRITE_FAILED
};

/* One direction. */
struct flow {
  struct end from, to;
  enum flow_state state;
  bool splices;
  int reason;
  size_t start, end; /* of what the buffer holds */
  char buffer[BUFFER_SIZE];
};

static struct end end_of(int fd)
{
  struct stat st;
  struct end e = {.fd = fd, .type = END_OTHER};
  if (fstat(fd, &st) == -1)
    return e;
  if (S_ISSOCK(st.st_mode))
    e.type = END_SOCKET;
  else if (S_ISFIFO(st.st_mode))
    e.type = END_PIPE;
  else if (S_ISREG(st.st_mode))
    e.type = END_FILE;
  return e;
}

static bool would_block(void)
{
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static ssize_t read_end(struct end const *e, char *buffer, size_t size)
{
  return e->type == END_SOCKET ? recv(e->fd, buffer, size, MSG_DONTWAIT) : read(e->fd, buffer, size);
}

/* PIPE_BUF is what a pipe takes without blocking once poll() has said that it can be written. */
static ssize_t write_end(struct end const *e, char const *bytes, size_t len)
{
  if (e->type == END_SOCKET)
    return send(e->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
  return write(e->fd, bytes, len > PIPE_BUF && e->type != END_FILE ? PIPE_BUF : len);
}

/* Passes on the end of the input. */
static void end_output(struct flow *f)
{
  f->state = ENDED;
  if (f->to.type == END_SOCKET)
    shutdown(f->to.fd, SHUT_WR);
  if (f->to.fd == STDOUT_FILENO && close(STDOUT_FILENO) == -1 && errno != EINTR) {
    f->state = WRITE_FAILED;
    f->reason = errno;
  }
}

static void fail(struct flow *f, enum flow_state how, int reason)
{
  f->state = how;
  f->reason = reason;
}

static void copy_in(struct flow *f)
{
  ssize_t n = read_end(&f->from, f->buffer, sizeof f->buffer);
  if (n > 0) {
    f->start = 0;
    f->end = (size_t)n;
    f->state = WAITS_FOR_OUTPUT;
  } else if (n == 0 || (errno == EBADF && f->from.fd == STDIN_FILENO)) /* closed: there is no input */
    end_output(f);
  else if (!would_block())
    fail(f, READ_FAILED, errno);
}

static void copy_out(struct flow *f)
{
  ssize_t n = write_end(&f->to, f->buffer + f->start, f->end - f->start);
  if (n >= 0) {
    f->start += (size_t)n;
    if (f->start == f->end)
      f->state = WAITS_FOR_INPUT;
  } else if (!would_block())
    fail(f, WRITE_FAILED, errno);
}

static bool at_end(struct end const *e)
{
  char octet;
  return e->type == END_SOCKET && recv(e->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* What splice() will not do, read() and write() may. */
static void copy_instead(struct flow *f)
{
  f->splices = false;
  f->state = WAITS_FOR_INPUT;
}

/* EAGAIN doesn't tell which end was not ready; since the one waited for was, it is the other. If that turns out to
 * be ready, too, then a peer has sent an octet of urgent data: splice() stops before it, and even takes it for the
 * end once the peer has closed, but recv() steps over it. (A pipe has no such octets. Somebody else may have
 * emptied it, and then read() would block.) */
static void splice_again(struct flow *f)
{
  if (f->state == WAITS_FOR_INPUT)
    f->state = WAITS_FOR_OUTPUT;
  else if (f->from.type == END_SOCKET)
    copy_instead(f);
  else
    f->state = WAITS_FOR_INPUT;
}

/* EPIPE comes from a pipe without readers even when there is nothing left to write, and then nobody has lost
 * anything. */
static void splice_through(struct flow *f)
{
  ssize_t n = splice(f->from.fd, NULL, f->to.fd, NULL, SPLICE_SIZE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (n > 0)
    f->state = WAITS_FOR_INPUT;
  else if ((n == 0 && f->from.type == END_PIPE) || ((n == 0 || errno == EPIPE) && at_end(&f->from)))
    end_output(f);
  else if (n == 0 || errno == EINVAL || errno == ENOSYS || errno == EBADF)
    copy_instead(f);
  else if (errno == EAGAIN || errno == EWOULDBLOCK)
    splice_again(f);
  else if (errno != EINTR)
    /* A pipe can't fail to be read, and a connection that is read doesn't say EPIPE. */
    fail(f, f->from.type == END_PIPE || errno == EPIPE ? WRITE_FAILED : READ_FAILED, errno);
}

static bool is_running(struct flow const *f)
{
  return f->state == WAITS_FOR_INPUT || f->state == WAITS_FOR_OUTPUT;
}

/* What it waited for is there. */
static void advance(struct flow *f)
{
  if (f->splices)
    splice_through(f);
  else if (f->state == WAITS_FOR_OUTPUT)
    copy_out(f);
  else {
    copy_in(f);
    /* A socket may be tried at once, a file never makes anybody wait: that saves a poll(). */
    if (f->state == WAITS_FOR_OUTPUT && (f->to.type == END_SOCKET || f->to.type == END_FILE))
      copy_out(f);
  }
}

static struct pollfd wish(struct flow const *f)
{
  if (f->state == WAITS_FOR_INPUT)
    return (struct pollfd){.fd = f->from.fd, .events = POLLIN};
  if (f->state == WAITS_FOR_OUTPUT)
    return (struct pollfd){.fd = f->to.fd, .events = POLLOUT};
  return (struct pollfd){.fd = -1};
}

/* The peer has nothing more to say, and the next input may be long in coming: only the socket's own state tells
 * that the peer has gone altogether. */
static void notice_reset(struct flow *up, short revents)
{
  int error = 0;
  socklen_t len = sizeof error;
  if (!is_running(up) || !(revents & (POLLERR | POLLHUP)))
    return;
  if (getsockopt(up->to.fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 || error == 0)
    error = EPIPE;
  fail(up, WRITE_FAILED, error);
}

static void set_up(struct flow *f, struct end from, struct end to)
{
  f->from = from;
  f->to = to;
  f->state = WAITS_FOR_INPUT;
  f->splices =
      (from.type == END_PIPE && to.type == END_SOCKET) || (from.type == END_SOCKET && to.type == END_PIPE);
}

/* Runs both directions until both have ended, or one has failed in a way that leaves the other no purpose. */
static void run(struct flow *up, struct flow *down)
{
  while (is_running(down) || (is_running(up) && down->state == ENDED)) {
    struct pollfd p[3] = {wish(up), wish(down), {.fd = down->state == ENDED ? up->to.fd : -1}};
    if (poll(p, 3, -1) == -1)
      continue; /* EINTR: there is nothing else that could fail */
    if (p[0].revents)
      advance(up);
    if (p[1].revents)
      advance(down);
    notice_reset(up, p[2].revents);
    if (up->state == READ_FAILED)
      break;
  }
}

enum relay_status relay_run(int fd)
{
  static struct flow up, down; /* towards the peer, from it; 64 KiB each */

  set_up(&up, end_of(STDIN_FILENO), end_of(fd));
  set_up(&down, end_of(fd), end_of(STDOUT_FILENO));
  run(&up, &down);
  if (down.state == WRITE_FAILED || down.state == READ_FAILED) {
    errno = down.reason;
    return down.state == WRITE_FAILED ? RELAY_OUTPUT_FAILED : RELAY_PEER_FAILED;
  }
  if (up.state == WRITE_FAILED || up.state == READ_FAILED) {
    errno = up.reason;
    return up.state == WRITE_FAILED ? RELAY_PEER_FAILED : RELAY_INPUT_FAILED;
  }
  return RELAY_DONE;
}
