/* reply.c - whatever a DNS server sends, no octet outside of it is read, times to live are within their bounds, and what
 * is cut off within the answers is broken. */
/* A target is linked with the library alone. NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "../../src/dns/reply.c"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

/* Of a copy of exactly this size, so that the sanitizer sees a read past its end. */
static enum reply_content look(uint8_t const *octets, size_t len)
{
  unsigned char *copy = malloc(len ? len : 1);
  enum reply_content content;
  uint32_t ttl_s, negative_ttl_s;
  must(copy != NULL);
  if (len)
    memcpy(copy, octets, len);
  content = reply_content(copy, len);
  ttl_s = reply_ttl_s(copy, len);
  negative_ttl_s = reply_negative_ttl_s(copy, len);
  free(copy);
  must(ttl_s <= REPLY_TTL_MAX_S && negative_ttl_s <= REPLY_NEGATIVE_TTL_MAX_S);
  must(content != REPLY_BROKEN || (ttl_s == 0 && negative_ttl_s == REPLY_FAILURE_TTL_S));
  return content;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  enum reply_content content = look(data, size);
  bool whole = content != REPLY_BROKEN;
  must(size >= HEADER_SIZE || content == REPLY_BROKEN);
  /* The shorter, the more broken. */
  for (size_t len = size; len > 0 && size - len < 64; len--) {
    enum reply_content shorter = look(data, len - 1);
    must(size > UINT16_MAX || whole || shorter == REPLY_BROKEN);
    must(shorter == REPLY_BROKEN || shorter == content);
    whole = shorter != REPLY_BROKEN;
  }
  return 0;
}
