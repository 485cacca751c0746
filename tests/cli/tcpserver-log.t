#!/bin/sh
# Log lines, to the letter: scripts and log analysers read them.
. "$(dirname "$0")/../lib.sh"

# log NAME: the log with pids and ports made plain. The server's port goes last: a pid may be that
# number, and a peer at another address may be given it.
log()
{
  sed -E "s/^(tcpserver: (pid|ok|end|table: pid)) [0-9]+/\\1 PID/; s/::[0-9]+( |\$)/::N\\1/
    s/\\b$port\\b/PORT/g" "$work/$1.log"
}

serve plain -HRl0 127.0.0.1 0 true
peer 127.0.0.1 "$port"
stop
is "errors only, by default: nothing to say" "$(cat "$work/plain.log")" ""

serve status -HR -v -l local 127.0.0.1 0 sh -c 'echo prog >&2; exit 1'
peer 127.0.0.1 "$port"
wait_for grep -q 'status: 0/40' "$work/status.log"
wait_for grep -q 'end .* status' "$work/status.log"
wait_for sh -c '[ $(grep -c "status: 0/40" "$1") = 2 ]' sh "$work/status.log"
is "-v: status, pid, ok, what prog says, end with the raw wait status, status" "$(log status)" \
  "tcpserver: status: 0/40
tcpserver: status: 1/40
tcpserver: pid PID from 127.0.0.1
tcpserver: ok PID local:127.0.0.1:PORT :127.0.0.1::N
prog
tcpserver: end PID status 256
tcpserver: status: 0/40"
is "all lines name the same process" \
  "$(sed -n -E 's/^tcpserver: (pid|ok|end) ([0-9]+).*/\2/p' "$work/status.log" | sort -u | wc -l | tr -d ' ')" 1
stop

serve signal -HRl0 -v 127.0.0.1 0 sh -c 'kill -9 $$'
peer 127.0.0.1 "$port"
ok "a program that a signal ended: its raw wait status" wait_for grep -q 'end [0-9]* status 9$' "$work/signal.log"
stop

serve six -HRl0 -v 0 0 true
peer ::1 "$port"
wait_for grep -q '^tcpserver: end' "$work/six.log"
like "IPv6 addresses stand in brackets" "$(log six)" '^tcpserver: pid PID from \[::1\]$'
like "... in ok lines too, with the local name" "$(log six)" \
  '^tcpserver: ok PID 0:\[::1\]:PORT :\[::1\]::N$'
stop

tcprules "$work/cdb" "$work/tmp" << 'R'
127.0.0.2:deny
127.0.1.:deny
127.2.0.0/15:deny
127.0.0.3:deny,DIEMSG="go away"
127.0.0.4:allow
127.0.0.5:allow,MAXPERIP="0"
127.0.0.6:allow,MAXCONNC="0"
127.0.0.7:allow,MAXLOAD="0"
:deny
R
serve deny -HRl0 -v -x "$work/cdb" 127.0.0.1 0 true
for source in 127.0.0.2 127.0.1.2 127.3.0.1 127.0.0.3 127.0.0.5 127.0.0.6 127.9.9.9; do
  peer -b "$source" 127.0.0.1 "$port" > /dev/null
done
wait_for grep -q ':127\.9\.9\.9:.* rule :$' "$work/deny.log"
# Other tests' clients come from 127.0.0.1, if one has been given a number that is ours by now.
is "refusals have pid 0 and their reason; no process is made" "$(log deny | grep -v ':127\.0\.0\.1::N ')" "tcpserver: status: 0/40
tcpserver: deny 0 0:127.0.0.1:PORT :127.0.0.2::N rule 127.0.0.2
tcpserver: deny 0 0:127.0.0.1:PORT :127.0.1.2::N rule 127.0.1.
tcpserver: deny 0 0:127.0.0.1:PORT :127.3.0.1::N rule 127.2.0.0/15
tcpserver: deny 0 0:127.0.0.1:PORT :127.0.0.3::N rule 127.0.0.3
tcpserver: deny 0 0:127.0.0.1:PORT :127.0.0.5::N perip 0
tcpserver: deny 0 0:127.0.0.1:PORT :127.0.0.6::N pernet 0
tcpserver: deny 0 0:127.0.0.1:PORT :127.9.9.9::N rule :"
stop

serve missing -HRl0 -v -x "$work/none" 127.0.0.1 0 true
peer 127.0.0.1 "$port"
wait_for grep -q norules "$work/missing.log"
is "rules that can't be read: a warning at the start, then one as ucspi-tcp's, and the refusal" "$(log missing)" \
  "tcpserver: warning: unable to read $work/none: No such file or directory
tcpserver: status: 0/40
tcpserver: warning: dropping connection, unable to read $work/none: No such file or directory
tcpserver: deny 0 0:127.0.0.1:PORT :127.0.0.1::N norules"
stop

serve norun -HRl0 -v 127.0.0.1 0 "$work/no-prog" arg
peer 127.0.0.1 "$port"
wait_for grep -q 'end ' "$work/norun.log"
logs "a program that can't be run is named with the reason" norun \
  "^tcpserver: warning: dropping connection, unable to run $work/no-prog: No such file or directory\$"
like "... its process ends with 111, and is logged as any other" "$(log norun)" '^tcpserver: end PID status 28416$'
stop
serve norun2 -HRl0 127.0.0.1 0 "$work" arg
peer 127.0.0.1 "$port"
ok "... with errors only, too" wait_for grep -q "unable to run $work: Permission denied" "$work/norun2.log"
stop
serve quiet -HRl0 -q 127.0.0.1 0 "$work/no-prog"
peer 127.0.0.1 "$port"
stop
is "-q: not even that" "$(cat "$work/quiet.log")" ""

# -V adds counts and decoded ends; byte counts are the peer's, without TCP's own.
serve detail -HRl0 -V 127.0.0.1 0 sh -c 'cat > /dev/null; printf 123456789; exit 7'
peer 127.0.0.1 "$port" 12345 > /dev/null
wait_for grep -q '^tcpserver: end' "$work/detail.log"
like "-V: the pid line counts the address's connections" "$(log detail)" '^tcpserver: pid PID from 127\.0\.0\.1 connections 1$'
like "-V: the end line tells exit code, seconds, bytes and peer" "$(log detail)" \
  '^tcpserver: end PID status 1792 exit 7 seconds [0-9]+\.[0-9][0-9] in 5 out 9 from 127\.0\.0\.1$'
stop
serve detail2 -HRl0 -V 127.0.0.1 0 sh -c 'head -c 1000000 /dev/zero; read x; kill -15 $$'
peer -k 127.0.0.1 "$port" 'x\n' > "$work/megabyte" 
is "-V: a large reply arrives whole" "$(wc -c < "$work/megabyte" | tr -d ' ')" 1000000
wait_for grep -q '^tcpserver: end' "$work/detail2.log"
like "-V: the end line names the signal, and counts a large reply" "$(log detail2)" \
  '^tcpserver: end PID status 15 signal 15 seconds [0-9.]+ in 2 out 1000000 from 127\.0\.0\.1$'
stop

# How a connection ended makes no difference to the counts, though the kernel counts either side's FIN as an octet.
counted()
{
  wait_for grep -q '^tcpserver: end' "$work/$1.log"
  sed -n 's/^tcpserver: end .* \(in [0-9]* out [0-9]*\) from .*/\1/p' "$work/$1.log"
}
serve first -HRl0 -V 127.0.0.1 0 perl -e '1 while sysread(STDIN, my $b, 100); syswrite(STDOUT, "four"); shutdown(STDOUT, 1);
  until (unpack("C", getsockopt(STDIN, 6, 11)) == 7) { }' # till TCP_INFO says that it is closed
peer 127.0.0.1 "$port" hello > /dev/null
is "-V: the client has closed first, then the program" "$(counted first)" "in 5 out 4"
stop
serve second -HRl0 -V 127.0.0.1 0 perl -e 'sysread(STDIN, my $b, 5); syswrite(STDOUT, "four"); shutdown(STDOUT, 1);
  1 while sysread(STDIN, $b, 100)'
peer -k 127.0.0.1 "$port" hello > /dev/null
is "... the program has closed first" "$(counted second)" "in 5 out 4"
stop
serve upset -HRl0 -V 127.0.0.1 0 perl -e 'sysread(STDIN, my $b, 5); syswrite(STDOUT, "four"); 1 while sysread(STDIN, $b, 9)'
server=$pid
background resetting perl "$root/tests/cli/tcpserver-idle.pl" 127.0.0.1 "$port" send:hello take:4 "await:$work/told" reset
wait_for grep -q ' ok ' "$work/upset.log"
kill -HUP "$server"
wait_for sh -c '[ "$(grep -c "status: 1/" "$1")" = 2 ]' sh "$work/upset.log"
: > "$work/told"
is "... it was reset, and there was a HUP in between" "$(counted upset)" "in 5 out 4"
like "... which changes nothing else" "$(cat "$work/upset.log")" \
  '^tcpserver: end [0-9]+ status 0 exit 0 seconds [0-9.]+ in 5 out 4 from 127\.0\.0\.1$'
stop "$server"
serve full -HRl0 -V 127.0.0.1 0 perl -e 'use Fcntl; my ($n, $all); fcntl(STDOUT, F_SETFL, O_NONBLOCK);
  $all += $n while $n = syswrite(STDOUT, "x" x 10000); shutdown(STDOUT, 1); print STDERR "wrote $all\n"'
hold deaf 127.0.0.1 "$port"
is "... it has closed, and nobody has read that" "$(counted full)" "in 0 out $(sed -n 's/^wrote //p' "$work/full.log")"
stop

# Fields that somebody else chose are cleaned; the local name is the administrator's, and cleaned all the same.
serve dirty -HR -v -l "a%b:c d$(printf '\033')é$(printf '%0120d' 0)" 127.0.0.1 0 true
peer 127.0.0.1 "$port"
wait_for grep -q '^tcpserver: end' "$work/dirty.log"
like "fields are cleaned and cut at 100 bytes" "$(log dirty)" \
  '^tcpserver: ok PID a\?b\?c\?d\?\?\?0{90}\.\.\.:127\.0\.0\.1:PORT :127\.0\.0\.1::N$'
stop

# A program may make the log nonblocking for everybody: a reader that is slow for a moment loses no line. It is a moment from
# when there is no room any more.
mkfifo "$work/slow"
perl -MIO::Poll=POLLOUT -e 'open(my $log, "+<", $ARGV[0]) or die; my $p = IO::Poll->new; $p->mask($log => POLLOUT); $| = 1;
  select(undef, undef, undef, 0.01) while $p->poll(0); select(undef, undef, undef, 0.2); print while <$log>' "$work/slow" > "$work/slow.read" &
reader=$!
tcpserver -1 -HRl0 -v 127.0.0.1 0 perl -e 'use Fcntl; fcntl(STDERR, F_SETFL, O_WRONLY | O_NONBLOCK);
  syswrite(STDERR, "x" x 1000 . "\n") for 1 .. 70' > "$work/slow.out" 2> "$work/slow" &
pid=$!
started="$started $pid $reader"
wait_for test -s "$work/slow.out"
port=$(cat "$work/slow.out")
peer 127.0.0.1 "$port"
ok "a log that is nonblocking and full for a moment loses no line" wait_for grep -q '^tcpserver: end ' "$work/slow.read"
stop

mkfifo "$work/pipe"
sh -c 'head -n 1 > /dev/null' < "$work/pipe" &
reader=$!
tcpserver -1 -HRl0 -v 127.0.0.1 0 echo served > "$work/broken.out" 2> "$work/pipe" &
pid=$!
started="$started $pid"
wait_for test -s "$work/broken.out"
port=$(cat "$work/broken.out")
wait "$reader"
is "a log that nobody reads any more stops no service" "$(peer 127.0.0.1 "$port") $(peer 127.0.0.1 "$port")" \
  "served served"
# Something happens all the time, nothing of which is for the log: a tcplookup answers hundreds of pings that it was not sent,
# of which tcpserver takes one at a time. It looks at the log itself while some are left, and says so as soon as the line is
# there, or is missing though half of them were taken; when it came too late for both, or there are too few, "late".
cat > "$work/flood" << 'P'
#!/usr/bin/perl
use strict;
use Socket qw(:all);
use constant SIOCOUTQ => 0x5411;
my ($folder, $server, $try) = ($ENV{FLOOD}, getppid, 0);
open(my $s, '+<&=', 0) or die;
setsockopt($s, SOL_SOCKET, SO_SNDBUF, 400000);
sub left { my $n = pack('i', 0); ioctl($s, SIOCOUTQ, $n) or die; return unpack('i', $n) }
sub lines { open(my $log, '<', "$folder/busy.log") or die; return scalar grep { / deny / } <$log> }
sub said { open(my $f, '>', "$folder/said.new") or die; print $f "$_[0]\n"; close $f; rename("$folder/said.new", "$folder/said$try") }
while (1) {
  $try++;
  until (-e "$folder/fill$try") { exit if getppid != $server; select(undef, undef, undef, 0.01) }
  my $pings = 0;
  $pings++ while send($s, pack('SSL', 7, 0, 0), MSG_NOSIGNAL | MSG_DONTWAIT);
  my ($before, $all) = (lines(), left());
  said('full');
  my ($then, $now, $there);
  do { $then = left(); $there = lines() > $before; $now = left() } until $there || $then < $all / 2;
  said($now == 0 || $pings < 200 ? 'late' : $there ? 'there' : 'missing');
}
P
own_helper tcpserver "$work/flood"
FLOOD=$work
export FLOOD
printf '127.:deny\n' | tcprules "$work/busy.cdb" "$work/busy.tmp"
serve busy -v -R -l0 -x "$work/busy.cdb" 127.0.0.1 0 true
try=0
said=late
while [ "$said" = late ] && [ "$try" -lt 20 ]; do
  try=$((try + 1))
  kill -STOP "$pid"
  : > "$work/fill$try"
  wait_for test -e "$work/said$try"
  "$tools/peer" 127.0.0.1 "$port" &
  client=$!
  wait_for connections 1
  rm "$work/said$try"
  kill -CONT "$pid"
  wait "$client"
  wait_for test -e "$work/said$try"
  said=$(cat "$work/said$try")
done
unlike "lines are written though there is always something else to do" "$said" missing
stop

done_testing
