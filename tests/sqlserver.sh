# sqlserver.sh - sourced by tests and benchmarks: a MariaDB of their own, with its data, socket and user in $work. Needs
# mariadbd, mariadb, $root and $work.
#
#   sql_make        makes it, with the table of doc/iprules.sql and the user tcp, who may read it; says what is wrong with it in
#                   $work/sql-install.log
#   $sql_command    words that run it; it is ready when its standard error says "ready for connections"
#   sql TEXT        runs statements in the database `access`, as its root
#   db_conf NAME [password [table [user [server]]]]   writes $work/NAME for that user, or tcp
sql_socket=$work/sql.sock

# Small, and without what makes writes last: nobody needs these data tomorrow.
sql_options="--no-defaults --datadir=$work/sql --user=$(id -un) --tmpdir=$work --innodb-buffer-pool-size=8M --innodb-log-file-size=4M
  --innodb-flush-log-at-trx-commit=0 --skip-log-bin --performance-schema=OFF"
sql_command="mariadbd $sql_options --socket=$sql_socket --skip-networking --pid-file=$work/sql.pid"

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
  } | mariadbd $sql_options --bootstrap --log-warnings=0 > "$work/sql-install.log" 2>&1 && [ -n "$sql_system" ]
}

sql()
{
  mariadb --no-defaults -S "$sql_socket" -u root -D access -e "$1"
}

db_conf()
{
  (umask 077; printf '%s:%s:%s:access:%s\n' "${5:-$sql_socket}" "${4:-tcp}" "${2:-s3cr:t}" "${3:-rules}" > "$work/$1")
}
