#!/bin/sh
# connections that wait for names and ident: what they cost, in which order they go on, and what ends them
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-names.sh"
need pgrep procps
ulimit -S -n 4096 2> /dev/null
show='echo "${TCPREMOTEHOST-none} ${TCPREMOTEINFO-none}"'

# --- a thousand of them ------------------------------------------------------------------------------------

behave <<'TABLE'
127.0.0.2 hold
127.0.0.3 answer host=known.example info=joe
TABLE
serving many -v -c 1 127.0.0.1 0 sh -c "$show"
peer -b 127.0.0.3 127.0.0.1 "$port" > "$work/out"
settled many
before=$(descriptors)
crowd thousand 1000 127.0.0.1 "$port" 127.0.0.2
ok "a thousand connections wait for their answers at once" wait_asked 1000 '^peer 127\.0\.0\.2 '
is "... and there is no process for any of them" "$(pgrep -P "$server" | wc -l)" 1
is "... each costs a descriptor and no other" "$(descriptors)" "$((before + 1000))"
is "... and none of them a place under -c: who is known is served meanwhile" \
  "$(peer -b 127.0.0.3 127.0.0.1 "$port")" 'known.example joe'
is "... and it is he alone whom the log knows of" "$(grep -c 'from 127\.0\.0\.2' "$work/many.log")" 0
tell thousand reset
ok "they are reset: their descriptors are free" wait_for has_descriptors "$before"
ok "... and their questions cancelled" wait_asked 1000 '^cancel 127\.0\.0\.2$'
is "... and service goes on" "$(peer -b 127.0.0.3 127.0.0.1 "$port")" 'known.example joe'
is "... with the same helper" "$(questions '^start')" 1
stop "$server"

# --- -C and -w ---------------------------------------------------------------------------------------------

serving counted -v -C 3 127.0.0.1 0 sh -c "$show"
crowd three 3 127.0.0.1 "$port" 127.0.0.2
wait_asked 3 '^peer'
peer -b 127.0.0.2 127.0.0.1 "$port" > "$work/out"
logs "-C counts those that wait" counted 'deny 0 .*127\.0\.0\.2::[0-9]+ perip 3$'
is "... and nobody is asked for one more" "$(questions '^peer')" 3
is "... while other addresses are served" "$(peer -b 127.0.0.3 127.0.0.1 "$port")" 'known.example joe'
tell three 'reset 1'
wait_asked 1 '^cancel'
crowd fourth 1 127.0.0.1 "$port" 127.0.0.2
ok "... and no more once they have gone" wait_asked 4 '^peer 127\.0\.0\.2'
stop "$server"

behave <<'TABLE'
127.0.0.2 hold
127.0.0.4 later host=late.example
127.0.0.3 answer host=known.example info=joe
TABLE
serving bounded -v -w 3 127.0.0.1 0 sh -c "$show"
crowd room 3 127.0.0.1 "$port" 127.0.0.2 127.0.0.4
wait_asked 3 '^peer'
crowd outside 2 127.0.0.1 "$port" 127.0.0.3
round_trips bounded
is "with -w 3 nobody is taken while three wait" "$(questions '^peer')" 3
tell outside half
tell room 'reset 0'
tell outside read
ok "... and everybody once one of them has gone" wait_for grep -q '^done' "$work/outside.out"
is "... in turn" "$(grep known "$work/outside.out")" '2 known.example joe;'
crowd full 1 127.0.0.1 "$port" 127.0.0.2
wait_asked 3 '^peer 127\.0\.0\.2'
crowd again 1 127.0.0.1 "$port" 127.0.0.3
round_trips bounded
is "... and again nobody" "$(questions '^peer')" 6
release forward
tell again read
ok "... until one of them has his answer" wait_for grep -q 'known' "$work/again.out"
logs "the log tells that as many wait as may" bounded '^tcpserver: warning: unable to accept connections: 3 wait for names already$'
stop "$server"
# The default is 4000 or more; what ends it can't be -c.
serving derived -c 1 127.0.0.1 0 sh -c "$show"
ok "without -w the helper is told to hold thousands" wait_asked 1 '^start .* -w 4000$'
stop "$server"

: > "$NAMES_FOLDER/asked"
background scarce sh -c 'ulimit -n 200; exec tcpserver -1 -v -c 10 "$@"' sh 127.0.0.1 0 sh -c "$show"
serve_wait scarce
server=$pid
crowd flood 300 127.0.0.1 "$port" 127.0.0.2
logs "where only 200 descriptors may be open, the log tells that as many wait as may" scarce \
  'unable to accept connections: [0-9]+ wait for names already$'
waiting=$(sed -n 's/.*unable to accept connections: \([0-9]*\) wait.*/\1/p' "$work/scarce.log")
ok "... fewer" test "$waiting" -ge 100 -a "$waiting" -le 150
ok "... for whom there are questions" wait_asked "$waiting" '^peer'
round_trips scarce
is "... and for nobody else" "$(questions '^peer')" "$waiting"
unlike "... and no descriptor is missed" "$(cat "$work/scarce.log")" 'Too many open files'
for n in 1 2 3 4 5 6 7 8 9; do
  tell flood "reset $n"
done
wait_asked $((waiting + 9)) '^peer'
logs_times "... the log does not tell it again and again" scarce 'unable to accept' 1
tell flood reset
wait_asked "$(questions '^peer')" '^cancel'
is "... then there is room again" "$(peer -b 127.0.0.3 127.0.0.1 "$port")" 'known.example joe'
stop "$server"

# --- peers that go, wholly or by half ----------------------------------------------------------------------

behave <<'TABLE'
* later host=late.example
TABLE
serving half -v 127.0.0.1 0 sh -c "$show"
crowd both 2 127.0.0.1 "$port" 127.0.0.2 127.0.0.3
wait_asked 2 '^peer'
before=$(descriptors)
tell both 'half 0'
tell both 'reset 1'
ok "a peer that resets is cancelled" wait_asked 1 '^cancel 127\.0\.0\.3$'
ok "... and let go" wait_for has_descriptors "$((before - 1))"
round_trips half
is "one that has closed for writing is neither" "$(questions '^cancel 127\.0\.0\.2')" 0
release forward
tell both read
ok "... and is served" wait_for grep -q '^1 late.example none;$' "$work/both.out"
logs_times "... he alone" half ' ok ' 1
stop "$server"

# --- the order ---------------------------------------------------------------------------------------------

# A program that notes its turn and then serves until it is told to end.
turns='echo "$TCPREMOTEIP" >> "$work/turns"; while [ -d "$work" ] && [ ! -e "$work/turn.$order.$TCPREMOTEIP" ]; do sleep 0.01; done'
export work order
# order NAME first…: three wait, the answers come forward or in reverse, and one place is free at a time
for order in forward reverse; do
  rm -f "$work/turns"
  serving "order.$order" -v -c 1 127.0.0.1 0 sh -c "$turns"
  crowd "in.$order" 4 127.0.0.1 "$port" 127.0.0.11 127.0.0.12 127.0.0.13 127.0.0.14
  wait_asked 4 '^peer'
  release "$order"
  wait_for test -s "$work/turns"
  # It is taken away a little later than answers are there, and there will be another one.
  wait_for test ! -e "$NAMES_FOLDER/release"
  round_trips "order.$order"
  is "with -c 1 one of four that are answered is served ($order)" "$(wc -l < "$work/turns")" 1
  crowd "new.$order" 1 127.0.0.1 "$port" 127.0.0.15
  round_trips "order.$order"
  is "... and nobody new is taken" "$(questions '^peer')" 4
  for n in 11 12 13 14; do : > "$work/turn.$order.127.0.0.$n"; done
  wait_asked 5 '^peer'
  release forward
  wait_for sh -c "[ \$(wc -l < '$work/turns') = 5 ]"
  expected='11 12 13 14 15'
  [ "$order" = forward ] || expected='14 13 12 11 15'
  is "... the others in the order of their answers" "$(sed 's/.*\.//' "$work/turns" | tr '\n' ' ')" "$expected "
  is "... never two at once" "$(grep -c 'status: [2-9]/' "$work/order.$order.log")" 0
  : > "$work/turn.$order.127.0.0.15"
  stop "$server"
done

rm -f "$work/turns"
order=ready
tcprules "$work/cdb" "$work/tmp" <<'RULES'
=bad.example:deny
RULES
behave <<'TABLE'
127.0.0.11 answer host=good.example
127.0.0.14 later host=bad.example
* later host=good.example
TABLE
serving ready -v -c 1 -x "$work/cdb" 127.0.0.1 0 sh -c "$turns"
crowd ready 3 127.0.0.1 "$port" 127.0.0.12 127.0.0.13 127.0.0.14
wait_asked 3 '^peer'
crowd first 1 127.0.0.1 "$port" 127.0.0.11
wait_for test -s "$work/turns"
release forward
logs "who is refused by name is refused although all places are taken" ready 'deny 0 .* bad\.example:.* rule =bad\.example$'
round_trips ready
before=$(descriptors)
tell ready 'reset 0'
ok "who is admitted and waits for a place is let go when he resets" wait_for has_descriptors "$((before - 1))"
for n in 11 13; do : > "$work/turn.$order.127.0.0.$n"; done
logs "... and the next one is served instead" ready ' ok .*good\.example:127\.0\.0\.13:'
logs_times "... and nobody else" ready ' ok ' 2
: > "$work/turn.$order.127.0.0.12"
stop "$server"

# --- signals -----------------------------------------------------------------------------------------------

behave <<'TABLE'
* later host=late.example
TABLE
tcprules "$work/cdb" "$work/tmp" < /dev/null
serving signals -v -x "$work/cdb" 127.0.0.1 0 sh -c "$show"
crowd waits 2 127.0.0.1 "$port" 127.0.0.2 127.0.0.3
wait_asked 2 '^peer'
wait_for sh -c "kill -USR1 $server; grep -q table: '$work/signals.log'"
like "USR1: the table has programs only, and the number that wait" "$(cat "$work/signals.log")" 'table: 0/40 connections, 2 addresses, 2 waiting$'
unlike "... and no process" "$(cat "$work/signals.log")" 'table: pid'
echo '127.0.0.3:deny' | tcprules "$work/cdb" "$work/tmp"
kill -HUP "$server"
wait_for sh -c "[ \$(grep -c 'status: 0/40' '$work/signals.log') = 2 ]"
is "HUP leaves those that wait alone" "$(questions '^cancel')" 0
release forward
tell waits read
wait_for grep -q '^done' "$work/waits.out"
is "... and the rules that were read again hold for them" "$(grep '^[0-9]' "$work/waits.out" | tr '\n' ' ')" "1 late.example none; 1 nothing "
logs "... which the log tells" signals 'deny 0 .*late\.example:127\.0\.0\.3:.* rule 127\.0\.0\.3$'
crowd last 2 127.0.0.1 "$port" 127.0.0.2
wait_asked 4 '^peer'
kill -ALRM "$server"
ok "ALRM: nobody new is taken" wait_for sh -c "'$tools/peer' 127.0.0.1 $port | grep -q refused"
ok "... the server stays for those that wait" kill -0 "$server"
release forward
tell last read
wait_for grep -q '^done' "$work/last.out"
is "... they are served" "$(grep '^[0-9]' "$work/last.out")" '2 late.example none;'
wait "$server"
is "... and then it exits 0" "$?" 0

serving dropped -v 127.0.0.1 0 sh -c "$show"
crowd alarmed 1 127.0.0.1 "$port" 127.0.0.2
wait_asked 1 '^peer'
kill -ALRM "$server"
tell alarmed reset
wait "$server"
is "ALRM: it also exits when the last one that waits goes" "$?" 0

serving term -v 127.0.0.1 0 sh -c "$show"
crowd lost 2 127.0.0.1 "$port" 127.0.0.2
wait_asked 2 '^peer'
helper=$(helpers)
kill -TERM "$server"
wait "$server"
is "TERM: it exits 0 at once, whoever waits" "$?" 0
tell lost read
ok "... their connections end" wait_for grep -q '^2 nothing$' "$work/lost.out"
ok "... and the helper does" wait_for ended "$helper"

# --- what programs and helpers inherit ---------------------------------------------------------------------

behave <<'TABLE'
127.0.0.3 answer
127.0.0.5 die
* hold
TABLE
serving clean -v 127.0.0.1 0 ls /proc/self/fd
crowd others 20 127.0.0.1 "$port" 127.0.0.2
wait_asked 20 '^peer'
# ls itself has the folder open as the next descriptor.
is "a program gets its connection and the log, nothing of those that wait" \
  "$(peer -b 127.0.0.3 127.0.0.1 "$port" | tr '\n' ' ')" '0 1 2 3 '
before=$(descriptors)
sockets()
{
  find "/proc/$1/fd" -type l -exec readlink '{}' + | grep -c '^socket:'
}
is "so does a helper its socket" "$(sockets "$(helpers)")" 2
# The one before it may be waited for a little later.
is_alone()
{
  [ "$(helpers | wc -l)" = 1 ]
}
tell others reset
wait_asked 20 '^cancel'
peer -b 127.0.0.5 127.0.0.1 "$port" > "$work/out"
crowd later 20 127.0.0.1 "$port" 127.0.0.2
wait_asked 2 '^start'
wait_for is_alone
is "... also one that is started while connections are open" "$(sockets "$(helpers)")" 2
stop "$server"
done_testing
