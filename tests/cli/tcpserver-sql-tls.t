#!/bin/sh
# tcpserver -m with $MYSQL_CA, as in the example of doc/tcpsql.8: rules come from a server only whose certificate is right, and
# nobody else is told the password.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../sql.sh"
. "$(dirname "$0")/../tls.sh"

MYSQL_REFRESH=1
MYSQL_TIMEOUT=5
export MYSQL_REFRESH MYSQL_TIMEOUT
unset MYSQL_LIB MYSQL_STALE
# What is set for other programs of this machine is not for this one.
MARIADB_TLS_DISABLE_PEER_VERIFICATION=1
export MARIADB_TLS_DISABLE_PEER_VERIFICATION
ca=$certs/ca.pem
MYSQL_CA=$ca
export MYSQL_CA
peer_script=$root/tests/cli/tcpserver-sql-peer.pl

# checks CONF [env's arguments…]: rules are asked for once
checks()
{
  checks_conf=$work/$1
  shift
  env "$@" tcprulescheck -m "$checks_conf" 127.0.0.2
}

# --- The setting --------------------------------------------------------------------------------------------------

db_conf socket.conf
for file in none:'No such file or directory' empty.pem:'it has no certificate' garbage.pem:'it has no certificate' server.key:'it has no certificate' \
  cut.crt:'it ends within a certificate' folder:'it is not a regular file'; do
  path=$certs/${file%%:*}
  head -c 300 "$ca" > "$certs/cut.crt"
  mkdir -p "$certs/folder"
  exits "a file of authorities that is of no use is fatal (${file%%:*})" 111 env MYSQL_CA="$path" tcpserver -m "$work/socket.conf" 127.0.0.1 0 true
  like "... and named" "$(cat "$work/err")" "^tcpsql: fatal: unable to use $path \(\\\$MYSQL_CA\): ${file#*:}\$"
done
exits "an empty name is fatal" 111 env MYSQL_CA= tcpserver -m "$work/socket.conf" 127.0.0.1 0 true
like "... and said to be" "$(cat "$work/err")" '^tcpsql: fatal: \$MYSQL_CA is empty'
if [ "$(id -u)" = 0 ]; then
  chmod 755 "$work"
  (umask 077; cp "$ca" "$work/secret.pem")
  exits "one that the user can't read who prog runs as is fatal" 111 env MYSQL_CA="$work/secret.pem" \
    tcpserver -u nobody -m "$work/socket.conf" 127.0.0.1 0 true
  like "... and named" "$(cat "$work/err")" "^tcpsql: fatal: unable to use $work/secret.pem \(\\\$MYSQL_CA\): Permission denied\$"
fi

# Another library: what plays it says what it is told.
MYSQL_LIB=$tools/mysql.so
export MYSQL_LIB
db_conf host.conf 's3cr:t' rules tcp localhost
for version in 50600 50710 80003 100138 0; do
  exits "a library that can't verify is fatal ($version)" 111 checks host.conf MYSQL_PLAYED=$version
  like "... and said to be" "$(cat "$work/err")" '^tcpsql: fatal: .*library can.t verify .*\$MYSQL_CA'
done
for version in 50711:27:42 80403:21:35; do
  number=${version#*:}
  checks host.conf MYSQL_PLAYED="${version%%:*}" 2> "$work/told"
  is "MySQL's library is told to insist on TCP, these authorities and the name (${version%%:*})" "$(grep -E '^option (9|2.|[34].) ' "$work/told")" \
    "option 9 is 1
option ${number%:*} is $ca
option ${number#*:} is 5"
  checks socket.conf MYSQL_PLAYED="${version%%:*}" 2> "$work/told"
  is "... but not for a socket" "$(grep -E '^option (9|2.|[34].) ' "$work/told")" ''
done
checks host.conf MYSQL_PLAYED=80403 MYSQL_PLAYED_CONNECTS=yes 2> "$work/told"
like "a library that connects without TLS all the same gives no rules" "$(cat "$work/told")" 'the client library has not used TLS$'
MYSQL_LIB=$tools/mariadb.so
checks host.conf MYSQL_PLAYED=30320 MYSQL_PLAYED_TLS=some 2> "$work/told"
is "MariaDB's library is told likewise" "$(grep -E '^option (9|2.|[34].) ' "$work/told")" "option 9 is 1
option 27 is $ca
option 21 is 1"
exits "one without TLS is fatal" 111 checks host.conf MYSQL_PLAYED=30320 MYSQL_PLAYED_TLS=Off
like "... and said to be" "$(cat "$work/err")" '^tcpsql: fatal: .*library can.t verify .*\$MYSQL_CA'
for address in 127.0.0.1 '[::1]'; do
  db_conf own.conf 's3cr:t' rules tcp "$address"
  exits "one that believes whoever is at $address is not asked to connect" 111 checks own.conf MYSQL_PLAYED=30408 MYSQL_PLAYED_TLS=some
  like "... and the log says why" "$(cat "$work/err")" 'does not verify who is at 127.0.0.1 or ::1: use localhost$'
done
unset MYSQL_LIB

# --- Who is told the password -------------------------------------------------------------------------------------

# pretends NAME [program…]: a server that is none, at $port; what it is told comes into $work/NAME.taken
pretends()
{
  pretends_name=$1
  shift
  serve "$pretends_name" -v -HRl0 127.0.0.1 0 perl "$peer_script" pretend "$work/$pretends_name.taken" "$@"
  db_conf "$pretends_name.conf" 's3cr:t' rules tcp "localhost/$port"
}

# tells NAME SERVER ERE [env's arguments…]: what that server is told
tells()
{
  tells_name=$1
  tells_file=$work/$2.taken
  tells_ere=$3
  tells_conf=$2.conf
  shift 3
  rm -f "$tells_file"
  checks "$tells_conf" "$@" > /dev/null 2> "$work/err"
  wait_for test -e "$tells_file"
  like "$tells_name" "$(cat "$tells_file")" "$tells_ere"
}

pretends plain
# Without authorities "localhost" is a socket.
db_conf plain.conf 's3cr:t' rules tcp "127.0.0.1/$port"
tells "(a server without TLS is told who it is, if none is wanted)" plain 'taken: .*tcp.*mysql_native_password' -u MYSQL_CA
db_conf plain.conf 's3cr:t' rules tcp "localhost/$port"
tells "a server without TLS is told nothing" plain '^taken: $'
like "... and the log says why" "$(cat "$work/err")" '^tcpsql: warning: unable to get rules from the database: .*(SSL|TLS) is required'
stop
for certificate in server:'taken: .*tcp.*mysql_native_password' server-other-ca: server-wrong-host: server-expired: server-self-signed: server-cn-ignored:; do
  name=${certificate%%:*}
  pretends "$name" tcptls -n "$certs/$name.pem" perl "$peer_script" take "$work/$name.taken"
  if [ "$name" = server ]; then
    tells "(a server with the right certificate is told who it is)" "$name" "${certificate#*:}"
  else
    exits "a server with a wrong certificate gives no rules ($name)" 111 checks "$name.conf"
    logs "(it has heard all that it will hear)" "$name" '^tcpserver: end '
    # Its program only runs if the handshake is over before the client has seen the certificate's faults.
    unlike "... and is told nothing" "$(cat "$work/$name.taken" 2> /dev/null)" 'taken: .'
  fi
  stop
done

# --- A real one ---------------------------------------------------------------------------------------------------

# has NAME: from now on the database has that certificate
has()
{
  cp "$certs/$1.pem" "$work/sql.pem"
  sql 'FLUSH SSL'
}

cp "$certs/server.pem" "$work/sql.pem"
sql_more="--ssl-key=$work/sql.pem --ssl-cert=$work/sql.pem"
sql_start
sql "INSERT INTO rules (iprules, decision) VALUES ('127.0.0.2', 'D')"
serve relay -HRl0 127.0.0.1 0 perl "$peer_script" relay "$sql_socket"
db_conf address.conf 's3cr:t' rules tcp "127.0.0.1/$port"
db_conf name.conf 's3cr:t' rules tcp "localhost/$port"
serve relay6 -HRl0 ::1 0 perl "$peer_script" relay "$sql_socket"
db_conf six.conf 's3cr:t' rules tcp "[::1]/$port"

# serves NAME CONF…, refuses ERE CONF…: whether the database with that certificate is believed when it is asked for so
serves()
{
  serves_name=$1
  shift
  has "$serves_name"
  for conf; do
    exits "a right certificate is believed ($serves_name, $conf)" 0 checks "$conf.conf"
    like "... and the rules are there" "$(cat "$work/out")" '^deny connection$'
  done
}
refuses()
{
  refuses_name=$1
  refuses_ere=$2
  shift 2
  has "$refuses_name"
  for conf; do
    exits "a wrong certificate is not believed ($refuses_name, $conf)" 111 checks "$conf.conf"
    like "... and the log says why" "$(cat "$work/err")" "^tcpsql: warning: unable to get rules from the database: .*($refuses_ere)"
  done
}

# Where the library does not verify these they are not used.
addresses='address six'
checks address.conf 2>&1 | grep -q 'use localhost' && addresses=
# shellcheck disable=SC2086
serves server name $addresses
# shellcheck disable=SC2086
serves server-address $addresses
serves server-chain name
not_for='it is not for|[Hh]ost ?name'
refuses server-address "$not_for" name
# shellcheck disable=SC2086
refuses server-wrong-host "$not_for" name $addresses
refuses server-other-ca 'certificate|trusted' name
refuses server-self-signed 'self.signed|trusted' name
refuses server-expired 'expired' name
exits "nobody is verified at the path of a socket" 0 checks socket.conf
exits "... nor without \$MYSQL_CA" 0 checks address.conf -u MYSQL_CA

# --- In use -------------------------------------------------------------------------------------------------------

serve use -v -HRl0 -m "$work/name.conf" 127.0.0.1 0 echo served
is "as long as there is no other database everybody is refused" "$(ask 1)" ''
logs "... for the reason sql" use '^tcpserver: deny 0 .* sql$'
logs "... and the log says why" use '^tcpsql: warning: unable to get rules from the database: .*expired'
has server
soon "when it has the right certificate its rules are obeyed" 1 served
is "... all of them" "$(ask 2)" ''
has server-wrong-host
sql "DELETE FROM rules"
kill -HUP "$pid"
logs "when it has another name's that is said" use "^tcpsql: warning: .*($not_for)"
is "... and the rules stay as they were" "$(ask 1) $(ask 2)" 'served '
has server
soon "... until it is mended" 2 served
cp "$ca" "$work/mine.pem"
MYSQL_CA=$work/mine.pem
stop
serve use -v -HRl0 -m "$work/name.conf" 127.0.0.1 0 echo served
mv "$work/mine.pem" "$work/moved.pem"
kill -HUP "$pid"
logs "SIGHUP reads the authorities again: if they can't be, that is said" use \
  "^tcpsql: warning: unable to get rules from the database: unable to use $work/mine.pem \(.MYSQL_CA\): No such file or directory\$"
is "... and the rules stay" "$(ask 2)" served
mv "$work/moved.pem" "$work/mine.pem"
logs "... until they are there again" use '^tcpsql: the database answers again$'
done_testing
