# sql.sh - sourced after lib.sh by tests of rules from a database: a MariaDB of their own, as sqlserver.sh has it.
#
#   sql_start       makes it at the first time, starts it and waits until it answers; its process is $sql_pid
#                   $sql_more: further options of it
#   ask LAST        what the client 127.0.0.LAST is told by the server at $port
#   soon NAME LAST ANSWER   passes as soon as that client is told that, within ten seconds
for sql_tool in mariadbd:mariadb-server-core mariadb:mariadb-client-core; do
  need "${sql_tool%:*}" "${sql_tool#*:}"
done
. "$root/tests/sqlserver.sh"

sql_start()
{
  if [ ! -d "$work/sql" ] && ! sql_make; then
    result 1 "a database is made"
    diag "$(grep -v Note "$work/sql-install.log")"
    done_testing
  fi
  sql_others=${pid:-}
  # shellcheck disable=SC2086
  background mariadbd $sql_command ${sql_more:-}
  sql_pid=$pid
  pid=$sql_others
  # On a busy machine it takes long.
  wait_for sql_is_ready || wait_for sql_is_ready || diag "$(tail -n 5 "$work/mariadbd.log")"
}

sql_is_ready()
{
  grep -q 'ready for connections' "$work/mariadbd.log"
}

ask()
{
  peer -b "127.0.0.$1" 127.0.0.1 "$port" | tr -d '\r'
}

soon()
{
  soon_left=150
  while [ "$(ask "$2")" != "$3" ] && [ "$soon_left" -gt 0 ]; do
    soon_left=$((soon_left - 1))
    sleep 0.2
  done
  is "$1" "$(ask "$2")" "$3"
}
