/* hostname.c - see hostname.h. Neither <ctype.h> nor locales: what is a letter must not depend on the
 * administrator's language. */
#include "hostname.h"

#include <string.h>

/* RFC 1035 section 2.3.4 */
#define LABEL_MAX 63

/* The lower-case form of an octet that may stand in a label, else NUL. */
static char label_octet(char octet)
{
  if (octet >= 'A' && octet <= 'Z')
    return (char)(octet - 'A' + 'a');
  if ((octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' || octet == '_')
    return octet;
  return '\0';
}

/* Copies the len octets of name to out (perhaps the same place) as far as they are labels with dots between;
 * true if all are. */
static bool labels_copy(char *out, char const *name, size_t len)
{
  size_t label = 0;
  for (size_t i = 0; i < len; i++) {
    if (name[i] == '.' && label > 0) {
      out[i] = '.';
      label = 0;
    } else {
      out[i] = label_octet(name[i]);
      if (out[i] == '\0' || ++label > LABEL_MAX)
        return false;
    }
  }
  return label > 0;
}

bool hostname_clean(char out[HOSTNAME_SIZE], char const *name)
{
  size_t len = strnlen(name, HOSTNAME_SIZE);
  if (len > 0 && name[len - 1] == '.')
    len--;
  if (len > HOSTNAME_MAX || !labels_copy(out, name, len)) {
    out[0] = '\0';
    return false;
  }
  out[len] = '\0';
  return true;
}

bool hostname_is_clean(char const name[HOSTNAME_SIZE])
{
  char cleaned[HOSTNAME_SIZE];
  return memchr(name, '\0', HOSTNAME_SIZE) && hostname_clean(cleaned, name) && strcmp(cleaned, name) == 0;
}
