#!/bin/sh
# Signals: what each one does to tcpserver, and that none of them ever costs a connection.
. "$(dirname "$0")/../lib.sh"

# An ordinary program that serves until its client leaves.
serving='echo served; read x; echo "got $x"'

serve term -HRl0 -v 127.0.0.1 0 sh -c "$serving"
server=$pid
"$tools/peer" -k 127.0.0.1 "$port" > "$work/reply" &
client=$!
wait_for grep -q served "$work/reply"
kill -TERM "$server"
wait "$server"
is "TERM: exit 0 at once" "$?" 0
ok "... and the program goes on" kill -0 "$(sed -n 's/^tcpserver: ok \([0-9]*\) .*/\1/p' "$work/term.log")"
is "... while nobody new is taken" "$(peer 127.0.0.1 "$port")" "(peer: connect: Connection refused)"
kill "$(sed -n 's/^tcpserver: ok \([0-9]*\) .*/\1/p' "$work/term.log")" "$client" 2>/dev/null

serve alarm -HRl0 -v 127.0.0.1 0 sh -c "$serving"
server=$pid
hold a 127.0.0.1 "$port"
holder=$pid
wait_for grep -q 'status: 1/40' "$work/alarm.log"
kill -ALRM "$server"
ok "ALRM: nobody new is taken" wait_for sh -c "'$tools/peer' 127.0.0.1 $port | grep -q refused"
ok "... the server waits for its programs" kill -0 "$server"
# The first: somebody may have been let in right before the signal.
ok "... which go on" kill -0 "$(sed -n 's/^tcpserver: ok \([0-9]*\) .*/\1/p' "$work/alarm.log" | head -n 1)"
stop "$holder"
wait "$server"
is "... and exits 0 after the last one" "$?" 0
is "... having logged its end" "$(tail -n 1 "$work/alarm.log")" "tcpserver: status: 0/40"

# Clients that the system has accepted while the server could not.
serve queue -HRl0 -c 100 127.0.0.1 0 echo served
server=$pid
kill -STOP "$server"
keep_client queued perl "$root/tests/cli/tcpserver-crowd.pl" 60 127.0.0.1 "$port" 127.0.0.1
kill -ALRM "$server"
kill -CONT "$server"
echo read > "$work/queued.in"
wait_for grep -q done "$work/queued.out"
is "ALRM: those whose connection is made already are served" "$(sed -n 2p "$work/queued.out")" "60 served;"
stop
wait "$server"
is "... before it ends" "$?" 0

serve alarm2 -HRl0 127.0.0.1 0 true
kill -ALRM "$pid"
wait "$pid"
is "ALRM without programs: exit 0 at once" "$?" 0

serve hup -HRl0 -v 127.0.0.1 0 sh -c "$serving"
server=$pid
"$tools/peer" -k 127.0.0.1 "$port" > "$work/hup.reply" &
client=$!
started="$started $client"
wait_for grep -q served "$work/hup.reply"
kill -HUP "$server"
wait_for sh -c "[ \$(grep -c 'status: 1/40' '$work/hup.log') = 2 ]"
is "HUP without anything to read again: serving goes on" "$(peer 127.0.0.1 "$port" 'x\n' | tr '\n' ' ')" "served got x "
ok "... and the program too" kill -0 "$(sed -n 's/^tcpserver: ok \([0-9]*\) .*/\1/p' "$work/hup.log" | head -n 1)"
kill -USR2 "$server"
is "USR2 does nothing" "$(peer 127.0.0.1 "$port" 'y\n' | tr '\n' ' ')" "served got y "
kill "$client"
stop "$server"

serve table -HRl0 127.0.0.1 0 sh -c "$serving"
server=$pid
hold b -b 127.0.0.2 127.0.0.1 "$port"
hold c -b 127.0.0.2 127.0.0.1 "$port"
hold d -b 127.0.0.3 127.0.0.1 "$port"
wait_for sh -c "[ \$(ss -Htn state connected 'sport = :$port' | wc -l) = 3 ]"
wait_for sh -c "kill -USR1 $server; grep -q '3/40' '$work/table.log'"
logs "USR1: the table, without -v" table '^tcpserver: table: 3/40 connections, 2 addresses$'
# The table may be there several times: the lines below the first whole one are looked at.
rows()
{
  awk 'found; /3\/40/ { found = 1 }' "$work/table.log" | head -n 3
}
all_rows()
{
  [ "$(rows | wc -l)" = 3 ]
}
wait_for all_rows
is "... with a line for each connection" \
  "$(rows | sed -E 's/pid [0-9]+/pid P/; s/:[0-9]+ /:N /; s/seconds [0-9]+/seconds N/' | sort)" \
  "tcpserver: table: pid P from 127.0.0.2:N seconds N
tcpserver: table: pid P from 127.0.0.2:N seconds N
tcpserver: table: pid P from 127.0.0.3:N seconds N"
stop "$server"
serve silent -HRl0 -q 127.0.0.1 0 true
kill -USR1 "$pid"
peer 127.0.0.1 "$port"
stop
is "USR1 with -q: nothing" "$(cat "$work/silent.log")" ""

# Before it can do what a signal asks for it remembers that.
early()
{
  perl "$root/tests/cli/tcpserver-early.pl" "$@" 2> "$work/early.log"
}
for signal in HUP USR1 USR2; do
  is "$signal right after its start does no harm" "$(early $signal 20 tcpserver -1 -HRl0 127.0.0.1 0 true)" 'port, exit 0'
done
is "USR1: ... the table comes later" "$(early USR1 20 tcpserver -1 -HRl0 127.0.0.1 0 true; cat "$work/early.log")" "port, exit 0
$(for i in $(seq 20); do echo 'tcpserver: table: 0/40 connections, 0 addresses'; done)"
is "ALRM: ... and so does the end" "$(early ALRM 20 tcpserver -1 -HRl0 127.0.0.1 0 true)" 'port, exit 0'
is "... also if it was started with signals ignored" \
  "$(trap '' HUP ALRM USR1; early ALRM 5 tcpserver -1 -HRl0 127.0.0.1 0 true)" 'port, exit 0'

# All at once, under load: one server lives through it and serves everybody.
serve storm -HRl0 -V -c 20 127.0.0.1 0 echo served
server=$pid
(
  i=0
  while [ $i -lt 300 ]; do
    i=$((i + 1))
    kill -HUP "$server"
    kill -USR1 "$server"
    kill -CHLD "$server"
    kill -PIPE "$server"
  done
) &
storm=$!
served=0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ "$(peer 127.0.0.1 "$port")" != served ] || served=$((served + 1))
done
wait "$storm"
is "a storm of signals costs no connection" "$served" 20
stop "$server"
done_testing
