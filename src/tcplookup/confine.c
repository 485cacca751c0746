/* confine.c - see confine.h. */
#include "confine.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
  /* Sockets of channels, one to a server or two, and the program's own. */
  DESCRIPTORS_FOR_DNS = 1024,
  /* What a process of libraries takes, and a full cache. */
  DATA_BASE = 64 << 20,
  /* Twice what a question with two names and ident was measured to take. */
  DATA_PER_QUESTION = 8 << 10
};

static void close_inherited(void)
{
  long top = sysconf(_SC_OPEN_MAX);
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
  if (close_range(3, ~0U, 0) == 0)
    return;
#endif
  for (int fd = 3; fd < top; fd++)
    close(fd);
}

/* Lowers both limits; a limit that is lower already stays. */
static void limit(int resource, rlim_t value)
{
  struct rlimit l;
  if (getrlimit((__rlimit_resource_t)resource, &l) == -1)
    return;
  if (l.rlim_max > value)
    l.rlim_max = value;
  l.rlim_cur = l.rlim_max;
  setrlimit((__rlimit_resource_t)resource, &l);
}

static void allow_descriptors(rlim_t needed)
{
  struct rlimit l;
  if (getrlimit(RLIMIT_NOFILE, &l) == -1 || l.rlim_cur >= needed)
    return;
  l.rlim_cur = l.rlim_max < needed ? l.rlim_max : needed;
  setrlimit(RLIMIT_NOFILE, &l);
}

/* With a limit of 0 a message couldn't be written into a file. */
static bool writes_a_file(void)
{
  struct stat st;
  for (int fd = 1; fd <= 2; fd++)
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
      return true;
  return false;
}

void confine(unsigned int waiting)
{
  close_inherited();
  allow_descriptors((rlim_t)waiting + DESCRIPTORS_FOR_DNS);
#ifdef __linux__
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
  limit(RLIMIT_CORE, 0);
  if (!writes_a_file())
    limit(RLIMIT_FSIZE, 0);
#ifdef RLIMIT_NPROC
  limit(RLIMIT_NPROC, 0); /* doesn't bind root */
#endif
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes */
  limit(RLIMIT_DATA, DATA_BASE + (rlim_t)waiting * DATA_PER_QUESTION);
#endif
}
