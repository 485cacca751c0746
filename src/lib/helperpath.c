/* helperpath.c - where helpers are: see helper.h. Apart from helper.c, because who executes one needs nothing else. */
#include "helper.h"

#include <errno.h>
#include <string.h>
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

int helper_path(char out[HELPER_PATH_SIZE], enum helper_place place, char const *name)
{
  char const *folder = place == HELPER_LIBEXEC ? "/libexec/" : "/bin/";
  size_t at, folder_len;
  ssize_t len = readlink("/proc/self/exe", out, HELPER_PATH_SIZE - 1);
  if (len <= 0 || out[0] != '/') {
    memcpy(out, UCSPI_HOME, sizeof UCSPI_HOME);
  } else {
    out[len] = '\0';
    cut(out);
    if (place == HELPER_LIBEXEC)
      cut(out);
    else
      folder = "/";
  }
  at = strlen(out);
  folder_len = strlen(folder);
  if (at + folder_len + strlen(name) >= HELPER_PATH_SIZE) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(out + at, folder, folder_len);
  memcpy(out + at + folder_len, name, strlen(name) + 1);
  return 0;
}
