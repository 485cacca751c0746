/* stay.c - see stay.h. What fork() copies, and what is then copied page by page as both write to it, takes a tenth of
 * the time that recordio needs to start a program; and this process has no use for its memory any more. So where Linux
 * allows it, nothing is copied: the other process gets this one's memory. They would disturb each other (errno), so it
 * waits until it has that memory for itself: a pipe whose only writing end closes by itself when this process executes
 * a program or exits. */
#include "stay.h"

#include <unistd.h>

static pid_t stay_in_copy(void (*work)(void *context), void *context)
{
  pid_t pid = fork();
  if (pid == 0)
    work(context);
  return pid;
}

/* Who becomes an object executes nothing, and goes on with its memory. */
#if defined(__linux__) && !defined(UCSPI_PORTABLE) && !defined(__SANITIZE_ADDRESS__) &&                      \
    !defined(FILTER_OBJECT)
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

enum { STACK_SIZE = 65536 };

struct stayer {
  void (*work)(void *context);
  void *context;
  int gone[2]; /* the pipe */
};

/* No call before the end of read() can fail, so errno is left alone. */
static int wait_and_work(void *pointer)
{
  struct stayer *s = pointer;
  char none;
  close(s->gone[1]);
  while (read(s->gone[0], &none, 1) == -1 && errno == EINTR)
    ;
  close(s->gone[0]);
  s->work(s->context);
  return 0;
}

pid_t stay_behind(void (*work)(void *context), void *context)
{
  static _Alignas(64) char stack[STACK_SIZE];
  static struct stayer s;
  pid_t pid;
  s = (struct stayer){.work = work, .context = context};
  if (pipe2(s.gone, O_CLOEXEC) == -1)
    return -1;
  pid = clone(wait_and_work, stack + sizeof stack, CLONE_VM | SIGCHLD, &s);
  close(s.gone[0]);
  if (pid != -1)
    return pid;
  close(s.gone[1]);
  /* Emulators of other processors know threads and copies, and nothing between. */
  return errno == EINVAL ? stay_in_copy(work, context) : -1;
}
#else
pid_t stay_behind(void (*work)(void *context), void *context)
{
  return stay_in_copy(work, context);
}
#endif
