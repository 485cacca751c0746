/* service.c - see service.h. */
#include "service.h"

#include <stdlib.h>
#include <string.h>

static void copy_values(struct values *to, struct values const *from)
{
  for (size_t i = 0; i < from->count; i++)
    values_add(to, from->list[i], strlen(from->list[i]));
}

static bool take_value(struct values *v, char const *value)
{
  size_t kept = 0;
  bool found = false;
  for (size_t i = 0; i < v->count; i++)
    if (strcmp(v->list[i], value) == 0) {
      free(v->list[i]);
      found = true;
    } else
      v->list[kept++] = v->list[i];
  v->count = kept;
  return found;
}

static void take_values(struct service *s, struct setting const *from, struct values *v)
{
  for (size_t i = 0; i < from->values.count; i++)
    if (!take_value(v, from->values.list[i]))
      remark(&s->remarks, from->place, REMARK_LOST,
             "%s: %s is not among the values, so it can't be taken away", attributes[from->attribute].name,
             from->values.list[i]);
}

static void apply_to_set(struct service *s, struct setting const *from, struct service const *d)
{
  enum attribute a = from->attribute;
  struct setting *own = &s->own[a];
  if (!s->at[a]) {
    *own = (struct setting){.attribute = a, .place = from->place};
    if (from->operation != OPERATION_SET && d && d->at[a])
      copy_values(&own->values, &d->at[a]->values);
    s->at[a] = own;
  } else if (from->operation == OPERATION_SET && d)
    /* In a service; among defaults it adds. */
    values_free(&own->values);
  if (from->operation == OPERATION_TAKE)
    take_values(s, from, &own->values);
  else
    copy_values(&own->values, &from->values);
}

static void apply(struct service *s, struct setting const *from, struct service const *d)
{
  enum attribute a = from->attribute;
  if (attributes[a].is_set)
    apply_to_set(s, from, d);
  else if (s->at[a])
    remark(&s->remarks, from->place, REMARK_LOST, "%s: it is set already", attributes[a].name);
  else {
    s->own[a] = (struct setting){.attribute = a, .place = from->place};
    copy_values(&s->own[a].values, &from->values);
    s->at[a] = &s->own[a];
  }
}

void service_defaults(struct service *d, struct config const *c)
{
  bool found = false;
  *d = (struct service){.id = ""};
  for (size_t i = 0; i < c->count; i++) {
    struct entry const *e = &c->entries[i];
    if (e->kind != ENTRY_DEFAULTS)
      continue;
    if (found)
      remark(&d->remarks, e->place, REMARK_LOST, "a second entry of defaults: it counts, too, here");
    found = true;
    for (size_t k = 0; k < e->count; k++)
      apply(d, &e->settings[k], NULL);
  }
}

bool service_has(struct service const *s, enum attribute attribute, char const *value)
{
  struct setting const *set = s->at[attribute];
  for (size_t i = 0; set && i < set->values.count; i++)
    if (strcmp(set->values.list[i], value) == 0)
      return true;
  return false;
}

char const *service_value(struct service const *s, enum attribute attribute)
{
  struct setting const *set = s->at[attribute];
  return set && set->values.count > 0 ? set->values.list[0] : NULL;
}

static bool is_yes(struct service *s, enum attribute a)
{
  char const *value = service_value(s, a);
  if (!value || strcmp(value, "no") == 0)
    return false;
  if (strcmp(value, "yes") == 0)
    return true;
  s->broken = true;
  remark(&s->remarks, s->at[a]->place, REMARK_LOST, "%s: expected yes or no, not %s", attributes[a].name,
         value);
  return false;
}

/* Words that an attribute may have: anything else breaks the service, as in xinetd. */
static void check_words(struct service *s, enum attribute a, char const *const *known)
{
  struct setting const *set = s->at[a];
  for (size_t i = 0; set && i < set->values.count; i++) {
    char const *const *word = known;
    while (*word && strcmp(*word, set->values.list[i]) != 0)
      word++;
    if (!*word) {
      s->broken = true;
      remark(&s->remarks, set->place, REMARK_LOST, "%s: there is no %s", attributes[a].name,
             set->values.list[i]);
    }
  }
}

static void check_all_words(struct service *s)
{
  static char const *const types[] = {"RPC", "INTERNAL", "TCPMUX", "TCPMUXPLUS", "UNLISTED", NULL};
  static char const *const flags[] = {"INTERCEPT", "NORETRY",   "IDONLY",  "NAMEINARGS", "NODELAY",
                                      "KEEPALIVE", "NOLIBWRAP", "SENSOR",  "IPv4",       "IPv6",
                                      "LABELED",   "REUSE",     "DISABLE", NULL};
  static char const *const sockets[] = {"stream", "dgram", "raw", "seqpacket", NULL};
  static char const *const success[] = {"PID", "HOST", "USERID", "EXIT", "DURATION", "TRAFFIC", NULL};
  static char const *const failure[] = {"HOST", "USERID", "ATTEMPT", NULL};
  check_words(s, A_TYPE, types);
  check_words(s, A_FLAGS, flags);
  check_words(s, A_SOCKET_TYPE, sockets);
  check_words(s, A_LOG_ON_SUCCESS, success);
  check_words(s, A_LOG_ON_FAILURE, failure);
}

bool service_is_tcp(struct service const *s)
{
  char const *socket = service_value(s, A_SOCKET_TYPE), *protocol = service_value(s, A_PROTOCOL);
  return !service_has(s, A_TYPE, "RPC") && socket && strcmp(socket, "stream") == 0 &&
         (!protocol || strcmp(protocol, "tcp") == 0);
}

static enum service_kind kind_of(struct service *s)
{
  bool waits = is_yes(s, A_WAIT);
  if (service_has(s, A_TYPE, "TCPMUX") || service_has(s, A_TYPE, "TCPMUXPLUS"))
    return SERVICE_MUXED;
  if (s->internal && strcmp(s->entry->name, "tcpmux") == 0)
    return SERVICE_MUX;
  return waits ? SERVICE_WAITING : SERVICE_PLAIN;
}

static bool is_off(struct service *s, struct service const *d)
{
  return is_yes(s, A_DISABLE) || service_has(s, A_FLAGS, "DISABLE") || service_has(d, A_DISABLED, s->id) ||
         (d->at[A_ENABLED] && !service_has(d, A_ENABLED, s->id));
}

void service_build(struct service *s, struct entry const *e, struct service const *d)
{
  *s = (struct service){.entry = e, .broken = e->broken};
  for (size_t i = 0; i < e->remarks.count; i++)
    remark(&s->remarks, e->remarks.list[i].place, e->remarks.list[i].kind, "%s", e->remarks.list[i].words);
  for (size_t i = 0; i < e->count; i++)
    apply(s, &e->settings[i], d);
  /* inetd has no defaults of xinetd's. */
  if (e->source == FROM_XINETD)
    for (enum attribute a = 0; a < ATTRIBUTES; a++)
      if (!s->at[a] && (attributes[a].scope & IN_SERVICE))
        s->at[a] = d->at[a];
  s->id = service_value(s, A_ID) ? service_value(s, A_ID) : e->name;
  check_all_words(s);
  s->internal = service_has(s, A_TYPE, "INTERNAL");
  s->kind = kind_of(s);
  s->own_reply = service_has(s, A_TYPE, "TCPMUX");
  s->off = is_off(s, d);
}

void service_free(struct service *s)
{
  for (enum attribute a = 0; a < ATTRIBUTES; a++)
    values_free(&s->own[a].values);
  remarks_free(&s->remarks);
}
