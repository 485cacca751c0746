#!/bin/sh
# The listening socket: where it is bound, where it comes from, who is told, what its connections are like.
. "$(dirname "$0")/../lib.sh"

tcpserver -1 -HRl0 127.0.0.1 0 echo served > "$work/ready.out" 2> "$work/ready.log" &
pid=$!
started="$started $pid"
wait_for test -s "$work/ready.out"
like "-1 prints the port and a newline" "$(od -An -c < "$work/ready.out" | tr -d ' ')" '^[0-9]+\\n$'
stop
# cat ends when tcpserver closes its output, not when it exits.
mkfifo "$work/fifo"
tcpserver -1 -HRl0 127.0.0.1 0 echo served > "$work/fifo" 2> /dev/null &
pid=$!
started="$started $pid"
port=$(timeout 30 cat "$work/fifo") || port=0
is "... and closes standard output: whoever reads it sees the end" "$(peer 127.0.0.1 "$port")" served
stop
# At an address of its own: nobody else gets the number there meanwhile.
serve port -HRl0 127.94.61.11 0 true
stop
named=$port
serve again -HRl0 127.94.61.11 "$named" true
is "a port can be named" "$port" "$named"
stop

# Another test's server may have the same number at another address; it does not say "served" with our number.
answers()
{
  case $(peer "$1" "$port") in *"served $$"*) echo yes ;; *) echo no ;; esac
}

serve dual -HRl0 0 0 echo served
is "host 0: an IPv4 client is served" "$(peer 127.0.0.1 "$port")" served
is "... and an IPv6 client by the same socket" "$(peer ::1 "$port")" served
is "... which is one socket" "$(ls -l "/proc/$pid/fd" | grep -c socket)" 1
stop
serve empty -HRl0 '' 0 echo served
is "an empty host is host 0" "$(peer ::1 "$port") $(peer 127.0.0.1 "$port")" "served served"
stop
serve four -HRl0 -4 0 0 echo "served $$"
is "-4 0: IPv4 is served" "$(peer 127.0.0.1 "$port")" "served $$"
is "... and nothing else" "$(answers ::1)" no
stop
serve six -HRl0 :: 0 echo "served $$"
is "host ::, as any address, means itself: IPv6 is served" "$(peer ::1 "$port")" "served $$"
is "... and nothing else" "$(answers 127.0.0.1)" no
stop
serve one -HRl0 127.0.0.5 0 echo "served $$"
is "an address: it is served" "$(peer 127.0.0.5 "$port")" "served $$"
is "... and no other" "$(answers 127.0.0.1)" no
stop
serve mapped -HRl0 ::ffff:127.0.0.1 0 echo served
is "a mapped address is the IPv4 address" "$(peer 127.0.0.1 "$port")" served
stop
serve name -HRl0 localhost 0 echo "served $$"
is "a name means its first IPv4 address" "$(peer 127.0.0.1 "$port")" "served $$"
is "... and nothing else" "$(answers ::1)" no
stop
serve name6 -HRl0 -6 localhost 0 echo served
is "... with -6 its first IPv6 address" "$(peer ::1 "$port")" served
stop
serve interface -HRl0 -I lo 127.0.0.1 0 echo served
is "-I ties the listener to an interface" "$(peer 127.0.0.1 "$port")" served
like "... by the kernel's rules" "$(ss -Htln "src 127.0.0.1:$port")" '127\.0\.0\.1%lo:'
stop

serve backlog -HRl0 -b 7 127.0.0.1 0 true
is "-b is the backlog" "$(ss -Htln "src 127.0.0.1:$port" | awk '{ print $3 }')" 7
stop
serve backlog2 -HRl0 127.0.0.1 0 true
backlog=$(ss -Htln "src 127.0.0.1:$port" | awk '{ print $3 }')
somaxconn=$(cat /proc/sys/net/core/somaxconn)
is "the backlog is what the system allows, by default" "$backlog" "$somaxconn"
stop

# Sockets that are passed in.
cat > "$work/pass" << 'P'
# pass how address prog…: opens a listening socket, passes it as descriptor 0 or in systemd's way, prints its port
use strict; use Socket qw(:all); use POSIX ();
$^F = 10; # descriptors up to 10 stay open over exec
my ($how, $address, @prog) = @ARGV;
my $six = $address =~ /:/;
socket(my $s, $six ? AF_INET6 : AF_INET, $how eq 'datagram' ? SOCK_DGRAM : SOCK_STREAM, 0) or die;
bind($s, $six ? pack_sockaddr_in6(0, inet_pton(AF_INET6, $address)) : pack_sockaddr_in(0, inet_aton($address))) or die;
listen($s, 10) unless $how eq 'datagram' || $how eq 'bound';
my $port = $six ? (unpack_sockaddr_in6(getsockname $s))[0] : (unpack_sockaddr_in(getsockname $s))[0];
$| = 1; print "$port\n"; POSIX::dup2(2, 1);
my $to = $how =~ /systemd/ ? 3 : 0;
POSIX::dup2(fileno($s), $to);
$ENV{LISTEN_PID} = $how eq 'systemd-other' ? 1 : $$ if $to == 3;
$ENV{LISTEN_FDS} = $how eq 'systemd-two' ? 2 : 1 if $to == 3;
exec @prog or die "exec: $!";
P
# passed NAME how address args…: tcpserver with a passed socket; sets $port
passed()
{
  passed_name=$1
  passed_how=$2
  passed_address=$3
  shift 3
  background "$passed_name" perl "$work/pass" "$passed_how" "$passed_address" tcpserver -HRl0 "$@"
  serve_wait "$passed_name"
}
show='echo "$TCPLOCALIP $TCPREMOTEIP ${LISTEN_FDS-none}${LISTEN_PID-none}"'
passed zero zero 127.0.0.1 - - sh -c "$show"
is "- -: descriptor 0 is the listening socket" "$(peer 127.0.0.1 "$port")" "127.0.0.1 127.0.0.1 nonenone"
stop
passed any zero :: - - sh -c "$show"
is "... a wildcard one too" "$(peer 127.0.0.1 "$port")$(peer ::1 "$port")" "127.0.0.1 127.0.0.1 nonenone::1 ::1 nonenone"
stop
passed systemd systemd 127.0.0.1 - - sh -c "$show"
is "- -: systemd's descriptor 3 with LISTEN_FDS and LISTEN_PID, which prog does not see" "$(peer 127.0.0.1 "$port")" \
  "127.0.0.1 127.0.0.1 nonenone"
stop
passed backlog3 zero 127.0.0.1 -b 3 - - true
ok "-b is for a passed socket, too" wait_for sh -c "[ \"\$(ss -Htln 'src 127.0.0.1:$port' | awk '{ print \$3 }')\" = 3 ]"
stop
exits "-I is not: it is a usage error" 100 tcpserver -I lo - - true
passed two systemd-two 127.0.0.1 - - true
wait "$pid"
is "two sockets at once are fatal" "$?" 111
logs "... and the log says so" two 'fatal: \$LISTEN_FDS is 2: one listening socket is wanted'
passed other systemd-other 127.0.0.1 - - true
wait "$pid"
is "LISTEN_FDS that is meant for another process is not ours" "$?" 111
for how in datagram bound; do
  passed bad "$how" 127.0.0.1 - - true
  wait "$pid"
  is "a $how socket is fatal" "$?" 111
  logs "... and the log says why" bad \
    '^tcpserver: fatal: descriptor 0 is not a listening TCP socket'
done
exits "a descriptor 0 that is no socket is fatal" 111 sh -c 'tcpserver - - true < /dev/null'

# Readiness, sd_notify(3)'s way.
cat > "$work/notify" << 'P'
# notify path prog…: waits on a datagram socket at path (@ means abstract) while prog runs; prints what it is told
use strict; use Socket;
my ($path, @prog) = @ARGV;
(my $name = $path) =~ s/^@/\0/;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
bind($s, pack_sockaddr_un($name)) or die "bind: $!";
my $pid = fork;
unless ($pid) { $ENV{NOTIFY_SOCKET} = $path; exec @prog or die }
$SIG{ALRM} = sub { print "nothing\n"; kill 'TERM', $pid; exit 1 };
alarm 30;
recv($s, my $message, 1000, 0);
print $message;
kill 'TERM', $pid;
waitpid($pid, 0);
P
is "\$NOTIFY_SOCKET is told when the server is ready" \
  "$(perl "$work/notify" "$work/socket" tcpserver -HRl0 127.0.0.1 0 true)" "READY=1"
is "... by an abstract name, too" "$(perl "$work/notify" "@ucspi-test-$$" tcpserver -HRl0 127.0.0.1 0 true)" "READY=1"
background notify env "NOTIFY_SOCKET=$work/nobody" tcpserver -1 -HRl0 127.0.0.1 0 sh -c 'echo ${NOTIFY_SOCKET-none}'
serve_wait notify
is "a socket where nobody listens is no reason to stop; prog does not see it" "$(peer 127.0.0.1 "$port")" none
logs "... and the log says so" notify "^tcpserver: warning: unable to notify $work/nobody: "
stop

# What connections are like.
cat > "$work/options" << 'P'
use Socket qw(:all);
sub option { my ($l, $n) = @_; unpack('i', getsockopt(STDIN, $l, $n)) ? 1 : 0 }
print join(" ", "nodelay", option(IPPROTO_TCP, TCP_NODELAY), "keepalive", option(SOL_SOCKET, SO_KEEPALIVE),
  "blocking", (fcntl(STDIN, 3, 0) & 2048) ? 0 : 1), "\n";
P
serve options -HRl0 127.0.0.1 0 perl "$work/options"
is "connections are blocking, delayed, not kept alive by default" "$(peer 127.0.0.1 "$port")" "nodelay 0 keepalive 0 blocking 1"
stop
serve options2 -HRl0 -D -A 127.0.0.1 0 perl "$work/options"
is "-D sets TCP_NODELAY, -A SO_KEEPALIVE" "$(peer 127.0.0.1 "$port")" "nodelay 1 keepalive 1 blocking 1"
stop

# Banners.
serve banner -HRl0 -B '220 hello
' 127.0.0.1 0 echo served
is "-B text is sent first" "$(peer 127.0.0.1 "$port" | tr '\n' ,)" "220 hello,served,"
stop
printf '220 from\r\n a file\n' > "$work/banner"
printf '127.0.0.2:deny\n:allow\n' | tcprules "$work/cdb" "$work/tmp"
serve banner2 -HRl0 -v -B "@$work/banner" -x "$work/cdb" 127.0.0.1 0 echo served
is "-B @file is sent as it is" "$(peer 127.0.0.1 "$port" | od -An -c | tr -d ' \n')" '220from\r\nafile\nserved\n'
is "... to those who are refused, too: it comes first" "$(peer -b 127.0.0.2 127.0.0.1 "$port" | head -n 1 | tr -d '\r')" "220 from"
peer -R 127.0.0.1 "$port"
peer -R 127.0.0.1 "$port" hello
is "a peer that resets harms nobody" "$(peer 127.0.0.1 "$port" | tail -n 1)" served
stop
serve banner3 -HRl0 -B "$(printf '%4096s' x)" 127.0.0.1 0 true
is "a banner of 4096 bytes goes out whole" "$(peer 127.0.0.1 "$port" | wc -c | tr -d ' ')" 4096
stop

# A client that never reads, or never sends, costs its own process and nobody else's.
serve stuck -HRl0 -c 3 127.0.0.1 0 sh -c 'echo served; exec cat'
hold deaf -n 127.0.0.1 "$port"
hold mute 127.0.0.1 "$port"
is "a client that never reads and one that never sends harm nobody" "$(peer 127.0.0.1 "$port" 'x\n' | tr '\n' ,)" "served,x,"
stop
done_testing
