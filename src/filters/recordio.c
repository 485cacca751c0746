/* recordio.c - run a program, and show what it reads and writes, line by line, on standard error. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "filter.h"
#include "record.h"

#define PROG  "recordio"
#define USAGE "recordio prog [ args ]"
static char const help[] = USAGE "\n"
                                 "Runs prog, and shows on standard error what it reads (<) and writes (>).\n";

/* Lines of one packet may share a write, of no more than what a pipe takes whole when others write to it, too. */
struct log {
  struct record way[RELAY_WAYS];
  size_t used;
  char text[PIPE_BUF];
};

/* A log that can't be written is no reason to keep anything from the program or its peer. */
static void log_flush(struct log *l)
{
  size_t done = 0;
  while (done < l->used) {
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
    ssize_t n = write(STDERR_FILENO, l->text + done, l->used - done);
    if (n > 0)
      done += (size_t)n;
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      poll(&p, 1, -1); /* somebody who shares it has made it nonblocking */
    else if (errno != EINTR)
      break;
  }
  l->used = 0;
}

/* Room for one more line. */
static char *log_room(struct log *l)
{
  if (sizeof l->text - l->used < RECORD_LINE_MAX)
    log_flush(l);
  return l->text + l->used;
}

static void show(void *context, enum relay_way way, char const *packet, size_t len)
{
  struct log *l = context;
  struct record const *r = &l->way[way];
  if (len == 0)
    l->used += record_end(r, log_room(l));
  for (size_t at = 0; at < len;)
    l->used += record_line(r, log_room(l), packet, len, &at);
  log_flush(l);
}

static int begin(int argc, char const *const *argv)
{
  static struct log log;
  struct filter const f = {
      .name = PROG, .usage = USAGE, .help = help, .work = {.context = &log, .observe = show}};
  record_init(&log.way[RELAY_INPUT], (unsigned int)getpid(), '<');
  record_init(&log.way[RELAY_OUTPUT], (unsigned int)getpid(), '>');
  return filter_run(&f, argc, argv);
}

FILTER_BEGINS(recordio, begin)
