# sql.sh - sourced after lib.sh by tests of rules from a database: a MariaDB of their own, with its data, socket and user in
# the test's folder.
#
#   sql_start       makes it at the first time, starts it, waits until it answers; its process is $sql_pid
#   sql TEXT        runs statements in the database `access`, as its root
#   ask LAST        what the client 127.0.0.LAST is told by the server at $port
#   soon NAME LAST ANSWER   passes as soon as that client is told that, within ten seconds
#   db_conf NAME [password [table]]   writes $work/NAME for the user tcp
for sql_tool in mariadbd:mariadb-server mariadb-install-db:mariadb-server mariadb:mariadb-client; do
  need "${sql_tool%:*}" "${sql_tool#*:}"
done
sql_socket=$work/sql.sock

# Small, and without what makes writes last: nobody needs these data tomorrow.
sql_options="--no-defaults --datadir=$work/sql --user=$(id -un) --tmpdir=$work --innodb-buffer-pool-size=8M --innodb-log-file-size=4M
  --innodb-flush-log-at-trx-commit=0 --skip-log-bin --performance-schema=OFF"

sql_answers()
{
  mariadb --no-defaults -S "$sql_socket" -u root -e 'SELECT 1' > /dev/null 2>&1
}

sql_start()
{
  if [ ! -d "$work/sql" ]; then
    # shellcheck disable=SC2086
    mariadb-install-db $sql_options --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve \
      > "$work/sql-install.log" 2>&1 || { result 1 "a database is made"; diag "$(cat "$work/sql-install.log")"; done_testing; }
  fi
  sql_others=${pid:-}
  # shellcheck disable=SC2086
  background mariadbd mariadbd $sql_options --socket="$sql_socket" --skip-networking --pid-file="$work/sql.pid"
  sql_pid=$pid
  pid=$sql_others
  wait_for sql_answers || diag "$(tail -n 5 "$work/mariadbd.log")"
}

sql()
{
  mariadb --no-defaults -S "$sql_socket" -u root -D access -e "$1"
}

sql_prepare()
{
  mariadb --no-defaults -S "$sql_socket" -u root -e "CREATE DATABASE access; CREATE USER tcp@localhost IDENTIFIED BY 's3cr:t';
    GRANT SELECT ON access.* TO tcp@localhost"
  mariadb --no-defaults -S "$sql_socket" -u root -D access < "$root/doc/iprules.sql"
}

db_conf()
{
  (umask 077; printf '%s:tcp:%s:access:%s\n' "$sql_socket" "${2:-s3cr:t}" "${3:-rules}" > "$work/$1")
}

ask()
{
  peer -b "127.0.0.$1" 127.0.0.1 "$port" | tr -d '\r'
}

soon()
{
  soon_left=100
  while [ "$(ask "$2")" != "$3" ] && [ "$soon_left" -gt 0 ]; do
    soon_left=$((soon_left - 1))
    sleep 0.1
  done
  is "$1" "$(ask "$2")" "$3"
}
