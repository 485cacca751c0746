#!/bin/sh
# Limits: how many at once, in all and from one place; what waits, what is refused, and that nothing is lost count of.
. "$(dirname "$0")/../lib.sh"

ask()
{
  peer "$@" 127.0.0.1 "$port"
}

serve two -HRl0 -v -c 2 127.0.0.1 0 sh -c 'echo served; cat > /dev/null'
hold a 127.0.0.1 "$port"
first=$pid
hold b 127.0.0.1 "$port"
wait_for grep -q 'status: 2/2' "$work/two.log"
"$tools/peer" 127.0.0.1 "$port" > "$work/third" &
third=$!
ok "-c 2: the third connection is made, but waits" wait_for connections 3
is "... unserved" "$(cat "$work/third")" ""
stop "$first"
wait "$third"
is "... until another one ends" "$(cat "$work/third")" served
unlike "... and was never refused" "$(cat "$work/two.log")" deny
unlike "... nor ever more than two served" "$(cat "$work/two.log")" 'status: [3-9]'

printf '1\nthe rest is a comment\n' > "$work/limit"
serve file -HRl0 -v -c "$work/limit" 127.0.0.1 0 sh -c 'echo served; cat > /dev/null'
server=$pid
logs "-c file: the first line is the limit" file '^tcpserver: status: 0/1$'
hold c 127.0.0.1 "$port"
wait_for grep -q 'status: 1/1' "$work/file.log"
held=$(sed -n 's/^tcpserver: ok \([0-9]*\) .*/\1/p' "$work/file.log")
"$tools/peer" 127.0.0.1 "$port" > "$work/second" &
second=$!
wait_for connections 2
printf '  3 \n' > "$work/limit"
kill -HUP "$server"
ok "HUP reads a bad file: the limit stays, and the log says why" wait_for grep -q \
  "^tcpserver: warning: unable to read a limit from $work/limit: its first line is not a number" "$work/file.log"
logs_times "... and what it still is" file 'status: 1/1$' 2
printf '3\r\n' > "$work/limit"
kill -HUP "$server"
wait "$second"
is "HUP raises the limit: who waited is served at once" "$(cat "$work/second")" served
rm "$work/limit"
kill -HUP "$server"
ok "HUP with the file gone: kept, and logged" wait_for grep -q "limit: No such file" "$work/file.log"
is "... and serving goes on" "$(ask)" served
before=$(grep -c 'status: 1/1$' "$work/file.log")
printf '1\n' > "$work/limit"
kill -HUP "$server"
ok "HUP lowers the limit; nobody is killed" wait_for has_times file 'status: 1/1$' $((before + 1))
ok "..." kill -0 "$held"
stop "$server"

# With -V each program takes two descriptors: a raised limit on programs must raise that on descriptors, too.
printf '1\n' > "$work/limit"
background more sh -c 'ulimit -Sn 70; exec "$@"' sh tcpserver -1 -HRl0 -V -c "$work/limit" 127.0.0.1 0 \
  sh -c 'echo served; cat > /dev/null'
server=$pid
serve_wait more
printf '300\n' > "$work/limit"
kill -HUP "$server"
wait_for grep -q 'status: 0/300' "$work/more.log"
is "HUP that raises the limit makes room for descriptors, too" \
  "$(awk '/^Max open files/ { print ($4 >= 600) ? "enough" : $4 }' "/proc/$server/limits")" enough
stop "$server"

serve perip -HRl0 -v -C 2 127.0.0.1 0 sh -c 'echo served; cat > /dev/null'
server=$pid
hold d -b 127.0.0.8 127.0.0.1 "$port"
first=$pid
hold e -b 127.0.0.8 127.0.0.1 "$port"
wait_for grep -q 'status: 2/40' "$work/perip.log"
is "-C 2: a third connection from one address is refused" "$(ask -b 127.0.0.8)" ""
logs "... with the limit as the reason" perip '^tcpserver: deny 0 .*:127\.0\.0\.8::[0-9]+ perip 2$'
is "... and one from another address served" "$(ask -b 127.0.0.9)" served
stop "$first"
wait_for sh -c "grep -c '^tcpserver: end' '$work/perip.log' | grep -q 2"
is "... and the first again when one of its own has ended" "$(ask -b 127.0.0.8)" served
stop "$server"

tcprules "$work/cdb" "$work/tmp" << 'R'
127.0.0.2:allow,MAXPERIP="1"
127.0.0.3:allow,MAXCONNIP="1",DIEMSG="421 later"
127.0.0.4:allow,MAXPERIP="5",MAXCONNIP="1"
127.1.1.:allow,MAXCONNC="2"
127.0.0.5:allow,MAXLOAD="0"
127.0.0.6:allow,MAXLOAD="4000000000"
127.0.0.7:allow,MAXPERIP="3"
:allow
R
serve ruled -HRl0 -v -C 2 -x "$work/cdb" 127.0.0.1 0 sh -c 'echo served $MAXPERIP; cat > /dev/null'
server=$pid
for address in 127.0.0.2 127.0.0.3 127.0.0.4; do
  hold "f$address" -b "$address" 127.0.0.1 "$port"
  wait_for grep -q "^tcpserver: ok .*:$address:" "$work/ruled.log"
  ask -b "$address" > "$work/refused"
  logs "a rule's limit counts for the peers it matches: $address" ruled \
    "^tcpserver: deny 0 .*:$address::[0-9]+ perip 1\$"
  [ $address != 127.0.0.3 ] || is "... and DIEMSG goes out with that refusal, too" "$(tr -d '\r' < "$work/refused")" "421 later"
done
hold g1 -b 127.0.0.7 127.0.0.1 "$port"
hold g2 -b 127.0.0.7 127.0.0.1 "$port"
wait_for sh -c "grep -c 'ok .*:127.0.0.7:' '$work/ruled.log' | grep -q 2"
is "a rule's limit may be higher than -C" "$(ask -b 127.0.0.7)" "served 3"
hold h1 -b 127.1.1.1 127.0.0.1 "$port"
hold h2 -b 127.1.1.2 127.0.0.1 "$port"
wait_for grep -q "ok .*:127.1.1.2:" "$work/ruled.log"
is "MAXCONNC counts a /24" "$(ask -b 127.1.1.3)" ""
logs "... with its reason" ruled '^tcpserver: deny 0 .*:127\.1\.1\.3::[0-9]+ pernet 2$'
is "MAXLOAD that can't be reached admits" "$(ask -b 127.0.0.6)" "served"
stop "$server"

# Counts survive every way of ending: an address that may have one at a time gets its turn each time.
serve exact -HRl0 -v -C 1 127.0.0.1 0 sh -c 'read x; [ "$x" != die ] || kill -9 $$; echo served'
server=$pid
over=0
for way in ok die ok reset ok; do
  case $way in
  reset) peer -R 127.0.0.1 "$port" ;;
  *) peer 127.0.0.1 "$port" "$way\\n" > "$work/reply" ;;
  esac
  over=$((over + 1))
  wait_for has_times exact '^tcpserver: end' $over
done
is "no count is lost, however a connection ends" "$(cat "$work/reply")" served
unlike "..." "$(cat "$work/exact.log")" deny
stop "$server"

# One IPv6 host has a /64 of its own: by default it counts as one address.
serve six -HRl0 -v -C 1 ::1 0 sh -c 'echo served; cat > /dev/null'
server=$pid
hold i ::1 "$port"
wait_for grep -q 'status: 1/40' "$work/six.log"
is "-C counts IPv6 peers" "$(peer ::1 "$port")" ""
logs "... and says so" six '^tcpserver: deny 0 .*:\[::1\]::[0-9]+ perip 1$'
done_testing
