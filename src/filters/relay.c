/* relay.c - see relay.h. Each way holds one packet at most and reads no other before it got rid of that, so that who
 * doesn't read isn't written for. Neither way may keep the other waiting: the pipes to the program are nonblocking at
 * this end; descriptors 0 and 1 must stay as they are, because others share them, and are used only when poll() has
 * just said that they are ready, and then as far as that goes. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "stay.h"

/* How long a program that has closed its output is given to end. */
#define ENDING_MS 100

/* Where they can only be closed one by one, those above are left open: limits may allow a thousand million. */
enum { DESCRIPTORS_MAX = 4096 };

enum way_state {
  WAY_READS, /* there is nothing to pass on */
  WAY_WRITES,
  WAY_ENDED
};

enum target {
  TARGET_NONBLOCKING, /* our end of a pipe, or a file, which makes nobody wait */
  TARGET_SOCKET,      /* a flag of each call makes it nonblocking */
  TARGET_BLOCKING     /* takes PIPE_BUF octets once poll() has said that it can be written */
};

struct way {
  enum relay_way which;
  enum way_state state;
  enum target target;
  int from, to;
  char const *next; /* what is still to be passed on */
  size_t left;
  char packet[RELAY_PACKET_SIZE];
  char changed[2 * RELAY_PACKET_SIZE + 1]; /* costs nothing as long as nobody writes to it */
};

static enum target target_of(int fd)
{
  struct stat st;
  if (fstat(fd, &st) == -1)
    return TARGET_BLOCKING;
  if (S_ISSOCK(st.st_mode))
    return TARGET_SOCKET;
  return S_ISREG(st.st_mode) ? TARGET_NONBLOCKING : TARGET_BLOCKING;
}

static bool try_again(void)
{
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Passes on the end. Who writes to a socket of which others have descriptors has to say so, see relay_run(). */
static void end_way(struct way *w)
{
  if (w->target != TARGET_SOCKET)
    close(w->to);
  w->state = WAY_ENDED;
}

static void take_packet(struct way *w, struct relay_work const *work, size_t len)
{
  w->next = w->packet;
  w->left = len;
  if (work->observe)
    work->observe(work->context, w->which, w->packet, len);
  if (work->change) {
    w->left = work->change(work->context, w->which, w->changed, w->packet, len);
    w->next = w->changed;
  }
  w->state = WAY_WRITES;
}

/* A side that can't be read any more has ended, whatever the reason. */
static void way_read(struct way *w, struct relay_work const *work)
{
  ssize_t len = read(w->from, w->packet, sizeof w->packet);
  if (len > 0)
    take_packet(w, work, (size_t)len);
  else if (len == 0 || !try_again()) {
    if (work->observe)
      work->observe(work->context, w->which, w->packet, 0);
    end_way(w);
  }
}

/* False if nobody will read what is written. */
static bool way_write(struct way *w)
{
  ssize_t len;
  if (w->target == TARGET_SOCKET)
    len = send(w->to, w->next, w->left, MSG_DONTWAIT);
  else
    len = write(w->to, w->next, w->target == TARGET_BLOCKING && w->left > PIPE_BUF ? PIPE_BUF : w->left);
  if (len < 0)
    return try_again();
  w->next += len;
  w->left -= (size_t)len;
  if (w->left == 0)
    w->state = WAY_READS;
  return true;
}

/* It has been found ready. False as for way_write(). */
static bool way_advance(struct way *w, struct relay_work const *work)
{
  if (w->state == WAY_READS) {
    way_read(w, work);
    /* What can't block may be tried at once. */
    if (w->state != WAY_WRITES || w->target == TARGET_BLOCKING)
      return true;
  }
  return way_write(w);
}

static struct pollfd wish(struct way const *w)
{
  if (w->state == WAY_READS)
    return (struct pollfd){.fd = w->from, .events = POLLIN};
  if (w->state == WAY_WRITES)
    return (struct pollfd){.fd = w->to, .events = POLLOUT};
  return (struct pollfd){.fd = -1};
}

/* The program has closed its output. If it has ended, or is about to, then the connection must not be held open
 * although the peer could still send; but it must not be shut down either, because whoever started the program may go on
 * with it. If it still reads after a while, it goes on getting its input, and the peer learns that nothing more will
 * come. */
static void relay_rest(struct way *in, struct way *out, struct relay_work const *work)
{
  bool is_to_tell = out->target == TARGET_SOCKET;
  int64_t tell_at_ms = clock_ms() + ENDING_MS;
  while (in->state != WAY_ENDED) {
    struct pollfd p[] = {{.fd = in->to}, wish(in)}; /* POLLERR, when nobody can read it, is always reported */
    int ready = poll(p, sizeof p / sizeof *p, is_to_tell ? ENDING_MS : -1);
    if (ready > 0 && (p[0].revents & POLLERR))
      return;
    if (is_to_tell && clock_ms() >= tell_at_ms) {
      shutdown(out->to, SHUT_WR);
      is_to_tell = false;
    }
    if (ready > 0 && p[1].revents && !way_advance(in, work))
      return;
  }
}

/* Until nothing can come from the program any more and nothing can reach it, or nobody reads what comes from it. */
static void relay_run(struct way *in, struct way *out, struct relay_work const *work)
{
  while (out->state != WAY_ENDED) {
    struct pollfd p[] = {wish(in), wish(out)};
    if (poll(p, sizeof p / sizeof *p, -1) == -1)
      continue; /* a signal: nothing else can fail here */
    if (p[1].revents && !way_advance(out, work))
      return;
    if (out->state != WAY_ENDED && p[0].revents && !way_advance(in, work))
      end_way(in);
  }
  relay_rest(in, out, work);
}

static void close_between(unsigned int low, unsigned int high)
{
#if defined(SYS_close_range) && !defined(UCSPI_PORTABLE)
  if (syscall(SYS_close_range, low, high, 0) == 0)
    return;
#endif
  for (unsigned int fd = low; fd <= high && fd < DESCRIPTORS_MAX; fd++)
    close((int)fd);
}

/* What else was open belongs to the program: its end must be seen by whoever waits for it (the lock of a file, the other
 * end of a pipe) although we may be at work for some time after that. */
static void close_all_but(int low, int high)
{
  close_between(STDERR_FILENO + 1U, (unsigned int)low - 1);
  close_between((unsigned int)low + 1, (unsigned int)high - 1);
  close_between((unsigned int)high + 1, ~0U);
}

static void set_up(struct way *w, enum relay_way which, int from, int to, enum target target)
{
  w->which = which;
  w->state = WAY_READS;
  w->from = from;
  w->to = to;
  w->target = target;
}

struct pipes {
  int in[2], out[2]; /* as pipe() has them: to read, to write */
};

/* Who has no standard output gets one that can't be written: an error to be noticed like any other. */
static int ensure_standard_descriptors(void)
{
  static int const mode[] = {O_RDONLY, O_RDONLY, O_WRONLY};
  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", mode[fd]) != fd)
      return -1;
  return 0;
}

/* Each is close-on-exec and none is 0, 1 or 2. 0, or -1 with errno. */
static int pipes_make(struct pipes *p)
{
  if (ensure_standard_descriptors() == -1)
    return -1;
  if (pipe2(p->in, O_CLOEXEC) == -1)
    return -1;
  if (pipe2(p->out, O_CLOEXEC) == 0)
    return 0;
  close(p->in[0]);
  close(p->in[1]);
  return -1;
}

static void pipes_close(struct pipes const *p)
{
  close(p->in[0]);
  close(p->in[1]);
  close(p->out[0]);
  close(p->out[1]);
}

/* For the process that relays. */
struct relay {
  struct pipes pipes;
  struct relay_work work;
};

static void relay_live(void *context)
{
  static struct way in, out;
  struct relay const *r = context;
  int to_program = r->pipes.in[1], from_program = r->pipes.out[0];
  signal(SIGPIPE, SIG_IGN);
  if (to_program < from_program)
    close_all_but(to_program, from_program);
  else
    close_all_but(from_program, to_program);
  fcntl(to_program, F_SETFL, O_WRONLY | O_NONBLOCK);
  fcntl(from_program, F_SETFL, O_RDONLY | O_NONBLOCK);
  set_up(&in, RELAY_INPUT, STDIN_FILENO, to_program, TARGET_NONBLOCKING);
  set_up(&out, RELAY_OUTPUT, from_program, STDOUT_FILENO, target_of(STDOUT_FILENO));
  relay_run(&in, &out, &r->work);
  _exit(0);
}

/* The four ends are close-on-exec: nobody closes them here, because the program is executed next. */
int relay_start(struct relay_work const *work)
{
  static struct relay r; /* is read when this function has long returned */
  r.work = *work;
  if (pipes_make(&r.pipes) == -1)
    return -1;
  if (stay_behind(relay_live, &r) != -1 && dup2(r.pipes.in[0], STDIN_FILENO) != -1 &&
      dup2(r.pipes.out[1], STDOUT_FILENO) != -1)
    return 0;
  pipes_close(&r.pipes);
  return -1;
}
