#!/bin/sh
# How often clients may come, one address and all together, and at which hours; and that refusals are counted.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-clients.sh"

ask()
{
  peer "$@" 127.0.0.1 "$port"
}

# serving NAME args…: serve; $server
serving()
{
  serve "$@"
  server=$pid
}

# come NAME COUNT FROM…: so many clients at once, until all have what they get
come()
{
  come_name=$1 come_count=$2
  shift 2
  crowd "$come_name" "$come_count" 127.0.0.1 "$port" "$@"
  tell "$come_name" half
  tell "$come_name" read
  wait_for grep -q '^done' "$work/$come_name.out"
}

# what that was
got()
{
  sed -e '/^connected$/d' -e '/ done$/d' -e '/^done$/d' "$work/$1.out" | tr -d '\r'
}

table()
{
  kill -USR1 "$server"
  round_trips "$1"
  grep 'table: refused' "$work/$1.log" | tail -n 1
}

# count ERE NAME EXPECTED
counts()
{
  [ "$(grep -cE -e "$1" "$work/$2.log")" = "$3" ]
}

served='echo "served$MAXRATE"'

# --- -k ------------------------------------------------------------------------------------------------------

serving each -HRl0 -v -k 3/3600 127.0.0.1 0 sh -c "$served"
come five 5 127.0.0.2
is "-k 3/3600: three from one address are served, and no fourth" "$(got five)" '2 nothing
3 served;'
logs "... the reason is the rate" each '^tcpserver: deny 0 0:127\.0\.0\.1:[0-9]+ :127\.0\.0\.2::[0-9]+ rate$'
logs_times "... there was no process for it" each '^tcpserver: pid' 3
is "... while another address is served" "$(ask -b 127.0.0.3)" served
kill -HUP "$server"
round_trips each
is "HUP makes nobody forgotten" "$(ask -b 127.0.0.2)" ''
stop "$server"

tcprules -w "$work/cdb" "$work/tmp" 2> /dev/null <<'R'
127.0.0.2:allow,MAXRATE="2/3600"
127.0.0.3:allow,MAXRATE="5/3600",DIEMSG="421 not so fast"
127.0.0.4:allow,MAXRATE="soon"
127.0.0.5:allow,MAXRATE="1/2:3600"
127.0.0.6:allow,MAXRATE="1/2"
127.0.0.7:deny,MAXRATE="9/1"
:allow
R
serving ruled -HRl0 -v -k 3/3600 -x "$work/cdb" 127.0.0.1 0 sh -c 'echo "${MAXRATE-none}"'
come low 5 127.0.0.2
is "MAXRATE counts instead of -k, if it is less" "$(got low)" '2 2/3600;
3 nothing'
come high 6 127.0.0.3
is "... or more, and DIEMSG goes out with the refusal" "$(got high)" '1 421 not so fast;
5 5/3600;'
is "MAXRATE with junk admits nobody" "$(ask -b 127.0.0.4)" ''
logs "... the reason is the rate" ruled 'deny 0 .*:127\.0\.0\.4::[0-9]+ rate$'
come rest 5 127.0.0.9
is "a rule without it leaves it to -k" "$(got rest)" '3 none;
2 nothing'
# Two that are served one after the other show that time has passed.
come banned 3 127.0.0.5
is "with a ban, one of three is served" "$(got banned)" '1 1/2:3600;
2 nothing'
come tried 2 127.0.0.6
is "... and without one" "$(got tried)" '1 1/2;
1 nothing'
again()
{
  [ "$(ask -b 127.0.0.6)" = 1/2 ]
}
ok "who came too often is served a little later" wait_for again
is "... who is banned is not" "$(ask -b 127.0.0.5)" ''
is "who is denied is not counted" "$(ask -b 127.0.0.7)" ''
like "USR1 tells how many were refused, by reason" "$(table ruled)" \
  '^tcpserver: table: refused [0-9]+: rule 1, rate [0-9]+$'
logs_times "... as many as the log has" ruled '^tcpserver: deny ' \
  "$(sed -n 's/.*table: refused \([0-9]*\):.*/\1/p' "$work/ruled.log" | tail -n 1)"
stop "$server"
serving alone -HRl0 -v -x "$work/cdb" 127.0.0.1 0 sh -c "$served"
come two 4 127.0.0.2
is "MAXRATE needs no -k" "$(got two)" '2 nothing
2 served2/3600;'
come many 9 127.0.0.9
is "... and without it nobody else is refused" "$(got many)" '9 served;'
stop "$server"

# gone_from PORT: nobody listens there
gone_from()
{
  test -z "$(ss -Htnl "sport = :$1")"
}

# --- -K ------------------------------------------------------------------------------------------------------

serving all -HRl0 -v -K 10/1 127.0.0.1 0 sh -c "$served"
come thirty 30 127.0.0.2 127.0.0.3 127.0.0.4
is "-K 10/1: thirty who come at once are all served" "$(got thirty)" '30 served;'
pauses=$(grep -cx 'tcpserver: pause rate 10/1' "$work/all.log")
ok "... after a few pauses, not one for each ($pauses)" test "$pauses" -ge 1 -a "$pauses" -le 5
is "... each of which ends" "$(grep -cx 'tcpserver: resume' "$work/all.log")" "$pauses"
is "... after at least half the rate" "$(awk '/pause/ { if (n && n < 5) few = 1; n = 0 } / ok / { n++ } END { print few + 0 }' "$work/all.log")" 0
stop "$server"

printf '127.0.0.9:deny\n:allow\n' | tcprules "$work/cdb" "$work/tmp"
serving pause -HRl0 -v -K 2/7200 -x "$work/cdb" 127.0.0.1 0 sh -c 'echo served; cat > /dev/null'
come refused 9 127.0.0.9
is "who is refused at once is not counted" "$(got refused)" '9 nothing'
hold a 127.0.0.1 "$port"
hold b 127.0.0.1 "$port"
wait_for counts ' ok ' pause 2
unlike "without anybody waiting nothing pauses" "$(cat "$work/pause.log")" pause
hold c 127.0.0.1 "$port"
logs "when one more comes than -K allows, accepting pauses" pause '^tcpserver: pause rate 2/7200$'
hold d 127.0.0.1 "$port"
ticks()
{
  awk '{ print $14 + $15 }' "/proc/$server/stat"
}
before=$(ticks)
timeout 0.7 tail -f /dev/null
spent=$(($(ticks) - before))
kill -HUP "$server"
round_trips pause
logs_times "... over HUP, too: who waits in the queue is not refused" pause ' ok ' 2
ok "... the listener stays" test -n "$(ss -Htnl "sport = :$port")"
ok "... and waiting is no busy loop ($spent ticks)" test "$spent" -lt 10
is "... there is one line" "$(grep -c pause "$work/pause.log")" 1
like "USR1 counts those that were refused, not those that wait" "$(table pause)" 'table: refused 9: rule 9$'
kill -TERM "$server"
wait "$server"
is "TERM ends a pause" "$?" 0
# Looked at in the end, when the pause would long be over.
serving ending -HRl0 -v -K 1/8 127.0.0.1 0 sh -c 'echo served; cat > /dev/null'
ending=$server
hold last-one 127.0.0.1 "$port"
hold too-many 127.0.0.1 "$port"
logs "accepting pauses once more" ending '^tcpserver: pause rate 1/8$'
kill -ALRM "$ending"
wait_for gone_from "$port"
ending_began=$(date +%s)

serving quiet -HRl0 -K 1/7200 127.0.0.1 0 sh -c "$served"
ask > "$work/reply"
hold e 127.0.0.1 "$port"
round_trips quiet
kill -ALRM "$server"
wait "$server"
is "... and so does ALRM" "$? $(cat "$work/reply")" '0 served'
unlike "without -v there is nothing about it in the log" "$(cat "$work/quiet.log")" 'pause|resume'

# --- hours ---------------------------------------------------------------------------------------------------

# A time zone in which it is past twelve.
hour=$(TZ=UTC0 date +%H)
TZ=XXX$((${hour#0} - 12))
export TZ
tcprules -w "$work/cdb" "$work/tmp" 2> /dev/null <<'R'
127.0.0.2:allow,HOURS="08:00-09:00,11:00-14:00"
127.0.0.3:allow,HOURS="08:00-11:00,14:00-15:00",DIEMSG="come at two"
127.0.0.4:allow,HOURS="23:00-14:00"
127.0.0.5:allow,HOURS="14:00-11:00"
127.0.0.6:allow,HOURS="always"
R
serving hours -HRl0 -v -k 2/3600 -x "$work/cdb" 127.0.0.1 0 sh -c 'echo "$HOURS"'
is "within the hours of its rule a client is served" "$(ask -b 127.0.0.2)" '08:00-09:00,11:00-14:00'
is "... outside it is refused, with DIEMSG" "$(ask -b 127.0.0.3 | tr -d '\r')" 'come at two'
logs "... the reason is the time" hours '^tcpserver: deny 0 .*:127\.0\.0\.3::[0-9]+ time$'
is "hours may go over midnight" "$(ask -b 127.0.0.4) $(ask -b 127.0.0.5)" '23:00-14:00 '
is "hours with junk admit nobody" "$(ask -b 127.0.0.6)" ''
logs "... the reason is the time" hours 'deny 0 .*:127\.0\.0\.6::[0-9]+ time$'
come late 5 127.0.0.3
is "who comes at the wrong time is not counted for his rate" "$(got late)" '5 come at two;'
is "... but among those that were refused" "$(table hours)" 'tcpserver: table: refused 8: time 8'
kill -HUP "$server"
is "... and HUP changes nothing about that" "$(table hours)" 'tcpserver: table: refused 8: time 8'
stop "$server"
unset TZ

# --- when descriptors are short ------------------------------------------------------------------------------

# Opens so many files that the server has 60 left, of 20,000 if there may be so many.
cat > "$work/use-up" <<'P'
use POSIX ();
$^F = 1 << 30;
my $left = shift;
chomp(my $most = `sh -c 'ulimit -n'`);
for (4 .. $most - $left) { defined POSIX::dup(2) or die "dup: $!\n" }
exec @ARGV or die;
P
# shellcheck disable=SC3045
most=$(ulimit -H -n)
[ "$most" != unlimited ] && [ "$most" -lt 20000 ] || most=20000
background scarce sh -c 'ulimit -S -n "$1"; ulimit -H -n "$1"; shift; exec "$@"' sh "$most" perl "$work/use-up" 60 \
  tcpserver -1 -HRl0 -V -c 300 -C 300 -k 300/3600 -K 301/7200 127.0.0.1 0 sh -c 'echo served; cat > /dev/null'
serve_wait scarce
server=$pid
files=$(descriptors)
ok "with $files of $most descriptors in use it serves" test "$files" -gt $((most - 70))
crowd flood 200 127.0.0.1 "$port" 127.0.0.2
logs "what can't be accepted for want of descriptors is said" scarce 'unable to accept a connection: Too many open files'
tell flood half
tell flood read
ok "... and accepted later" wait_for grep -q '^200 served;' "$work/flood.out"
ok "... all descriptors are free again" wait_for has_descriptors "$files"
ok "... all places" table_says scarce '0/300 connections, 0 addresses'
come further 110 127.0.0.2
is "... who could not be accepted was not counted: the address may come as often as -k says, and no more" "$(got further)" '10 nothing
100 served;'
is "... and as many as -K says in all" "$(ask -b 127.0.0.3)" served
hold last -b 127.0.0.4 127.0.0.1 "$port"
logs "... and no more" scarce '^tcpserver: pause rate 301/7200$'
stop "$server"

# --- what was begun above ------------------------------------------------------------------------------------

left=$((ending_began + 10 - $(date +%s)))
[ "$left" -le 0 ] || sleep "$left"
unlike "a pause that ALRM has ended does not go on" "$(cat "$work/ending.log")" resume
stop "$ending"
done_testing
