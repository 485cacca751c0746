#!/bin/sh
# tcpserver -m when the database hangs, is killed and comes back, when its helper is killed, and with two machines.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../sql.sh"
. "$root/tests/cli/tcpserver-clients.sh"

# Who waited for an answer that does not come would wait that long.
MYSQL_REFRESH=1
MYSQL_TIMEOUT=3
export MYSQL_REFRESH MYSQL_TIMEOUT
unset MYSQL_LIB MYSQL_STALE

# helpers PID: its tcpsql's, or those of that one, which are no services and have not ended
helpers()
{
  ps -o pid=,stat=,comm= --ppid "$1" | awk '$2 !~ /^Z/ && $3 == "tcpsql" { print $1 }'
}
# Sets $helper and $loader for a server, as soon as it has one of each.
has_both()
{
  helper=$(helpers "$1")
  loader=$(helpers "${helper:-0}")
  case "$helper $loader" in *[!0-9\ ]* | ' '* | *' ') return 1 ;; esac
}
refused_for_sql()
{
  grep -c ' sql$' "$work/hang.log"
}

db_conf db.conf
sql_start
sql "INSERT INTO rules (iprules, decision) VALUES ('127.0.0.2', 'D')"

serve hang -v -HRl0 -m "$work/db.conf" 127.0.0.1 0 echo served
hang=$pid
soon "(rules are there)" 1 served
is "(and who may not is refused)" "$(ask 2)" ''
kill -STOP "$sql_pid"
logs "a database that hangs is noticed" hang '^tcpsql: warning: unable to get rules from the database: '
began=$(date +%s%N)
is "... and rules are those that were" "$(ask 1) $(ask 2)" 'served '
ok "... without waiting for it" test $((($(date +%s%N) - began) / 1000000)) -lt 3000
kill -CONT "$sql_pid"
logs "when it goes on that is said" hang '^tcpsql: the database answers again$'
sql "INSERT INTO rules (iprules, decision) VALUES ('127.0.0.3', 'D')"
soon "... and its changes are obeyed" 3 ''

# Clients all the time, while it is killed.
refused_before=$(refused_for_sql)
(while :; do peer -b 127.0.0.2 127.0.0.1 "$port"; sleep 0.03; done > "$work/refused") &
refused=$!
(while :; do peer -b 127.0.0.1 127.0.0.1 "$port"; sleep 0.03; done > "$work/served") &
served=$!
started="$started $refused $served"
kill -KILL "$sql_pid"
wait "$sql_pid" 2> /dev/null
sleep 1.5
before=$(wc -l < "$work/served")
wait_for sh -c '[ "$(wc -l < "$1")" -gt "$2" ]' sh "$work/served" "$((before + 5))"
ok "while it is killed clients are served" test "$(wc -l < "$work/served")" -gt "$((before + 5))"
is "... and refused ones are not" "$(cat "$work/refused")" ''
kill "$refused" "$served"
wait "$refused" "$served" 2> /dev/null
is "... none of them for want of rules" "$(refused_for_sql)" "$refused_before"
sql_start
sql "INSERT INTO rules (iprules, decision) VALUES ('127.0.0.4', 'D')"
soon "when it is started again its changes are obeyed" 4 ''

ok "two processes are there for it" wait_for has_both "$hang"
if [ -r "/proc/$hang/cmdline" ]; then
  unlike "the password is in no command line and no environment" \
    "$(cat "/proc/$hang/cmdline" "/proc/$helper/cmdline" "/proc/$loader/cmdline" "/proc/$helper/environ" 2> /dev/null | tr '\0' ' ')" 's3cr:t'
fi
kill -KILL "$loader"
logs "the one that talks to it is killed: that is said" hang 'the process that asks it was killed by signal 9'
sql "INSERT INTO rules (iprules, decision) VALUES ('127.0.0.5', 'D')"
soon "... and there is another" 5 ''
kill -KILL "$helper"
logs "tcpsql is killed: that is said, too" hang '^tcpserver: warning: unable to get rules from a database: tcpsql has ended$'
is "... and rules stay" "$(ask 1) $(ask 2)" 'served '
sql "INSERT INTO rules (iprules, decision) VALUES ('127.0.0.6', 'D')"
soon "... and there is another" 6 ''
wait_for has_both "$hang"
kill -KILL "$helper"
logs_times "that one is killed, too: that is said again" hang ': tcpsql has ended$' 2
wait_for has_both "$hang"
kill -STOP "$helper"
kill -KILL "$hang"
wait "$hang" 2> /dev/null
kill -CONT "$helper"
ok "when tcpserver is killed both end" wait_for ended "$helper"
ok "... the one that talks to the database, too" wait_for ended "$loader"

if [ "$(id -u)" = 0 ]; then
  chmod 755 "$work"
  serve user -HRl0 -u nobody -m "$work/db.conf" 127.0.0.1 0 echo served
  wait_for has_both "$pid"
  is "-u: who talks to the database is that user" "$(ps -o user= -p "$loader")" nobody
  soon "... and serves" 1 served
  is "... but not everybody" "$(ask 2)" ''
  kill -KILL "$helper"
  logs "... if tcpsql can't read db.conf any more that is said" user '^tcpsql: fatal: unable to read '
  is "... and rules stay as long as they are good" "$(ask 1)" served
  stop
fi

# Rules are good for so long; the second machine's are older when the database goes.
MYSQL_STALE=2
export MYSQL_STALE
serve stale -v -HRl0 -m "$work/db.conf" 127.0.0.1 0 echo served
soon "(rules are there again)" 1 served
kill -STOP "$sql_pid"
soon "after \$MYSQL_STALE seconds without it everybody is refused" 1 ''
logs "... for the reason sql" stale '^tcpserver: deny 0 .* sql$'
logs "... and the log says why" stale '^tcpserver: warning: unable to use the rules of .*: the database has been away for too long$'
kill -CONT "$sql_pid"
soon "... until it is there again" 1 served
refused=$(grep -c ' sql$' "$work/stale.log")
for change in 1 2 3 4 5 6 7 8; do
  sql "DELETE FROM rules WHERE iprules = 'nobody'; INSERT INTO rules (iprules, env) VALUES ('nobody', 'CHANGE=$change')"
  sleep 0.4
done
logs "a table that can't be used is said to be" stale '^tcpsql: warning: the table is not used because of these rows'
is "... and while there is one its predecessor does not grow old, however often it changes" "$(ask 1) $(ask 2)" 'served '
is "..." "$(grep -c ' sql$' "$work/stale.log")" "$refused"
stop
unset MYSQL_STALE

# Two machines, with networks of their own and one database.
how=-rn
[ "$(id -u)" != 0 ] || ! unshare -n true 2> /dev/null || how=-n
machine()
{
  background "$1" unshare "$how" sh -c 'ip link set lo up && tcpserver -HRl0 -m "$1/db.conf" 127.0.0.1 7 echo served & server=$!
    trap "kill $server; exit" TERM
    while :; do "$2/peer" 127.0.0.1 7 > "$1/$3.new"; mv "$1/$3.new" "$1/$3.said"; sleep 0.1; done' sh "$work" "$tools" "$1"
}
both_say()
{
  [ "$(cat "$work/one.said")" = "$1" ] && [ "$(cat "$work/two.said")" = "$1" ]
}
sql 'TRUNCATE rules'
machine one
one=$pid
machine two
two=$pid
ok "two machines serve" wait_for both_say served
sql "INSERT INTO rules (iprules, decision) VALUES ('127.', 'D')"
ok "... until a row is inserted: both obey" wait_for both_say ''
stop "$one"
stop "$two"
done_testing
