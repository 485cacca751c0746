#!/bin/sh
# tcpclient: how a connection is made, and what it says when none can be.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpclient.sh"

# seconds COMMAND…: runs it, sets $tenths to how many tenths of a second it took
seconds()
{
  seconds_from=$(cut -d ' ' -f 1 /proc/uptime | tr -d .)
  "$@"
  seconds_to=$(cut -d ' ' -f 1 /proc/uptime | tr -d .)
  tenths=$(((seconds_to - seconds_from) / 10))
}

# A listener whose queue is full drops whoever knocks: an address that never answers.
listen hole -b 0 refuse
hole=$port
# The first of them fills the queue; the other is in the black hole already.
for filler in 1 2; do
  background "filler$filler" tcpclient -RHl0 -T 60 127.0.0.1 "$hole" sleep 60
done
wait_for sh -c 'tcpclient -qT 1 127.0.0.1 "$1" true; [ $? = 111 ]' x "$hole"

seconds exits 'an address that never answers: given up after x seconds' 111 tcpclient -RHl0 -T 1 127.0.0.1 "$hole" true
is 'and reported' "$(err)" "tcpclient: unable to connect to 127.0.0.1 port $hole: Connection timed out"
ok '-T 1: one second, not much more' [ "$tenths" -ge 9 -a "$tenths" -lt 200 ]
seconds exits '-T 1+1 tries once more' 111 tcpclient -RHl0 -T 1+1 127.0.0.1 "$hole" true
is 'and reports it once' "$(err)" "tcpclient: unable to connect to 127.0.0.1 port $hole: Connection timed out"
ok '-T 1+1: two seconds, not much more' [ "$tenths" -ge 19 -a "$tenths" -lt 200 ]
seconds exits '-T 0+1 makes the second try only' 111 tcpclient -RHl0 -T 0+1 127.0.0.1 "$hole" true
ok '-T 0+1: one second' [ "$tenths" -ge 9 -a "$tenths" -lt 200 ]

# Connections that are waiting when the queue gets room are made.
cat > "$work/second.pl" << 'EOF'
use strict; use warnings; use IO::Socket::IP;
my $l = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0, Proto => 'tcp') or die;
listen $l, 0 or die;
my $first = IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => $l->sockport) or die;
$| = 1;
print $l->sockport, "\n";
select undef, undef, undef, 0.01 until -e $ARGV[0];
my $c = $l->accept;
while (my $d = $l->accept) { syswrite $d, "hello\n" }
EOF
background second perl "$work/second.pl" "$work/go"
serve_wait second
background waiting tcpclient -RHl0 -T 1+30 127.0.0.1 "$port" sh -c 'cat <&6'
waiting=$pid
touch "$work/go"
wait "$waiting"
is 'what was full at first is reached when there is room again' "$(cat "$work/waiting.out")" hello

seconds exits 'a refused connection is not waited for' 111 tcpclient -RHl0 -T 30 127.0.0.1 1 true
is 'one line says so' "$(err)" 'tcpclient: unable to connect to 127.0.0.1 port 1: Connection refused'
ok 'at once' [ "$tenths" -lt 200 ]

# --- IPv6 -----------------------------------------------------------------------------------------------
listen six -6 send=six
six=$port
exits 'an IPv6 address' 0 tcpclient -RHl0 -v ::1 "$six" sh -c 'cat <&6'
is 'is connected to' "$(cat "$work/out")" six
is 'and reported without brackets, as ucspi-tcp6 does' "$(err)" "tcpclient: connected to ::1 port $six"
exits 'brackets are allowed' 0 tcpclient -RHl0 '[::1]' "$six" true
exits 'any spelling is allowed' 0 tcpclient -RHl0 0:0::0001 "$six" true
exits '-6 makes 0 the IPv6 loopback address' 0 tcpclient -RHl0 -6 0 "$six" true
exits 'so does a local IPv6 address' 0 tcpclient -RHl0 -i ::1 0 "$six" true
got=$(env TCP6REMOTEHOST=stale tcpclient -RHl0 -l here ::1 "$six" env | grep -E '^(PROTO|TCP)' | sort |
  sed 's/\(LOCALPORT=\)[1-9][0-9]*$/\1n/')
is 'for IPv6 the program finds PROTO=TCP6, TCP* and TCP6*' "$got" "PROTO=TCP6
TCP6LOCALHOST=here
TCP6LOCALIP=::1
TCP6LOCALPORT=n
TCP6REMOTEIP=::1
TCP6REMOTEPORT=$six
TCPLOCALHOST=here
TCPLOCALIP=::1
TCPLOCALPORT=n
TCPREMOTEIP=::1
TCPREMOTEPORT=$six"
exits 'a mapped IPv4 address is an IPv4 address' 111 tcpclient -RHl0 ::ffff:127.0.0.1 1 true
is 'in messages, too' "$(err)" 'tcpclient: unable to connect to 127.0.0.1 port 1: Connection refused'

# --- the local end --------------------------------------------------------------------------------------
listen from from
exits '-i sets the local address' 0 tcpclient -RHl0 -i 127.0.0.9 127.0.0.1 "$port" true
wait_for grep -q from "$work/from.log"
like 'which the peer sees' "$(cat "$work/from.log")" '^from 127.0.0.9 '
exits '-i with an address that is not here is fatal' 111 tcpclient -RHl0 -i 192.0.2.1 127.0.0.1 "$port" true
like 'and named' "$(err)" '^tcpclient: fatal: unable to bind to 192.0.2.1 port 0: '
# A port that was free a moment ago, outside of what the system picks from by itself.
free=$(perl -MIO::Socket::IP -e 'for (1 .. 500) { my $p = 20000 + int rand 10000;
  if (IO::Socket::IP->new(LocalHost => "127.0.0.9", LocalPort => $p, Listen => 1)) { print $p; last } }')
: > "$work/from.log"
exits '-p sets the local port' 0 tcpclient -RHl0 -i 127.0.0.9 -p "$free" 127.0.0.1 "$port" true
wait_for grep -q from "$work/from.log"
is 'which the peer sees' "$(cat "$work/from.log")" "from 127.0.0.9 $free"
listen other hold
exits 'the port of a connection that has just ended can be used again' 0 \
  tcpclient -RHl0 -i 127.0.0.9 -p "$free" 127.0.0.1 "$port" true
listen another hold
exits 'for another peer' 0 tcpclient -RHl0 -i 127.0.0.9 -p "$free" 127.0.0.1 "$port" true
exits '-p with a port in use is fatal' 111 tcpclient -RHl0 -i 127.0.0.1 -p "$six" -p "$hole" 127.0.0.1 "$port" true
like 'and named' "$(err)" "^tcpclient: fatal: unable to bind to 127.0.0.1 port $hole: Address already in use"
exits '-p alone with a port in use is fatal' 111 tcpclient -RHl0 -p "$hole" 127.0.0.1 "$port" true
like 'and named alone' "$(err)" "^tcpclient: fatal: unable to bind to port $hole: "

# TCP lets a socket connect to itself when it happens to have the port it asks for.
exits 'a connection to itself is no connection' 111 tcpclient -RHl0 -i 127.0.0.1 -p "$free" 127.0.0.1 "$free" true
is 'but a refused one' "$(err)" "tcpclient: unable to connect to 127.0.0.1 port $free: Connection refused"

done_testing
