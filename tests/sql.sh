# sql.sh - sourced after lib.sh by tests of rules from a database: a MariaDB of their own, with its data, socket and user in
# the test's folder.
#
#   sql_start       makes it at the first time, with the table of doc/iprules.sql and the user tcp, who may read it; starts it and
#                   waits until it answers; its process is $sql_pid
#                   $sql_more: further options of it
#   sql TEXT        runs statements in the database `access`, as its root
#   ask LAST        what the client 127.0.0.LAST is told by the server at $port
#   soon NAME LAST ANSWER   passes as soon as that client is told that, within ten seconds
#   db_conf NAME [password [table [user]]]   writes $work/NAME for that user, or tcp
for sql_tool in mariadbd:mariadb-server mariadb:mariadb-client; do
  need "${sql_tool%:*}" "${sql_tool#*:}"
done
sql_socket=$work/sql.sock

# Small, and without what makes writes last: nobody needs these data tomorrow.
sql_options="--no-defaults --datadir=$work/sql --user=$(id -un) --tmpdir=$work --innodb-buffer-pool-size=8M --innodb-log-file-size=4M
  --innodb-flush-log-at-trx-commit=0 --skip-log-bin --performance-schema=OFF"

# What mariadb-install-db would do, in a third of its time (help texts and views are left out), and without its touching the
# server's own files when root runs it.
sql_make()
{
  sql_system=$(find /usr/share/mysql /usr/share/mariadb /usr/local/share/mysql /usr/local/share/mariadb -name '*_system_tables.sql' \
    2> /dev/null | head -n 1)
  mkdir "$work/sql"
  {
    printf '%s;\n' 'CREATE DATABASE mysql' 'USE mysql'
    cat "$sql_system" - "$root/doc/iprules.sql" << 'SQL'
INSERT INTO global_priv VALUES ('localhost', 'root', '{"access":18446744073709551615}');
INSERT INTO global_priv VALUES ('localhost', 'tcp',
  CONCAT('{"plugin":"mysql_native_password","authentication_string":"', PASSWORD('s3cr:t'), '"}'));
INSERT INTO db (Host, Db, User, Select_priv) VALUES ('localhost', 'access', 'tcp', 'Y');
CREATE DATABASE access;
USE access;
SQL
    # shellcheck disable=SC2086
  } | mariadbd $sql_options --bootstrap --log-warnings=0 > "$work/sql-install.log" 2>&1 && [ -n "$sql_system" ] && return
  result 1 "a database is made"
  diag "$(grep -v Note "$work/sql-install.log")"
  done_testing
}

sql_start()
{
  [ -d "$work/sql" ] || sql_make
  sql_others=${pid:-}
  # shellcheck disable=SC2086
  background mariadbd mariadbd $sql_options ${sql_more:-} --socket="$sql_socket" --skip-networking --pid-file="$work/sql.pid"
  sql_pid=$pid
  pid=$sql_others
  wait_for grep -q 'ready for connections' "$work/mariadbd.log" || diag "$(tail -n 5 "$work/mariadbd.log")"
}

sql()
{
  mariadb --no-defaults -S "$sql_socket" -u root -D access -e "$1"
}

db_conf()
{
  (umask 077; printf '%s:%s:%s:access:%s\n' "$sql_socket" "${4:-tcp}" "${2:-s3cr:t}" "${3:-rules}" > "$work/$1")
}

ask()
{
  peer -b "127.0.0.$1" 127.0.0.1 "$port" | tr -d '\r'
}

soon()
{
  soon_left=50
  while [ "$(ask "$2")" != "$3" ] && [ "$soon_left" -gt 0 ]; do
    soon_left=$((soon_left - 1))
    sleep 0.2
  done
  is "$1" "$(ask "$2")" "$3"
}
