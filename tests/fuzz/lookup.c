/* What a helper could say: a message of any kind and size. What is found sound can be used as text. */
#include "lookup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void check_text(char const *text, size_t size)
{
  if (strnlen(text, size) == size)
    abort();
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  union {
    struct lookup_peer peer;
    struct lookup_peer_answer peer_answer;
    struct lookup_host host;
    struct lookup_host_answer host_answer;
  } m;
  memset(&m, 0, sizeof m);
  memcpy(&m, data, size < sizeof m ? size : sizeof m);
  if (lookup_peer_is_sound(&m.peer) && m.peer.remote.family == ADDRESS_NONE)
    abort();
  if (lookup_host_is_sound(&m.host))
    check_text(m.host.name, sizeof m.host.name);
  if (lookup_peer_answer_is_sound(&m.peer_answer)) {
    check_text(m.peer_answer.remote_host, sizeof m.peer_answer.remote_host);
    check_text(m.peer_answer.local_host, sizeof m.peer_answer.local_host);
    check_text(m.peer_answer.info, sizeof m.peer_answer.info);
  }
  if (lookup_host_answer_is_sound(&m.host_answer) && m.host_answer.count > LOOKUP_ADDRESSES_MAX)
    abort();
  return 0;
}
