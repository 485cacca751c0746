#!/bin/sh
# -T: a connection on which nothing moves is shut down, and no other.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-tls.sh"
umask 0

# client NAME actions…: tcpserver-idle.pl in the background, with the server of the last `serve`
client()
{
  client_as=$1
  shift
  perl "$root/tests/cli/tcpserver-idle.pl" 127.0.0.1 "$port" "$@" > "$work/$client_as.said" 2>&1 &
  started="$started $!"
}

# said NAME: what that one has printed, when it is done
said()
{
  wait_for grep -Eq 'ended|cut off|no end' "$work/$1.said"
  tr '\n' ' ' < "$work/$1.said"
}

# ends NAME: the end lines of that server, without what differs
ends()
{
  sed -n -E 's/^tcpserver: end [0-9]+ //p' "$work/$1.log" | sed -E 's/seconds [0-9]+\.[0-9]+ /seconds S /' | sort
}

# is_stopped PID
is_stopped()
{
  grep -q ') T ' "/proc/$1/stat"
}

pid_of()
{
  sed -n 's/^tcpserver: ok \([0-9]*\) .*/\1/p' "$work/$1.log" | tail -n 1
}

# All of these at the same time, each with its own server, because each takes a while.
one='read -r x; echo "got $x"'
serve silent -HRl0 -v -T 1 127.0.0.1 0 perl -e '1 while sysread(STDIN, my $b, 100); $SIG{PIPE} = "IGNORE"; syswrite(STDERR, "end of input\n");
  1 while syswrite(STDOUT, "x"); syswrite(STDERR, "$!\n")'
client silent end
serve said -HRl0 -V -T 1 127.0.0.1 0 cat
client said send:hello end
# With twice the time for those who do something: a busy machine may add to their pauses.
serve drip -HRl0 -v -T 2 127.0.0.1 0 sh -c "$one"
client drip send:1 pause:0.4 send:2 pause:0.4 send:3 pause:0.4 send:4 pause:0.4 send:5 pause:0.4 send:6 pause:0.4 'send:7
' end
client urgent oob:1 pause:0.6 oob:2 pause:0.6 oob:3 pause:0.6 oob:4 pause:0.6 'send:x
' end
serve spoken -HRl0 -v -T 2 127.0.0.1 0 sh -c "for i in 1 2 3 4 5 6 7; do echo \$i; sleep 0.4; done; $one"
client spoken take:14 'send:x
' end
serve slow -HRl0 -v -T 2 127.0.0.1 0 sh -c "head -c 3000000 /dev/zero; $one"
client slow take:3000000 'send:x
' end
# Nobody reads: it is not the program that is idle.
serve deaf -HRl0 -v -T 1 127.0.0.1 0 sh -c 'trap "" PIPE; yes 2>/dev/null; exit 7'
client deaf "await:$work/go" end
serve half -HRl0 -v -T 1 127.0.0.1 0 sh -c 'cat; exec 0<&- >&-; until [ -e "$0" ]; do sleep 0.05; done' "$work/go"
client half send:asked half end
serve stopped -HRl0 -v -T 1 127.0.0.1 0 sh -c 'kill -STOP $$; read -r x; exit 5'
client stopped end
serve reset -HRl0 -v -T 1 127.0.0.1 0 sh -c 'until [ -e "$0" ]; do sleep 0.05; done' "$work/go"
client reset send:x reset
# A child of the program goes on with the connection when the program has ended.
serve orphan -HRl0 -v -T 1 127.0.0.1 0 sh -c "exec 3<&0; { exec 0<&3; $one; } & echo started"
client orphan take:8 "await:$work/go" 'send:x
' end
serve never -HRl0 -v -T 0 127.0.0.1 0 sh -c "$one"
server=$pid
before=$(descriptors)
client never "await:$work/go" 'send:x
' end
wait_for grep -q ' ok ' "$work/never.log"
ok "-T 0: nothing is kept open" wait_for has_descriptors "$before"
serve tls -HRl0 -V -T 1 -n cert 127.0.0.1 0 sh -c "$one"
client tls 'send:hello
' "await:$work/go" 'send:x
' end

# More than are looked at in one go; and more than there are descriptors for, two for each. All of them come before any has
# been idle for as long as he may.
serve crowd -HRl0 -V -c 1000 -C 1000 -T 2 127.0.0.1 0 cat
many_server=$pid
server=$pid
before=$(descriptors)
pause
crowd many 300 127.0.0.1 "$port" 127.0.0.2 127.0.0.3
tell many 'say 7 hello'
wait_for grep -q 'say done' "$work/many.out"
go_on
tell many read
(
  # shellcheck disable=SC3045 # every shell that /bin/sh is has it
  ulimit -n 100
  exec tcpserver -1 -HRl0 -v -c 1000 -T 1 127.0.0.1 0 sh -c 'exec cat > /dev/null'
) > "$work/scarce.out" 2> "$work/scarce.log" &
pid=$!
started="$started $pid"
serve_wait scarce
crowd few 110 127.0.0.1 "$port" 127.0.0.2
# None of them is idle before there are too many.
speak_till_scarce()
{
  tell few say
  grep -q 'unable to accept a connection: Too many open files' "$work/scarce.log"
}
ok "more than there are descriptors for: some have to wait" wait_for speak_till_scarce
tell few read
serve alarm -HRl0 -v -T 1 127.0.0.1 0 cat
alarm_server=$pid
client alarm end
wait_for grep -q ' ok ' "$work/alarm.log"
kill -ALRM "$alarm_server"

is "a client that is silent sees the end" "$(said silent)" "ended "
logs "... the program sees the end of input" silent '^end of input$'
logs "... then a dead connection" silent '^Broken pipe$'
ok "... and the end line says why, after what it always says" wait_for grep -qx 'tcpserver: end [0-9]* status 0 idle' "$work/silent.log"
is "a second after it said something" "$(said said)" "helloended "
logs "... and with -V, at the end of the line, too" said \
  '^tcpserver: end [0-9]+ status 0 exit 0 seconds [0-9]+\.[0-9][0-9] in 5 out 5 from 127\.0\.0\.1 idle$'
is "the client sees the end even while the program stands still" "$(said stopped)" "ended "
wait_for is_stopped "$(pid_of stopped)"
kill -CONT "$(pid_of stopped)"
logs "... and the program does as soon as it goes on" stopped '^tcpserver: end [0-9]+ status 1280 idle$'
is "who has half-closed the connection and waits in silence is idle, too" "$(said half)" "askedended "
logs "who takes nothing of what the program sends is idle" deaf '^tcpserver: end [0-9]+ status 1792 idle$'
# All others have been longer than that time.
: > "$work/go"
logs "... where the program goes on with something else, it may" half '^tcpserver: end [0-9]+ status 0 idle$'
is "who sends something now and then is not idle" "$(said drip)" "got 1234567 ended early "
is "... be it urgent" "$(said urgent)" "got x ended early "
is "who says nothing but gets something now and then is not idle" "$(said spoken)" "got x ended early "
is "who takes a long time for what the program has sent at once is not idle" "$(said slow)" "got x ended early "
is "with TLS it is tcptls that ends it, which here does not" "$(said tls)" "got x ended early "
logs "... and the end line is tcpserver's" tls ' from 127\.0\.0\.1$'
for name in drip spoken slow; do
  ok "... and the end line ($name) is as without -T" wait_for grep -qx 'tcpserver: end [0-9]* status 0' "$work/$name.log"
done
logs "a connection that was reset was not idle" reset '^tcpserver: end [0-9]+ status 0$'
is "what goes on with the connection when the program has ended is left alone" "$(said orphan)" "got x ended early "
logs "... and the end line is as without -T" orphan '^tcpserver: end [0-9]+ status 0$'
is "-T 0: never" "$(said never)" "got x ended early "

wait_for grep -q '^done' "$work/many.out"
is "300 that are silent: all are ended" "$(grep '^[0-9]' "$work/many.out" | tr '\n' ' ')" "1 hello; 299 nothing "
all_ended()
{
  [ "$(grep -c '^tcpserver: end ' "$work/$1.log")" = "$2" ]
}
ok "... each has its line" wait_for all_ended crowd 300
is "... of which all say idle" "$(ends crowd | sed -E 's/127\.0\.0\.[23]/A/' | uniq -c | sed 's/^ *//')" \
  "299 status 0 exit 0 seconds S in 0 out 0 from A idle
1 status 0 exit 0 seconds S in 6 out 6 from A idle"
server=$many_server
ok "... and no descriptor is left" wait_for has_descriptors "$before"
wait_for grep -q '^done' "$work/few.out"
is "... all are served, and ended" "$(grep '^[0-9]' "$work/few.out")" "110 nothing"
ok "... each by its time" wait_for all_ended scarce 110
is "... nobody is let alone for want of a descriptor" "$(ends scarce | uniq -c | sed 's/^ *//')" "110 status 0 idle"
wait "$alarm_server"
is "ALRM: the server ends when the last of them is idle" "$?" 0
like "... and says so" "$(tail -n 2 "$work/alarm.log")" '^tcpserver: end [0-9]+ status 0 idle$'
done_testing
