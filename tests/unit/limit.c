/* limit - a refusal tries LIMIT_TRIES slots and no more, and as many slots are counted exactly. One place is
 * left free, and each first slot is asked whether it leads there. */
#include "../../src/tcpmuxd/limit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

#define FREE_SLOT 321

static int set_lock(int fd, short type, off_t start, off_t len)
{
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
  return fcntl(fd, F_OFD_SETLK, &lock);
}

static bool take_all_but_one(int fd, unsigned int slots)
{
  return set_lock(fd, F_WRLCK, 0, FREE_SLOT) == 0 &&
         set_lock(fd, F_WRLCK, FREE_SLOT + 1, (off_t)slots - FREE_SLOT - 1) == 0;
}

/* From how many of the first slots the free one is found. */
static unsigned int count_finders(int fd, unsigned int slots)
{
  unsigned int found = 0;
  for (unsigned int first = 0; first < slots; first++)
    if (limit_take(fd, slots, first) == LIMIT_TAKEN) {
      found++;
      set_lock(fd, F_UNLCK, 0, 0);
    }
  return found;
}

static unsigned int finders_of(int fd, char const *path, unsigned int wanted)
{
  unsigned int slots = 0, found = 0;
  int holder, seeker;

  if (ftruncate(fd, 0) == -1 || dprintf(fd, "%u\n", wanted) < 0 || lseek(fd, 0, SEEK_SET) == -1)
    return 0;
  holder = limit_open(path, &slots);
  seeker = limit_open(path, &slots);
  ok(holder != -1 && seeker != -1 && slots == wanted && take_all_but_one(holder, slots),
     "%u of %u places are taken", wanted - 1, wanted);
  found = count_finders(seeker, slots);
  close(holder);
  close(seeker);
  return found;
}

int main(void)
{
  char path[] = "/tmp/ucspi-limit.XXXXXX";
  int fd = mkstemp(path);
  unsigned int found;

  found = finders_of(fd, path, LIMIT_TRIES);
  ok(found == LIMIT_TRIES, "the last place of %d is found from every first one (%u)", LIMIT_TRIES, found);
  found = finders_of(fd, path, LIMIT_TRIES + 1);
  ok(found == LIMIT_TRIES, "with one place more, from all first ones but one: no more are tried (%u)", found);
  unlink(path);
  return tap_done();
}
