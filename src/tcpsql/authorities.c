/* authorities.c - see authorities.h. */
#include "authorities.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "namedfile.h"

/* Also "X509 CERTIFICATE" and "TRUSTED CERTIFICATE", as OpenSSL has them; not "CERTIFICATE REQUEST". */
static bool frames_certificate(char const *line, char const *begin)
{
  static char const label[] = "CERTIFICATE-----";
  size_t len = strcspn(line, "\r\n"), least = strlen(begin) + strlen(label);
  return len >= least && strncmp(line, begin, strlen(begin)) == 0 &&
         strncmp(line + len - strlen(label), label, strlen(label)) == 0;
}

static char const *look_for_certificate(FILE *file)
{
  char line[256];
  bool begun = false;
  while (fgets(line, sizeof line, file)) {
    if (begun && frames_certificate(line, "-----END "))
      return NULL;
    if (frames_certificate(line, "-----BEGIN "))
      begun = true;
  }
  if (ferror(file))
    return strerror(errno);
  return begun ? "it ends within a certificate" : "it has no certificate";
}

char const *authorities_check(char const *path)
{
  struct stat st;
  int fd = namedfile_open(path, &st);
  FILE *file = fd == -1 ? NULL : fdopen(fd, "r");
  char const *problem;
  if (fd == -1)
    return namedfile_problem(errno);
  if (!file) {
    problem = strerror(errno);
    close(fd);
    return problem;
  }
  problem = look_for_certificate(file);
  fclose(file);
  return problem;
}
