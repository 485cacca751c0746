/* unforked.c - see unforked.h. */
#include "unforked.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __has_feature /* clang's way to say it */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif

#if defined(MADV_DONTFORK) && defined(MREMAP_MAYMOVE) && !defined(UCSPI_PORTABLE) &&                         \
    !defined(__SANITIZE_ADDRESS__)
#define HAVE_UNFORKED
#endif

#ifdef HAVE_UNFORKED

/* `part` is in whole pages, or all. */
static void *map(size_t size, size_t part)
{
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    errno = ENOMEM;
    return NULL;
  }
  madvise(memory, part, MADV_DONTFORK);
  return memory;
}

void *unforked_allocate(size_t size, size_t part)
{
  return map(size, part - part % (size_t)sysconf(_SC_PAGESIZE));
}

/* The kernel counts in pages. If there was more once, the rest of the last one is not zeroed. */
static void clear_rest(char *memory, size_t old_size, size_t new_size)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE), rest = (page - old_size % page) % page;
  if (new_size > old_size)
    memset(memory + old_size, 0, rest < new_size - old_size ? rest : new_size - old_size);
}

static void *resize(void *memory, size_t old_size, size_t new_size)
{
  void *resized;
  if (old_size == 0)
    return new_size == 0 ? NULL : map(new_size, new_size);
  if (new_size == 0) {
    munmap(memory, old_size);
    return NULL;
  }
  resized = mremap(memory, old_size, new_size, MREMAP_MAYMOVE);
  if (resized == MAP_FAILED) {
    errno = ENOMEM; /* to the kernel some sizes make no sense */
    return NULL;
  }
  clear_rest(resized, old_size, new_size);
  return resized;
}

#else

static void *resize(void *memory, size_t old_size, size_t new_size)
{
  char *resized;
  if (old_size == 0)
    return new_size == 0 ? NULL : calloc(new_size, 1);
  if (new_size == 0) {
    free(memory);
    return NULL;
  }
  resized = realloc(memory, new_size);
  if (resized && new_size > old_size)
    memset(resized + old_size, 0, new_size - old_size);
  return resized;
}

void *unforked_allocate(size_t size, size_t part)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;
  void *memory = aligned_alloc(page, whole);
  (void)part;
  return memory ? memset(memory, 0, whole) : NULL;
}

#endif

void *unforked_resize(void *memory, size_t old_count, size_t new_count, size_t size)
{
  if (new_count <= SIZE_MAX / size)
    return resize(memory, old_count * size, new_count * size);
  errno = ENOMEM;
  return NULL;
}
