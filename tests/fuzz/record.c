/* record.c - from the lines that recordio shows for a packet the packet can be had back, and each is as long as it may
 * be and no longer. */
/* A target is linked with the library alone. NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "../../src/filters/record.c"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

/* The line shows packet octets from `at` to `next`. */
static void check_line(char const *line, size_t len, char const *packet, size_t size, size_t at, size_t next)
{
  static char const prefix[] = "4294967295 > ";
  size_t const frame = sizeof prefix - 1;
  size_t shown = len - frame - 2;
  must(len <= RECORD_LINE_MAX && len >= frame + 2 && memcmp(line, prefix, frame) == 0 &&
       line[len - 1] == '\n');
  must(next > at && next <= size && at / RECORD_BLOCK_SIZE == (next - 1) / RECORD_BLOCK_SIZE);
  must(memcmp(line + frame, packet + at, shown) == 0 && (shown == 0 || !memchr(packet + at, '\n', shown)));
  if (line[len - 2] == ' ')
    must(next == at + shown + 1 && packet[next - 1] == '\n');
  else
    must(line[len - 2] == '+' && next == at + shown && (next == size || next % RECORD_BLOCK_SIZE == 0));
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct record r;
  char *packet = malloc(size ? size : 1);
  size_t at = 0;
  must(packet != NULL);
  if (size)
    memcpy(packet, data, size);
  record_init(&r, 4294967295U, '>');
  while (at < size) {
    char line[RECORD_LINE_MAX];
    size_t before = at, len = record_line(&r, line, packet, size, &at);
    check_line(line, len, packet, size, before, at);
  }
  free(packet);
  return 0;
}
