/* bulk.c - a service for big transfers: with an argument it writes so many octets and exits; without, it reads to the end
 * and then writes "ok\n". */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK 65536

static char block[BLOCK];

int main(int argc, char **argv)
{
  uint64_t left = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
  while (left > 0) {
    ssize_t n = write(1, block, left < BLOCK ? left : BLOCK);
    if (n <= 0)
      return 1;
    left -= (uint64_t)n;
  }
  if (argc > 1)
    return 0;
  while (read(0, block, BLOCK) > 0)
    ;
  return write(1, "ok\n", 3) != 3;
}
