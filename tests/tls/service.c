/* service.c - a service for tests of how connections end, on descriptors 0 and 1, which are one socket:
 *   service whole            reads to the end of input, then writes all of it back, and "end"
 *   service first OCTETS     writes so many and "last", reads nothing, and exits
 *   service half COUNT       writes "hello", ends its output, and then reads to the end of input, which is so long
 *   service count            reads to the end of input and writes how long it was
 *   service deaf FILE        writes "ready", and when FILE is there does what count does
 * Exit status 7 if all was as it should be, 8 if it was not so long, 9 if the input ended in a reset, 10 in another error,
 * 11 if it could not write. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GOOD = 7, OTHER_COUNT = 8, RESET = 9, READ_FAILED = 10, WRITE_FAILED = 11 };

static char *all;
static size_t size, room;

static void read_all(void)
{
  ssize_t got;
  do {
    if (room - size < 65536) {
      char *bigger = realloc(all, room += room + 65536);
      if (!bigger)
        _exit(READ_FAILED);
      all = bigger;
    }
    got = read(0, all + size, room - size);
    size += got > 0 ? (size_t)got : 0;
  } while (got > 0);
  if (got == -1)
    _exit(errno == ECONNRESET ? RESET : READ_FAILED);
}

static void write_all(char const *octets, size_t count)
{
  while (count > 0) {
    ssize_t done = write(1, octets, count < 65536 ? count : 65536);
    if (done <= 0)
      _exit(WRITE_FAILED);
    octets += done;
    count -= (size_t)done;
  }
}

static void write_text(char const *text)
{
  write_all(text, strlen(text));
}

static void write_count(void)
{
  char text[32];
  read_all();
  snprintf(text, sizeof text, "%zu\n", size);
  write_text(text);
}

int main(int argc, char **argv)
{
  char const *what = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "0";
  if (strcmp(what, "whole") == 0) {
    read_all();
    write_all(all, size);
    write_text("end\n");
  } else if (strcmp(what, "first") == 0) {
    size = (size_t)atol(argument);
    all = malloc(size + 1);
    memset(all, '.', size);
    write_all(all, size);
    write_text("last\n");
  } else if (strcmp(what, "half") == 0) {
    write_text("hello\n");
    shutdown(1, SHUT_WR);
    read_all();
    if (size != (size_t)atol(argument))
      return OTHER_COUNT;
  } else if (strcmp(what, "count") == 0)
    write_count();
  else if (strcmp(what, "deaf") == 0) {
    write_text("ready\n");
    while (access(argument, F_OK) == -1)
      usleep(10000);
    write_count();
  } else
    return 100;
  return GOOD;
}
