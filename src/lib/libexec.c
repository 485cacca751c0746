/* libexec.c - see libexec.h. */
#include "libexec.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef UCSPI_HOME
#error "UCSPI_HOME: the first line of conf-home"
#endif

/* Takes the last component off, with its slash. */
static void cut(char *path)
{
  char *slash = strrchr(path, '/');
  if (slash)
    *slash = '\0';
}

_Static_assert(sizeof UCSPI_HOME <= LIBEXEC_PATH_SIZE, "fits");

/* The folder in which bin and libexec are. */
static void find_home(char out[LIBEXEC_PATH_SIZE])
{
  static char const installed[] = UCSPI_HOME;
  ssize_t len = readlink("/proc/self/exe", out, LIBEXEC_PATH_SIZE - 1);
  if (len <= 0 || out[0] != '/') {
    memcpy(out, installed, sizeof installed);
    return;
  }
  out[len] = '\0';
  cut(out);
  cut(out);
}

int libexec_path(char out[LIBEXEC_PATH_SIZE], char const *name)
{
  static char const folder[] = "/libexec/";
  size_t len;
  find_home(out);
  len = strlen(out);
  if (len + sizeof folder + strlen(name) > LIBEXEC_PATH_SIZE) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(out + len, folder, sizeof folder - 1);
  memcpy(out + len + sizeof folder - 1, name, strlen(name) + 1);
  return 0;
}
