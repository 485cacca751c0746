#!/bin/sh
# tcpserver -m and tcprulescheck -m, with a real MariaDB: what rows do, and what happens when they, the settings or the
# database are not as they should be.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../sql.sh"

MYSQL_REFRESH=1
export MYSQL_REFRESH
unset MYSQL_LIB MYSQL_STALE MYSQL_TIMEOUT

checked()
{
  tcprulescheck -m "$work/db.conf" "$@" 2>&1
}
say='echo "A=${A-} B=${B-}"'

# --- Settings -----------------------------------------------------------------------------------------------------

db_conf db.conf
exits "a db.conf that is not there is fatal" 111 tcpserver -m "$work/none" 127.0.0.1 0 true
like "... and named" "$(cat "$work/err")" "^tcpsql: fatal: unable to read $work/none: No such file or directory\$"
cp "$work/db.conf" "$work/open.conf"
chmod 644 "$work/open.conf"
exits "one that others may read is fatal" 111 tcpserver -m "$work/open.conf" 127.0.0.1 0 true
like "... and the message says why" "$(cat "$work/err")" "^tcpsql: fatal: unable to read $work/open.conf: others than .* chmod o-rwx\$"
(umask 077; echo 'host:user:hidden' > "$work/short.conf")
exits "one with too few fields is fatal" 111 tcpserver -m "$work/short.conf" 127.0.0.1 0 true
unlike "... and what it says is not told" "$(cat "$work/err")" hidden
exits "a library that is not there is fatal" 111 env MYSQL_LIB=/nonexistent.so tcpserver -m "$work/db.conf" 127.0.0.1 0 true
like "... and named" "$(cat "$work/err")" '^tcpsql: fatal: unable to load a client library .*/nonexistent.so'
exits "one that is none is fatal" 111 env MYSQL_LIB=libc.so.6 tcpserver -m "$work/db.conf" 127.0.0.1 0 true
like "... and what it lacks is named" "$(cat "$work/err")" 'undefined symbol: mysql_init'
exits "a number of seconds that is none is fatal" 111 env MYSQL_STALE=soon tcpserver -m "$work/db.conf" 127.0.0.1 0 true
like "... and named" "$(cat "$work/err")" '^tcpsql: fatal: \$MYSQL_STALE is not a number of seconds from 1 to 31536000: soon$'

# --- No database, and its beginning -------------------------------------------------------------------------------

serve early -v -HRl0 -m "$work/db.conf" 127.0.0.1 0 sh -c "$say"
is "as long as there was never a database everybody is refused" "$(ask 1)" ""
logs "... for the reason sql" early '^tcpserver: deny 0 .* sql$'
logs "... and the log says why" early "^tcpsql: warning: unable to get rules from the database: .*$sql_socket"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=sql -keyout "$work/sql.key" -out "$work/sql.crt" 2> "$work/err" ||
  diag "$(cat "$work/err")"
sql_more="--ssl-key=$work/sql.key --ssl-cert=$work/sql.crt"
sql_start
soon "when it has come the rules are those of the table: an empty one allows" 1 'A= B='
stop
exits "tcprulescheck says what tcpserver would do" 0 tcprulescheck -m "$work/db.conf" 127.0.0.1
is "... by default it allows" "$(cat "$work/out")" "default:
allow connection"

# --- Rows ---------------------------------------------------------------------------------------------------------

serve rows -v -HRl0 -m "$work/db.conf" 127.0.0.1 0 sh -c "$say"
rows=$pid
sql "INSERT INTO rules (iprules, decision, env, port) VALUES ('127.0.0.*', '', 'A=1,B=x\\\\,y', NULL), ('127.0.0.2', 'D', 'DIEMSG=go away', 0),
  ('127.0.0.1?', 'D', NULL, 1), ('127.0.0.20-25', '', 'A=2', $port), ('127.0.0.24/30', '', 'B=3', NULL), ('127.0.0.30-', 'D', NULL, NULL)"
soon "a row sets variables, a comma among them" 1 'A=1 B=x,y'
soon "one that refuses refuses, and its last words are said" 2 'go away'
logs "... which is logged with its text" rows '^tcpserver: deny 0 .*:127\.0\.0\.2::[0-9]* rule 127\.0\.0\.2$'
is "a row for another port does nothing" "$(ask 12)" 'A=1 B=x,y'
is "one for this port does; later rows override earlier ones" "$(ask 25)" 'A=2 B=3'
is "a range refuses from its beginning" "$(ask 30)" ''
is "... and not before" "$(ask 29)" 'A=1 B=x,y'
is "tcprulescheck names each row that matches" "$(checked -p "$port" 127.0.0.25)" 'rule 127.0.0.*:
rule 127.0.0.20-25:
rule 127.0.0.24/30:
set environment variable A=1
set environment variable B=x,y
set environment variable A=2
set environment variable B=3
allow connection'
is "... and asks about the port" "$(TCPLOCALPORT=1 checked 127.0.0.12 | tail -n 1)" 'deny connection'
is "... and about several addresses" "$(checked 127.0.0.2 ::1 | tr '\n' ' ')" \
  '127.0.0.2 rule 127.0.0.*: rule 127.0.0.2: deny connection ::1 default: allow connection '

later=$(((1$(date +%H) - 88) % 24))
sql "INSERT INTO rules (iprules, env) VALUES ('127.0.0.15', 'MAXRATE=1/600'), ('127.0.0.16', '$(printf 'HOURS=%02d:00-%02d:30' "$later" "$later")'),
  ('127.0.0.17', 'HOURS=soon'), ('127.0.0.18', 'MAXPERIP=1')"
soon "a row's hours are kept" 16 ''
logs "... and are the reason in the log" rows '^tcpserver: deny 0 .*:127\.0\.0\.16::[0-9]* time$'
is "hours that are none refuse" "$(ask 17)" ''
is "a row's rate is kept: the first is served" "$(ask 15)" 'A=1 B=x,y'
is "... the second is not" "$(ask 15)" ''
logs "... for that reason" rows '^tcpserver: deny 0 .*:127\.0\.0\.15::[0-9]* rate'
serve limit -v -HRl0 -m "$work/db.conf" 127.0.0.1 0 sh -c 'echo served; cat > /dev/null'
limit=$pid
hold one -b 127.0.0.18 127.0.0.1 "$port"
logs "a row's limit for one address is kept: the first is served" limit '^tcpserver: ok .*:127\.0\.0\.18:'
is "... the second is not while the first is there" "$(ask 18)" ''
logs "... for that reason" limit '^tcpserver: deny 0 .*:127\.0\.0\.18::[0-9]* perip 1$'
is "... one from elsewhere is" "$(ask 19)" served
stop
logs_times "(the first goes, as the other has)" limit '^tcpserver: end ' 2
is "... and then the next" "$(ask 18)" served
stop "$limit"
port=$(cat "$work/rows.out")

sql "DELETE FROM rules WHERE iprules = '127.0.0.2'"
soon "a row that is deleted refuses no longer" 2 'A=1 B=x,y'
sql "UPDATE rules SET decision = 'D' WHERE iprules = '127.0.0.24/30'"
soon "one that is changed does what it says now" 25 ''
sql 'TRUNCATE rules'
soon "a table that is emptied allows" 25 'A= B='

printf '127.0.0.5:allow,B="cdb"\n127.0.0.6:deny\n:allow\n' | tcprules "$work/rules.cdb" "$work/rules.tmp"
serve both -v -HRl0 -x "$work/rules.cdb" -m "$work/db.conf" 127.0.0.1 0 sh -c "$say"
both=$pid
sql "INSERT INTO rules (iprules, decision, env) VALUES ('*', '', 'A=sql,B=sql'), ('127.0.0.7', 'D', NULL)"
soon "-x and -m: what both set is as the file says" 5 'A=sql B=cdb'
is "... who is refused by the file is" "$(ask 6)" ''
is "... who is refused by the table is" "$(ask 7)" ''
is "... who is refused by neither is not" "$(ask 8)" 'A=sql B=sql'
stop "$both"
port=$(cat "$work/rows.out")
pid=$rows

# --- Rows that are not as they should be --------------------------------------------------------------------------

sql "TRUNCATE rules; INSERT INTO rules (iprules, decision, env) VALUES ('127.0.0.9', 'D', NULL)"
soon "(a row that refuses)" 9 ''
sql "INSERT INTO rules (iprules, decision, env) VALUES ('127.0.0.8', 'D', ''), ('''; DROP TABLE rules; --', 'D', '\"')"
logs "a row whose addresses can't be read is logged with its text" rows \
  "a row of the table can't be read: it has a blank inside: iprules='; DROP TABLE rules; -- decision=D env=\" port=\$"
logs "... and its table is not used" rows '^tcpsql: warning: the table is not used because of these rows: the rules before it stay$'
is "... so that what it says is not obeyed" "$(ask 8)" 'A= B='
is "... and what the one before it said is" "$(ask 9)" ''
exits "... tcprulescheck has none to explain then" 111 tcprulescheck -m "$work/db.conf" 127.0.0.8
sql "UPDATE rules SET iprules = '127.0.0.7' WHERE iprules LIKE '%DROP%'"
soon "when it is mended the table is used again" 8 ''
is "a row that refuses refuses even though its variables can't be read" "$(ask 7)" ''
logs "... which is logged" rows "a row of the table can't be read: its env is not a list of NAME=value: iprules=127.0.0.7 decision=D"

sql "TRUNCATE rules; ALTER TABLE rules MODIFY env LONGBLOB; INSERT INTO rules (iprules, decision, env) VALUES
  ('127.0.0.6', 'D', REPEAT('A', 15000000)), ('127.0.0.8', '', 'A=8')"
soon "however large a row is that refuses, it does" 6 ''
logs "... and the log is not filled with it" rows "its env is too long: iprules=127.0.0.6 decision=D env=A{80}\.\.\. port=\$"
is "... and others are read" "$(ask 8)" 'A=8 B='

# What the server takes for text of one character set or another must come as it was put in.
sql "TRUNCATE rules; ALTER TABLE rules MODIFY env VARBINARY(4096);
  INSERT INTO rules (iprules, decision, env) VALUES ('127.0.0.1', '', CONCAT('A=', x'ff275c22', ',B=\$(id)')), ('127.0.0.3', 'D', CONCAT('A=', x'00'))"
soon "quotes, invalid UTF-8 and what a shell might run are values like others" 1 "$(printf 'A=\377\047\134" B=$(id)')"
is "a NUL in a row that refuses refuses" "$(ask 3)" ''
stop "$rows"

# --- The settings of the database ---------------------------------------------------------------------------------

sql 'CREATE VIEW seen AS SELECT * FROM rules'
db_conf view.conf 's3cr:t' seen
serve view -v -HRl0 -m "$work/view.conf" 127.0.0.1 0 sh -c "$say"
view=$pid
view_port=$port
db_conf wrong.conf 'wr0ng'
serve password -v -HRl0 -m "$work/wrong.conf" 127.0.0.1 0 sh -c "$say"
server=$pid
is "with a wrong password everybody is refused" "$(ask 1)" ''
logs "... and the log says why" password "^tcpsql: warning: unable to get rules from the database: Access denied for user 'tcp'"
unlike "... without the password" "$(cat "$work/password.log")" 'wr0ng'
sleep 1.2
logs_times "... and not again and again" password 'Access denied' 1
db_conf wrong.conf
kill -HUP "$server"
soon "SIGHUP reads db.conf again" 2 'A= B='
stop "$server"
port=$view_port
logs_times "a view is read again and again, but taken once while it stays the same" view 'sql: [0-9]* rows' 1
sql "INSERT INTO rules (iprules, decision) VALUES ('127.0.0.4', 'D')"
soon "... and taken again when it is another" 4 ''
stop "$view"
db_conf table.conf 's3cr:t' no_such_table
exits "a table that is not there gives no rules" 111 tcprulescheck -m "$work/table.conf" 127.0.0.1
like "... and that is said" "$(cat "$work/err")" 'there is no such table, or no right to read it$'
sql 'CREATE TABLE short (iprules TEXT, decision TEXT, port INT)'
db_conf short.conf 's3cr:t' short
exits "a table without a column gives none either" 111 tcprulescheck -m "$work/short.conf" 127.0.0.1
like "... and that is named" "$(cat "$work/err")" 'the table has no column env$'
sql 'CREATE TABLE `we``ird "name` LIKE rules'
db_conf weird.conf 's3cr:t' 'we`ird "name'
exits "a table may have any name" 0 tcprulescheck -m "$work/weird.conf" 127.0.0.1
sql "CREATE USER encrypted@localhost IDENTIFIED BY 's3cr:t' REQUIRE SSL; GRANT SELECT ON access.* TO encrypted@localhost"
db_conf encrypted.conf 's3cr:t' rules encrypted
exits "TLS is used if the server has it" 0 tcprulescheck -m "$work/encrypted.conf" 127.0.0.1
for engine in MyISAM Aria; do
  sql "DROP TABLE IF EXISTS other; CREATE TABLE other LIKE rules; ALTER TABLE other ENGINE = $engine"
  db_conf other.conf 's3cr:t' other
  serve "$engine" -HRl0 -m "$work/other.conf" 127.0.0.1 0 sh -c "$say"
  sql "INSERT INTO other (iprules, decision) VALUES ('127.0.0.3', 'D')"
  soon "changes of an engine that says otherwise when it was changed are seen ($engine): a row that is there" 3 ''
  sql "UPDATE other SET iprules = '127.0.0.4'"
  soon "... one that is another" 4 ''
  stop
done

# What sessions begin with is the database's own affair.
sql "SET GLOBAL init_connect = 'SET autocommit = 0, sql_select_limit = 5, sql_mode = \"PAD_CHAR_TO_FULL_LENGTH\";
  SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED';
  CREATE TABLE odd LIKE rules; ALTER TABLE odd MODIFY env CHAR(20); INSERT INTO odd (iprules, decision, env) VALUES ('127.', '', 'A=1'),
  ('10.1.', '', ''), ('10.2.', '', ''), ('10.3.', '', ''), ('10.4.', '', ''), ('127.0.0.2', 'D', '')"
db_conf odd.conf 's3cr:t' odd
serve odd -HRl0 -m "$work/odd.conf" 127.0.0.1 0 sh -c "$say"
is "a mode that sessions begin with changes no variables" "$(ask 1)" 'A=1 B='
is "... nor does a limit hide rows" "$(ask 2)" ''
sql "UPDATE odd SET iprules = '127.0.0.3' WHERE decision = 'D'"
soon "... nor has a transaction that never ends the table stay as it was" 3 ''
sql "INSERT INTO odd (iprules, decision) VALUES ('127.0.0.4', 'D'); BEGIN; DELETE FROM odd WHERE iprules = '127.0.0.3';
  SELECT SLEEP(2); ROLLBACK" > "$work/rolled-back" &
soon "(another row is obeyed)" 4 ''
is "... nor is obeyed what may be rolled back" "$(ask 3)" ''
wait "$!"
stop
sql "SET GLOBAL init_connect = ''"

# --- doc/tcpsql.8 -------------------------------------------------------------------------------------------------

is "the table of doc/tcpsql.8 is that of doc/iprules.sql" "$(sed -n '/^CREATE TABLE/,/^);/p' "$root/doc/tcpsql.8")" \
  "$(sed -n '/^CREATE TABLE/,/^);/p' "$root/doc/iprules.sql" | sed 's/ *-- .*//')"
sed -n '/^CREATE DATABASE/,/^GRANT/p' "$root/doc/tcpsql.8" | sed 's/access/example/; s/10.0.0.%/localhost/' > "$work/example.sql"
sql "$(cat "$work/example.sql"); USE example; $(cat "$root/doc/iprules.sql")"
sed -n 's/^\$ \(umask\|echo\) /\1 /p' "$root/doc/tcpsql.8" |
  sed "s#db.example.org#$sql_socket#; s#access#example#; s#/etc/tcpserver.db#$work/example.conf#" > "$work/example.sh"
ok "its example makes a db.conf" sh "$work/example.sh"
exits "... with which the rules can be read" 0 tcprulescheck -m "$work/example.conf" 127.0.0.1
done_testing
