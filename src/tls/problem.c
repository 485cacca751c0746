/* problem.c - see problem.h. */
#include "problem.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

static char as_in_a_log(char c)
{
  static char const upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", lower[] = "abcdefghijklmnopqrstuvwxyz";
  char const *found = c != '\0' ? strchr(upper, c) : NULL;
  if (found)
    return lower[found - upper];
  return (char)(c >= ' ' && c <= '~' ? c : '?');
}

static char *append(char *at, char const *end, char const *text)
{
  while (*text && at < end)
    *at++ = as_in_a_log(*text++);
  *at = '\0';
  return at;
}

/* OpenSSL's reasons for alerts begin with the version that brought the alert, not with the connection's. */
static char const *without_version(char const *reason)
{
  static char const *const versions[] = {"sslv3 ", "tlsv1 ", "tlsv13 "};
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
    if (strncmp(reason, versions[i], strlen(versions[i])) == 0)
      return reason + strlen(versions[i]);
  return reason;
}

static bool is_alert(unsigned long error)
{
  return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) > SSL_AD_REASON_OFFSET;
}

/* Null if nothing is known of it. */
static char const *reason_of(unsigned long error)
{
  char const *reason;
  if (error == 0)
    return NULL;
  if (ERR_SYSTEM_ERROR(error))
    return strerror(ERR_GET_REASON(error));
  reason = ERR_reason_error_string(error);
  return reason && is_alert(error) ? without_version(reason) : reason;
}

char const *problem_text(char out[PROBLEM_SIZE], char const *otherwise)
{
  char const *const end = &out[PROBLEM_SIZE - 1];
  unsigned long error = ERR_get_error();
  char const *reason = reason_of(error);
  char *at = out;
  if (reason && is_alert(error) && strncmp(reason, "alert ", 6) != 0)
    at = append(at, end, "alert ");
  append(at, end, reason ? reason : otherwise);
  ERR_clear_error();
  return out;
}

char const *problem_of_handshake(char out[PROBLEM_SIZE], SSL const *ssl)
{
  char const *const end = &out[PROBLEM_SIZE - 1];
  unsigned long error = ERR_peek_error();
  long verdict = SSL_get_verify_result(ssl);
  problem_text(out, "handshake failed");
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED &&
      verdict != X509_V_OK)
    append(append(out + strlen(out), end, ": "), end, X509_verify_cert_error_string(verdict));
  return out;
}
