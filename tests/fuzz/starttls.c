/* starttls.c - what a server says before TLS, in any pieces: the same replies lead to the same end whether they come
 * octet by octet or each at once; nobody gets to TLS with octets left over; what is shown is one line of printable
 * ASCII. The first octet is the protocol; a reply ends where its command is due. */
/* A target is linked with the library alone. NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../src/tlsconnect/starttls.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

static void must_be_shown(char const *text)
{
  must(text[0] != '\0');
  for (; *text; text++)
    must(*text >= ' ' && *text <= '~');
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static struct starttls slow, whole;
  char const *octets = (char const *)data + 1;
  enum starttls_result one, all;
  if (size < 2)
    return 0;
  size--;
  starttls_begin(&slow, (enum starttls_protocol)(STARTTLS_SMTP + data[0] % 3), "[127.0.0.1]");
  whole = slow;
  all = starttls_take(&whole, octets, size);
  for (size_t i = 0; i < size; i++) {
    one = starttls_take(&slow, octets + i, 1);
    if (one == STARTTLS_SEND)
      must(strcmp(slow.command + strlen(slow.command) - 2, "\r\n") == 0);
    if (one == STARTTLS_FAILED) {
      must_be_shown(slow.reason);
      break;
    }
    if (one == STARTTLS_GO) {
      /* All at once it was answered before it was asked, unless there is nothing else. */
      must(all == STARTTLS_FAILED);
      break;
    }
  }
  if (all == STARTTLS_FAILED)
    must_be_shown(whole.reason);
  must(all != STARTTLS_GO);
  return 0;
}
