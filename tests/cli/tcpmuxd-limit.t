#!/bin/sh
# A service's limit: counted across all tcpmuxd processes, given back by the kernel however the service ends.
. "$(dirname "$0")/../lib.sh"
need perl perl

mux=$COMMAND_DIR/tcpmuxd
client="perl $root/tests/cli/tcpmuxd-client.pl"
services=$work/services
hold=$services/hold
mkdir "$services" "$hold"
# Prints its process number, then stays until the client closes.
printf '#!/bin/sh\necho $$\nexec cat\n' > "$hold/run"
chmod +x "$hold/run"
lines() { tr -d '\r' | tr '\n' '|'; }
serve mux -HRl0 -c 100 127.0.0.1 0 "$mux" -v "$services"

# held NAME: a client in the background that has the service until $work/NAME.stop exists; its pid in $service
held()
{
  background "$1" $client "tcp:$port" 'send:hold\r\n' line line "until:$work/$1.stop" shut eof
  wait_for grep -q '^[0-9]' "$work/$1.out" || diag "$1 did not start: $(cat "$work/$1.out")"
  service=$(sed -n 2p "$work/$1.out")
}
released() { : > "$work/$1.stop"; }
shown() { sed "s/^[0-9][0-9]*\$/served/" | lines; }
ask_over_tcp() { $client "tcp:$port" 'send:hold\r\n' shut eof | shown; }
# Over a pipe, because the shell waits until the process has ended, and with it the lock.
ask() { printf 'hold\r\n' | "$mux" -v "$services" 2>> "$work/ask.log" | shown; }
served() { [ "$(ask)" = '+|served|' ]; }

echo 1 > "$hold/limit"
held a
is "one more than the limit is refused" "$(ask_over_tcp)" '-service busy, try later|'
logs "the reason is logged" mux '^tcpmuxd: deny [0-9]+ hold from 127\.0\.0\.1 limit 1$'
is "a tcpmuxd of another server counts too" "$(ask)" '-service busy, try later|'
printf 'hold\r\n' | "$mux" "$services" > "$work/out"
is "its exit status is 100" $? 100
is "a service that is busy is still in HELP" "$(printf 'help\r\n' | "$mux" "$services" | lines)" 'hold|'
released a
ok "a service that has ended gives its place back" wait_for served
held b
kill -KILL "$service"
ok "a service that was killed with SIGKILL gives its place back" wait_for served
held c
echo 2 > "$hold/limit"
is "a larger limit counts at once" "$(ask)" '+|served|'
for i in 1 2 3 4 5 6; do ask; done > "$work/several"
is "the one place that is free is found every time" "$(cat "$work/several")" \
  "+|served|+|served|+|served|+|served|+|served|+|served|"
held d
is "... and is kept" "$(ask)" '-service busy, try later|'
released c
released d
ok "both places come back" wait_for served

# A service that goes into the background keeps its place until the last of it has gone.
# (Of the two above one may still be about to end.)
echo 1 > "$hold/limit"
wait_for served
printf '#!/bin/sh\n(until test -e %s; do sleep 0.02; done) > /dev/null &\necho $$\n' "$work/background.stop" > "$hold/run"
is "a service may leave a process behind" "$(ask)" '+|served|'
is "... which holds the place" "$(ask)" '-service busy, try later|'
: > "$work/background.stop"
ok "... until it ends" wait_for served

printf '#!/bin/sh\necho $$\nexec cat\n' > "$hold/run"

# All but one of 300 places are taken, by somebody who is no service: the one that is left is found, and only that.
echo 300 > "$hold/limit"
background others perl -e 'use Fcntl; open(my $f, "+<", $ARGV[0]) or die; $| = 1;
  for ([0, 150], [151, 149]) { fcntl($f, F_SETLK, pack("s s x4 q q l x4", F_WRLCK, 0, @$_, 0)) or die "lock: $!" }
  print "held\n"; sleep 60' "$hold/limit"
others=$pid
wait_for test -s "$work/others.out" || diag "$(cat "$work/others.log")"
is "the last free place of 300 is found, time after time" "$(ask; ask; ask)" "+|served|+|served|+|served|"
held last
is "... and when it is taken too, the service is busy" "$(ask)" "-service busy, try later|"
released last
stop "$others"

# Exactly n of many that come at once.
echo 5 > "$hold/limit"
ok "all places are free again" wait_for served
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
  background "crowd$i" $client "tcp:$port" 'send:hold\r\n' line line "until:$work/crowd.stop" shut eof
done
answered() { [ "$(cat "$work"/crowd*.out | grep -Ec '^-|^[0-9]')" = 12 ]; }
ok "twelve clients at once all get an answer" wait_for answered
is "five of them are served" "$(cat "$work"/crowd*.out | grep -c '^+')" 5
: > "$work/crowd.stop"
ok "places come back" wait_for served

printf '#!/bin/sh\nexec ls /proc/self/fd\n' > "$hold/run"
is "the service has the place's descriptor, 10 or the next that is free" \
  "$(perl -e 'use POSIX; POSIX::close($_) for 3..300; exec @ARGV' sh -c "printf 'hold\\r\\n' | '$mux' '$services'" | lines)" \
  '+|0|1|10|2|3|'
rm "$hold/limit"
is "without a limit it has none" \
  "$(perl -e 'use POSIX; POSIX::close($_) for 3..300; exec @ARGV' sh -c "printf 'hold\\r\\n' | '$mux' '$services'" | lines)" \
  '+|0|1|2|3|'

# What is no number from 1 to 65535 refuses everybody.
printf '#!/bin/sh\necho $$\n' > "$hold/run"
for limit in '' 0 -1 +1 65536 99999999999999999999 1x x 0x10 ' 1' '1 ' 1.5; do
  echo "$limit" > "$hold/limit"
  is "a limit of '$limit' refuses" "$(ask)" '-service not available|'
done
ok "the reason is logged" grep -q '^tcpmuxd: deny [0-9]* hold from unknown limit unusable$' "$work/ask.log"
logs "... and explained" ask '^tcpmuxd: warning: service hold: limit: its first line must be a number from 1 to 65535$'
: > "$hold/limit"
is "an empty limit refuses" "$(ask)" '-service not available|'
printf '1\0' > "$hold/limit"
is "a limit with NUL after it is a number still" "$(ask)" '+|served|'
head -c 100000 /dev/zero | tr '\0' 1 > "$hold/limit"
is "a huge limit file refuses" "$(ask)" '-service not available|'
for limit in 1 65535 007; do
  printf '%s' "$limit" > "$hold/limit"
  is "a limit of '$limit', without a newline, serves" "$(ask)" '+|served|'
done
printf '3\nper department\n' > "$hold/limit"
is "only the first line counts" "$(ask)" '+|served|'
rm "$hold/limit"
for kind in fifo directory dangling socket; do
  case $kind in
    fifo) mkfifo "$hold/limit" ;;
    directory) mkdir "$hold/limit" ;;
    dangling) ln -s nowhere "$hold/limit" ;;
    socket) perl -MIO::Socket::UNIX -e 'chdir shift; IO::Socket::UNIX->new(Local => "limit", Listen => 1) or die' "$hold" ;;
  esac
  is "a limit that is a $kind refuses" "$(ask)" '-service not available|'
  rm -r "$hold/limit"
done
echo 1 > "$work/limit"
ln -s "$work/limit" "$hold/limit"
is "a limit may be a link to a file" "$(ask)" '+|served|'
is "too few descriptors for a place refuse" \
  "$(ulimit -n 10; printf 'hold\r\n' | "$mux" -q "$services" | lines)" '-service not available|'
done_testing
