/* material.c - whatever a memory file has in it, no octet outside of it is read, and one that was taken for good has
 * parts up to its end, each with a name that ends. */
/* A target is linked with the library alone. NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "../../src/tls/material.c"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

/* Of octets that are followed by nothing that may be read. */
static size_t end_of_parts(struct material const *m)
{
  struct material_part part;
  size_t position = 0, before = sizeof(struct header);
  while (material_next(m, &position, &part)) {
    must(position > before && position <= m->size);
    must(part.role >= MATERIAL_CERTIFICATE && part.role <= MATERIAL_REVOCATIONS);
    must((unsigned char const *)part.name + strlen(part.name) + 1 == part.data);
    must(part.data + part.size <= m->map + position);
    before = position;
  }
  return before;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct material copy = {.map = malloc(size ? size : 1), .size = size}, opened;
  unsigned char digest[32];
  bool sound;
  int fd = memory_file();
  must(fd != -1 && copy.map != NULL && write(fd, data, size) == (ssize_t)size && seal(fd) == 0);
  if (size)
    memcpy(copy.map, data, size);
  sound = material_open(&opened, fd) == 0;
  must(sound == (size > 0 && is_in_order(&copy)));
  must(sound || errno == EPROTO);
  if (size >= sizeof(struct header))
    must((end_of_parts(&copy) == size) || !sound);
  if (sound) {
    must(end_of_parts(&opened) == size && material_digest(&opened, digest) == 0);
    material_close(&opened);
  }
  close(fd);
  free(copy.map);
  return 0;
}
