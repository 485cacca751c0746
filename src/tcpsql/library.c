/* library.c - see library.h. */
#include "library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static char const *const usual[] = {"libmariadb.so.3",      "libmysqlclient.so.24", "libmysqlclient.so.23",
                                    "libmysqlclient.so.22", "libmysqlclient.so.21", "libmysqlclient.so.20",
                                    "libmysqlclient.so.18"};

static struct {
  char const *name;
  size_t offset;
  bool optional;
} const function[] = {{"mysql_init", offsetof(struct library, init), false},
                      {"mysql_options", offsetof(struct library, options), false},
                      {"mysql_real_connect", offsetof(struct library, real_connect), false},
                      {"mysql_real_query", offsetof(struct library, real_query), false},
                      {"mysql_use_result", offsetof(struct library, use_result), false},
                      {"mysql_num_fields", offsetof(struct library, num_fields), false},
                      {"mysql_fetch_row", offsetof(struct library, fetch_row), false},
                      {"mysql_fetch_lengths", offsetof(struct library, fetch_lengths), false},
                      {"mysql_free_result", offsetof(struct library, free_result), false},
                      {"mysql_errno", offsetof(struct library, error_number), false},
                      {"mysql_error", offsetof(struct library, error), false},
                      {"mysql_ssl_set", offsetof(struct library, ssl_set), true},
                      {"mysql_get_ssl_cipher", offsetof(struct library, ssl_cipher), true},
                      {"mysql_get_client_version", offsetof(struct library, version), true},
                      {"mariadb_get_infov", offsetof(struct library, mariadb_info), true}};

static char const *find_functions(struct library *l, void *handle)
{
  for (size_t i = 0; i < sizeof function / sizeof function[0]; i++) {
    void *found = dlsym(handle, function[i].name);
    if (!found && !function[i].optional)
      return dlerror();
    memcpy((char *)l + function[i].offset, &found, sizeof found);
  }
  return NULL;
}

char const *library_load(struct library *l, char const *path)
{
  void *handle = NULL;
  if (path)
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  for (size_t i = 0; !path && !handle && i < sizeof usual / sizeof usual[0]; i++)
    handle = dlopen(usual[i], RTLD_NOW | RTLD_LOCAL);
  if (handle)
    return find_functions(l, handle);
  return path ? dlerror() : "neither libmariadb.so.3 nor libmysqlclient.so is here";
}

/* --- Verifying ----------------------------------------------------------------------------------------------------- */

/* enum mariadb_value of Connector/C's mysql.h: char const *, what its TLS is made with. */
enum { MARIADB_TLS_LIBRARY = 22 };

static bool mariadb_has_tls(struct library const *l)
{
  char const *made_with = NULL;
  return l->mariadb_info(NULL, MARIADB_TLS_LIBRARY, &made_with) == 0 && made_with &&
         strcmp(made_with, "Off") != 0;
}

/* The options are MYSQL_OPT_SSL_CA and, of MariaDB, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, without which Connector/C 3 goes on in
 * the clear if a server has no TLS; of MySQL MYSQL_OPT_SSL_MODE, which is to be SSL_MODE_VERIFY_IDENTITY. That came with MySQL
 * 5.7.11, behind the last of 5.7.10; 8.0 took some out before it, at the latest when it was released (8.0.11), and 9 has the
 * same numbers (and library), but no mysql_ssl_set() any more. What MariaDB called libmysqlclient before 10.2 has versions from
 * 100000 on. */
struct library_verifier const *library_verifier(struct library const *l)
{
  static char const yes = 1;
  static unsigned int const identity = 5;
  static struct library_verifier const mariadb = {27, LIBRARY_MARIADB_VERIFY, &yes};
  static struct {
    unsigned long first, last;
    struct library_verifier verifier;
  } const mysql[] = {{50711, 50799, {27, 42, &identity}}, {80011, 99999, {21, 35, &identity}}};
  unsigned long version = l->version ? l->version() : 0;
  if (!l->ssl_cipher)
    return NULL;
  if (l->mariadb_info)
    return mariadb_has_tls(l) ? &mariadb : NULL;
  for (size_t i = 0; i < sizeof mysql / sizeof mysql[0]; i++)
    if (version >= mysql[i].first && version <= mysql[i].last)
      return &mysql[i].verifier;
  return NULL;
}

/* Connector/C 3.4 does not verify the name of these (is_local_connection() in its plugins/auth/my_auth.c), though whoever
 * listens there may be a tunnel to elsewhere; that of "localhost" it does verify. */
bool library_trusts_address(struct library const *l, char const *address)
{
  unsigned long version = l->mariadb_info && l->version ? l->version() : 0;
  return version >= 30400 && version <= 99999 &&
         (strcmp(address, "127.0.0.1") == 0 || strcmp(address, "::1") == 0);
}
