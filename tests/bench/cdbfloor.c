/* cdbfloor.c - makes a cdb in the cheapest way that tinycdb allows, for tcprules to be compared with.
 *
 *   cdbfloor from cdb tmp
 *
 * Adds every record of the cdb `from` to `tmp` (the same keys and data in the same order, with nothing to
 * parse or check), syncs it, renames it to `cdb` and syncs the directory, as tcprules does. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cdb.h>

static void die(char const *what)
{
  fprintf(stderr, "cdbfloor: fatal: %s: %s\n", what, strerror(errno));
  exit(111);
}

static void copy_records(struct cdb *from, struct cdb_make *to)
{
  unsigned int position;
  int found;
  cdb_seqinit(&position, from);
  while ((found = cdb_seqnext(&position, from)) > 0)
    if (cdb_make_add(to, cdb_getkey(from), cdb_keylen(from), cdb_getdata(from), cdb_datalen(from)) < 0)
      die("unable to add a record");
  if (found < 0)
    die("unable to read a record");
}

static void sync_directory_of(char *path)
{
  int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fsync(fd) < 0)
    die("unable to sync the directory");
  close(fd);
}

int main(int argc, char **argv)
{
  struct cdb from;
  struct cdb_make to;
  if (argc != 4) {
    fputs("cdbfloor: usage: cdbfloor from cdb tmp\n", stderr);
    return 100;
  }
  int source = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (source < 0 || cdb_init(&from, source) < 0)
    die(argv[1]);
  int target = open(argv[3], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (target < 0 || cdb_make_start(&to, target) < 0)
    die(argv[3]);
  copy_records(&from, &to);
  if (cdb_make_finish(&to) < 0 || fsync(target) < 0 || close(target) < 0 || rename(argv[3], argv[2]) < 0)
    die(argv[2]);
  sync_directory_of(argv[2]);
  cdb_free(&from);
  close(source);
  return 0;
}
