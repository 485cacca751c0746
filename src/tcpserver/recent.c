/* recent.c - see recent.h. One slot for each value of a small hash: the later answer wins. */
#include "recent.h"

#include <stdlib.h>
#include <string.h>

/* No secret: who makes peers share a slot gains that they are asked for. */
static size_t place(struct address const *remote)
{
  uint32_t hash = 0;
  for (size_t i = 0; i < sizeof remote->octet; i++)
    hash = hash * 31 + remote->octet[i];
  return (hash ^ hash >> 8) % RECENT_SLOTS;
}

void recent_keep(struct recent *r, struct address const *remote, struct address const *local,
                 struct lookup_peer_answer const *answer, int64_t now_ms)
{
  struct recent_slot *slot = &r->slot[place(remote)];
  size_t remote_size = strlen(answer->remote_host) + 1, local_size = strlen(answer->local_host) + 1;
  free(slot->text);
  *slot = (struct recent_slot){.text = malloc(remote_size + local_size)};
  if (!slot->text)
    return;
  memcpy(slot->text, answer->remote_host, remote_size);
  memcpy(slot->text + remote_size, answer->local_host, local_size);
  slot->remote = *remote;
  slot->local = *local;
  slot->until_ms = now_ms + RECENT_MS;
  slot->names.known = answer->known & ~(uint32_t)LOOKUP_INFO;
  slot->names.remote_host = slot->text;
  slot->names.local_host = slot->text + remote_size;
}

struct recent_names const *recent_find(struct recent const *r, struct address const *remote,
                                       struct address const *local, int64_t now_ms)
{
  struct recent_slot const *slot = &r->slot[place(remote)];
  if (!slot->text || now_ms >= slot->until_ms || !address_equal(&slot->remote, remote) ||
      !address_equal(&slot->local, local))
    return NULL;
  return &slot->names;
}
