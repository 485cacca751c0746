/* Memory that children of fork() don't have: it grows and shrinks like any other, and what the kernel says of its pages. */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "unforked.h"

#if defined(MADV_DONTFORK) && !defined(UCSPI_PORTABLE) && !defined(__SANITIZE_ADDRESS__)
#define UNFORKED
#endif

static bool is_all(unsigned char const *at, size_t size, unsigned char octet)
{
  for (size_t i = 0; i < size; i++)
    if (at[i] != octet)
      return false;
  return true;
}

/* Whether a child of fork() has that page: the kernel refuses to take what lies elsewhere. */
static bool child_has(void const *page)
{
  int status, tube[2];
  pid_t pid;
  if (pipe(tube) == -1 || (pid = fork()) == -1)
    abort();
  if (pid == 0)
    _exit(write(tube[1], page, 1) == 1);
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
    ;
  close(tube[0]);
  close(tube[1]);
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static void growing(void)
{
  size_t const size[] = {100, 5000, 1000000, 200, 9000};
  unsigned char *memory = NULL;
  size_t had = 0;
  for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
    unsigned char *resized = unforked_resize(memory, had, size[i], 1);
    size_t kept = had < size[i] ? had : size[i];
    ok(resized != NULL, "there are %zu octets where there were %zu", size[i], had);
    if (!resized)
      return;
    memory = resized;
    ok(is_all(memory, kept, 'x'), "... what was in them stays");
    ok(had >= size[i] || is_all(memory + had, size[i] - had, 0), "... and what is new is zeroed");
    memset(memory, 'x', size[i]);
    had = size[i];
  }
#ifndef __SANITIZE_ADDRESS__ /* it takes that for a mistake */
  ok(unforked_resize(memory, had, SIZE_MAX / 2, 1) == NULL && errno == ENOMEM,
     "what there is not is refused");
#endif
  errno = 0;
  ok(unforked_resize(memory, had, SIZE_MAX / 8, 16) == NULL && errno == ENOMEM,
     "... and what can't be counted");
  ok(is_all(memory, had, 'x'), "... and leaves the old as it was");
  ok(unforked_resize(memory, had, 0, 1) == NULL, "it is given back");
  ok(unforked_resize(NULL, 0, 0, 1) == NULL, "... nothing, too");
}

static void not_in_children(void)
{
  void *memory = unforked_resize(NULL, 0, 1, 1);
  ok(memory != NULL, "one octet");
#ifdef UNFORKED
  ok(!child_has(memory), "... is in no child");
  memory = unforked_resize(memory, 1, 1 << 20, 1);
  ok(memory && !child_has((char *)memory + (1 << 19)), "... nor when there is more of it");
#else
  ok(child_has(memory), "... is in a child");
  memory = unforked_resize(memory, 1, 1 << 20, 1);
  ok(memory && child_has((char *)memory + (1 << 19)), "... and when there is more of it");
#endif
  unforked_resize(memory, 1 << 20, 0, 1);
}

static void partly(void)
{
  static unsigned char *memory; /* for good */
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  memory = unforked_allocate(3 * page - 1, 2 * page - 1);
  ok(memory != NULL, "nearly three pages, nearly two of which are to be in no child");
  if (!memory)
    return;
  ok(is_all(memory, 3 * page - 1, 0), "... all zeroed");
  ok((uintptr_t)memory % page == 0, "... and at a page's beginning");
  memset(memory, 'x', 3 * page - 1);
#ifdef UNFORKED
  ok(!child_has(memory) && !child_has(memory + page - 1), "the first is not");
#else
  ok(child_has(memory), "the first is, too");
#endif
  ok(child_has(memory + page), "... the second is, an octet of which belongs to the rest");
  ok(child_has(memory + 2 * page), "... and the third");
}

int main(void)
{
  growing();
  not_in_children();
  partly();
  return tap_done();
}
