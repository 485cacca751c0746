/* relay.c - the relay of recordio and fixcrio between a peer and a program that do what the input says, in a world that
 * is made up here: whatever they send, read and close, and whenever, what arrives is what was sent, it is all there, and
 * nobody waits for somebody else than he has to. The first octet: what the output is, what is done to what passes, and
 * how it all ends; then pairs of an action and how much of it. */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);
static ssize_t world_read(int fd, void *to, size_t size);
static ssize_t world_write(int fd, void const *from, size_t len);
static ssize_t world_send(int fd, void const *from, size_t len, int flags);
static int world_poll(struct pollfd *p, nfds_t count, int timeout_ms);
static int world_close(int fd);
static int world_shutdown(int fd, int how);

#define clock_ms                   world_clock_ms
#define read(fd, to, size)         world_read(fd, to, size)
#define write(fd, from, len)       world_write(fd, from, len)
#define send(fd, from, len, flags) world_send(fd, from, len, flags)
#define poll(p, count, timeout)    world_poll(p, count, timeout)
#define close(fd)                  world_close(fd)
#define shutdown(fd, how)          world_shutdown(fd, how)
/* A target is linked with the library alone. NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../src/filters/relay.c"
#include "../../src/filters/crlf.c"
/* NOLINTEND(bugprone-suspicious-include) */

enum { TO_PROGRAM = 100, FROM_PROGRAM = 101 };
enum { SINK_SIZE = 65536, SOURCE_SIZE = 65536 };
enum { STREAM_MAX = 1 << 19 }; /* one input must not take long */
enum { POLLS_TO_END_MAX = 10000 };

/* One direction: whoever writes, the relay, whoever reads. No octet is stored: which is the i-th is known. */
struct stream {
  size_t sent;       /* by the writer */
  bool writer_ended; /* he sends no more; which is an error to be read if he was reset */
  bool reset;
  size_t taken;    /* by the relay */
  size_t observed; /* shown to whoever observes */
  int ends_observed;
  size_t arrived; /* counted in octets as they were sent */
  size_t passed;  /* the same, counted in octets as they arrive */
  size_t held;    /* written by the relay and not yet read */
  bool reader_gone;
  bool closed; /* by the relay */
  bool found;  /* the relay has been told that it can read or write */
};

static struct world {
  uint8_t const *action;
  size_t actions_left;
  struct stream stream[RELAY_WAYS];
  enum target output;
  bool changes;
  bool program_exits; /* at the end, without reading to its end */
  bool waits;         /* the relay is in poll() */
  bool interrupt;     /* a signal comes */
  bool told;          /* shutdown() */
  bool ended_seen;    /* the relay has been told that the program is gone, its output having ended */
  int64_t now_ms, output_ended_ms;
  int polls_to_end;
} world;

static void must(int condition)
{
  if (!condition)
    abort();
}

pid_t stay_behind(void (*work)(void *), void *context)
{
  (void)work;
  (void)context;
  return -1;
}

int64_t world_clock_ms(void)
{
  return world.now_ms;
}

/* --- What is sent, and what it becomes ------------------------------------------------------------------------ */
static char sent[STREAM_MAX];
static struct {
  char octets[2 * STREAM_MAX];
  size_t origin[2 * STREAM_MAX + 1]; /* how many octets were sent for so many that arrived */
} fixed;

static void prepare(void)
{
  static char const octets[] = "ab\r\nc\n\r\0\377\n\n\r\r\nde";
  size_t n = 0;
  for (size_t i = 0; i < STREAM_MAX; i++) {
    sent[i] = octets[(i ^ (i >> 4) ^ (i >> 11)) % 16];
    if (sent[i] == '\n' && (i == 0 || sent[i - 1] != '\r')) {
      fixed.octets[n++] = '\r';
      fixed.origin[n] = i;
    }
    fixed.octets[n++] = sent[i];
    fixed.origin[n] = i + 1;
  }
}

/* --- What the two of them do ---------------------------------------------------------------------------------- */
static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

static void sends(struct stream *s, size_t count)
{
  if (s->writer_ended)
    return;
  count = least(count, SOURCE_SIZE - (s->sent - s->taken));
  s->sent += least(count, STREAM_MAX - s->sent);
}

static void reads(struct stream *s, size_t count)
{
  s->held -= least(count, s->held);
}

static void stops_reading(struct stream *s)
{
  s->reader_gone = true;
  s->held = 0;
}

static void program_ends(void)
{
  stops_reading(&world.stream[RELAY_INPUT]);
  world.stream[RELAY_OUTPUT].writer_ended = true;
}

static void peer_leaves(bool reset)
{
  world.stream[RELAY_INPUT].writer_ended = true;
  world.stream[RELAY_INPUT].reset = reset;
  stops_reading(&world.stream[RELAY_OUTPUT]);
}

enum action {
  PEER_SENDS,
  PEER_ENDS,
  PEER_READS,
  PEER_LEAVES,
  PROGRAM_WRITES,
  PROGRAM_CLOSES_OUTPUT,
  PROGRAM_READS,
  PROGRAM_CLOSES_INPUT,
  PROGRAM_ENDS,
  TIME_PASSES,
  SIGNAL_COMES,
  NOTHING_HAPPENS,
  ACTIONS
};

static void act(void)
{
  struct stream *in = &world.stream[RELAY_INPUT], *out = &world.stream[RELAY_OUTPUT];
  size_t amount;
  if (world.actions_left == 0)
    return;
  amount = world.action[1];
  switch ((enum action)(world.action[0] % ACTIONS)) {
  case PEER_SENDS: sends(in, amount * amount); break;
  case PEER_ENDS: in->writer_ended = true; break;
  case PEER_READS: reads(out, amount * amount); break;
  case PEER_LEAVES: peer_leaves(amount % 2); break;
  case PROGRAM_WRITES: sends(out, amount * amount); break;
  case PROGRAM_CLOSES_OUTPUT: out->writer_ended = true; break;
  case PROGRAM_READS: reads(in, amount * amount); break;
  case PROGRAM_CLOSES_INPUT: stops_reading(in); break;
  case PROGRAM_ENDS: program_ends(); break;
  case TIME_PASSES: world.now_ms += world.waits ? (int64_t)amount : 0; break; /* other calls take none */
  case SIGNAL_COMES: world.interrupt = true; break;
  case NOTHING_HAPPENS:
  case ACTIONS: break;
  }
  world.action += 2;
  world.actions_left--;
}

/* When there are no more actions, both read, and the relay has to come to its end when they have. */
static void end_all(void)
{
  struct stream *in = &world.stream[RELAY_INPUT], *out = &world.stream[RELAY_OUTPUT];
  must(++world.polls_to_end < POLLS_TO_END_MAX);
  reads(in, SINK_SIZE);
  reads(out, SINK_SIZE);
  if (world.program_exits) {
    program_ends();
    return;
  }
  in->writer_ended = true;
  if (in->closed && in->held == 0)
    out->writer_ended = true;
}

static bool is_interrupted(void)
{
  bool interrupted = world.interrupt;
  world.interrupt = false;
  if (interrupted)
    errno = EINTR;
  return interrupted;
}

/* --- What the relay may call ---------------------------------------------------------------------------------- */
static struct stream *read_as(int fd)
{
  must(fd == STDIN_FILENO || fd == FROM_PROGRAM);
  return &world.stream[fd == STDIN_FILENO ? RELAY_INPUT : RELAY_OUTPUT];
}

static struct stream *written_as(int fd)
{
  struct stream *s = &world.stream[fd == TO_PROGRAM ? RELAY_INPUT : RELAY_OUTPUT];
  must((fd == TO_PROGRAM || fd == STDOUT_FILENO) && !s->closed);
  return s;
}

/* Standard input must stay blocking; so it may be read only if something is there. */
static ssize_t world_read(int fd, void *to, size_t size)
{
  struct stream *s = read_as(fd);
  size_t count = least(size, s->sent - s->taken);
  must(s->arrived == s->taken && size > 0); /* no second packet before the first has gone */
  s->found = false;
  act();
  if (is_interrupted())
    return -1;
  if (count == 0 && !s->writer_ended) {
    must(fd != STDIN_FILENO);
    errno = EAGAIN;
    return -1;
  }
  if (count == 0 && s->reset) {
    errno = ECONNRESET;
    return -1;
  }
  memcpy(to, sent + s->taken, count);
  s->taken += count;
  must(s->taken - s->arrived <= RELAY_PACKET_SIZE);
  return (ssize_t)count;
}

static ssize_t arrives(struct stream *s, char const *from, size_t len)
{
  must(s->passed + len <= sizeof fixed.octets &&
       memcmp(from, (world.changes ? fixed.octets : sent) + s->passed, len) == 0);
  s->passed += len;
  s->arrived = world.changes ? fixed.origin[s->passed] : s->passed;
  must(s->arrived <= s->taken);
  s->held += len;
  return (ssize_t)len;
}

/* Which of its octets are taken at once, or -1 with errno. */
static ssize_t deliver(struct stream *s, char const *from, size_t len, bool is_pipe, bool blocks)
{
  size_t room;
  must(len > 0);
  s->found = false;
  act();
  if (is_interrupted())
    return -1;
  if (s->reader_gone) {
    errno = EPIPE;
    return -1;
  }
  room = SINK_SIZE - s->held;
  must(!blocks || len <= room);
  if (room == 0 || (is_pipe && len <= PIPE_BUF && len > room)) {
    errno = EAGAIN;
    return -1;
  }
  return arrives(s, from, least(len, room));
}

static ssize_t deliver_to_file(struct stream *s, char const *from, size_t len)
{
  s->found = false;
  s->held = 0;
  return arrives(s, from, len);
}

static ssize_t world_write(int fd, void const *from, size_t len)
{
  struct stream *s = written_as(fd);
  must(fd == TO_PROGRAM || world.output != TARGET_SOCKET);
  if (fd == STDOUT_FILENO && world.output == TARGET_NONBLOCKING) /* a file */
    return deliver_to_file(s, from, len);
  return deliver(s, from, len, true, fd == STDOUT_FILENO);
}

static ssize_t world_send(int fd, void const *from, size_t len, int flags)
{
  must(fd == STDOUT_FILENO && world.output == TARGET_SOCKET && flags == MSG_DONTWAIT && !world.told);
  return deliver(written_as(fd), from, len, false, false);
}

static int world_close(int fd)
{
  must(fd != STDOUT_FILENO || world.output != TARGET_SOCKET);
  written_as(fd)->closed = true;
  return 0;
}

/* The peer is told that nothing will come only when that is so, and only if the program has not just ended. */
static int world_shutdown(int fd, int how)
{
  struct stream const *out = &world.stream[RELAY_OUTPUT];
  must(fd == STDOUT_FILENO && how == SHUT_WR && world.output == TARGET_SOCKET && !world.told);
  must(out->ends_observed == 1 && out->arrived == out->sent && !world.ended_seen);
  must(world.now_ms >= world.output_ended_ms + ENDING_MS);
  world.told = true;
  return 0;
}

static short found(struct pollfd const *p)
{
  struct stream const *s;
  if (p->fd < 0)
    return 0;
  if (p->events == POLLIN) {
    s = read_as(p->fd);
    return (short)((s->sent > s->taken ? POLLIN : 0) | (s->writer_ended ? POLLHUP : 0));
  }
  s = written_as(p->fd);
  if (s->reader_gone)
    return POLLERR;
  return (short)((p->events & POLLOUT) && SINK_SIZE - s->held >= PIPE_BUF ? POLLOUT : 0);
}

static int find(struct pollfd *p, nfds_t count)
{
  int ready = 0;
  for (nfds_t i = 0; i < count; i++) {
    p[i].revents = found(&p[i]);
    ready += p[i].revents != 0;
    if (p[i].revents && p[i].events)
      (p[i].events == POLLIN ? read_as(p[i].fd) : written_as(p[i].fd))->found = true;
    if (p[i].fd == TO_PROGRAM && (p[i].revents & POLLERR) && world.stream[RELAY_OUTPUT].ends_observed)
      world.ended_seen = true;
  }
  return ready;
}

/* Something is waited for in each direction that has not ended. */
static void must_wait_for_all(struct pollfd const *p, nfds_t count)
{
  for (int way = 0; way < RELAY_WAYS; way++) {
    struct stream const *s = &world.stream[way];
    int waits = 0;
    for (nfds_t i = 0; i < count; i++)
      if (s->taken > s->arrived)
        waits += p[i].fd == (way == RELAY_INPUT ? TO_PROGRAM : STDOUT_FILENO) && p[i].events == POLLOUT;
      else
        waits += p[i].fd == (way == RELAY_INPUT ? STDIN_FILENO : FROM_PROGRAM) && p[i].events == POLLIN;
    must(waits == (s->ends_observed || (way == RELAY_INPUT && s->closed) ? 0 : 1));
  }
}

/* Both directions get their turn, however busy the other is. (The output's end may come in between.) */
static void must_have_served(void)
{
  for (int way = 0; way < RELAY_WAYS; way++) {
    must(!world.stream[way].found || world.stream[RELAY_OUTPUT].ends_observed);
    world.stream[way].found = false;
  }
}

/* Until something is found, the time is over or a signal comes. */
static int wait_for_either(struct pollfd *p, nfds_t count, int timeout_ms)
{
  int64_t until_ms = world.now_ms + timeout_ms;
  act();
  while (!is_interrupted()) {
    int ready = find(p, count);
    if (ready > 0 || (timeout_ms >= 0 && world.now_ms >= until_ms))
      return ready;
    if (world.actions_left > 0)
      act();
    else if (timeout_ms >= 0)
      world.now_ms = until_ms;
    else
      end_all();
  }
  return -1;
}

static int world_poll(struct pollfd *p, nfds_t count, int timeout_ms)
{
  int ready;
  must_wait_for_all(p, count);
  must_have_served();
  must(!world.ended_seen);
  if (world.stream[RELAY_OUTPUT].ends_observed && world.output == TARGET_SOCKET && !world.told)
    must(timeout_ms >= 0 && world.now_ms < world.output_ended_ms + ENDING_MS &&
         world.now_ms + timeout_ms < world.output_ended_ms + 2 * ENDING_MS);
  if (world.actions_left == 0)
    end_all();
  world.waits = true;
  ready = wait_for_either(p, count, timeout_ms);
  world.waits = false;
  return ready;
}

/* --- What the relay does to what passes ----------------------------------------------------------------------- */
static void observe(void *context, enum relay_way way, char const *packet, size_t len)
{
  struct stream *s = &world.stream[way];
  (void)context;
  must(s->ends_observed == 0);
  must(s->observed + len == s->taken && memcmp(packet, sent + s->observed, len) == 0);
  s->observed += len;
  if (len > 0)
    return;
  must(s->writer_ended && s->observed == s->sent);
  s->ends_observed++;
  if (way == RELAY_OUTPUT)
    world.output_ended_ms = world.now_ms;
}

static size_t change(void *context, enum relay_way way, char *to, char const *packet, size_t len)
{
  struct crlf *state = context;
  return crlf_fix(&state[way], to, packet, len);
}

static void must_be_complete(void)
{
  struct stream const *in = &world.stream[RELAY_INPUT], *out = &world.stream[RELAY_OUTPUT];
  if (!out->reader_gone)
    must(out->ends_observed == 1 && out->arrived == out->sent &&
         out->closed == (world.output != TARGET_SOCKET));
  if (!out->reader_gone && !in->reader_gone)
    must(in->ends_observed == 1 && in->arrived == in->sent && in->closed);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static struct way in, out;
  static enum target const outputs[] = {TARGET_SOCKET, TARGET_BLOCKING, TARGET_NONBLOCKING};
  struct crlf state[RELAY_WAYS] = {CRLF_ZERO, CRLF_ZERO};
  struct relay_work work = {.context = state, .observe = observe};
  if (size == 0)
    return 0;
  if (!sent[0])
    prepare();
  world = (struct world){.action = data + 1, .actions_left = (size - 1) / 2};
  world.output = outputs[data[0] % 3];
  world.changes = data[0] / 3 % 2;
  world.program_exits = data[0] / 6 % 2;
  work.change = world.changes ? change : NULL;
  set_up(&in, RELAY_INPUT, STDIN_FILENO, TO_PROGRAM, TARGET_NONBLOCKING);
  set_up(&out, RELAY_OUTPUT, FROM_PROGRAM, STDOUT_FILENO, world.output);
  relay_run(&in, &out, &work);
  must_be_complete();
  return 0;
}
