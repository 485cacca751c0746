#!/bin/sh
# tcpbind: where the socket is bound, that the program gets it and nothing else, and that servers which take turns at it
# lose no client.
. "$(dirname "$0")/../lib.sh"
need perl perl
need ss iproute2
need systemd-socket-activate systemd

# bind NAME args…: tcpbind -1 args…; sets $pid and $port
bind()
{
  bind_name=$1
  shift
  background "$bind_name" tcpbind -1 "$@"
  serve_wait "$bind_name"
}
err() { cat "$work/err"; }

# --- the socket -----------------------------------------------------------------------------------------
cat > "$work/look" << 'P'
# What descriptor 0 is, as perl sees it.
use strict; use Socket qw(:all);
my ($port, $ip) = sockaddr_family(getsockname STDIN) == AF_INET ? unpack_sockaddr_in(getsockname STDIN)
  : (unpack_sockaddr_in6(getsockname STDIN))[0, 1];
print "listens ", unpack('i', getsockopt(STDIN, SOL_SOCKET, SO_ACCEPTCONN)), " ", inet_ntop(sockaddr_family(getsockname STDIN), $ip),
  " blocking ", (fcntl(STDIN, 3, 0) & 2048) ? 0 : 1, "\n";
P
is 'the program has a listening, blocking socket as descriptor 0' "$(tcpbind 127.0.0.5 0 perl "$work/look")" \
  'listens 1 127.0.0.5 blocking 1'
is 'on an IPv6 address' "$(tcpbind ::1 0 perl "$work/look")" 'listens 1 ::1 blocking 1'
is 'a mapped address is the IPv4 address' "$(tcpbind ::ffff:127.0.0.1 0 perl "$work/look")" 'listens 1 127.0.0.1 blocking 1'
is 'host 0 is every address' "$(tcpbind 0 0 perl "$work/look")" 'listens 1 :: blocking 1'
is 'so is an empty one' "$(tcpbind '' 0 perl "$work/look")" 'listens 1 :: blocking 1'
is '... of IPv4 with -4' "$(tcpbind -4 0 0 perl "$work/look")" 'listens 1 0.0.0.0 blocking 1'
is 'a name is its IPv4 address' "$(tcpbind localhost 0 perl "$work/look")" 'listens 1 127.0.0.1 blocking 1'
is '... with -6 its IPv6 address' "$(tcpbind -6 localhost 0 perl "$work/look")" 'listens 1 ::1 blocking 1'
# shellcheck disable=SC2016 # for the other shell
descriptors='for d in /proc/$$/fd/*; do d=${d##*/}; [ "$d" -gt 2 ] && [ "$d" -lt 200 ] && readlink "/proc/$$/fd/$d"; done | grep -c socket'
is 'the program has no other descriptor of it' "$(tcpbind 127.0.0.1 0 sh -c "$descriptors")" 0
is 'descriptors 1 and 2 are left alone' "$(tcpbind 127.0.0.1 0 sh -c 'echo out; echo err >&2' 2>&1)" 'out
err'
# shellcheck disable=SC2016 # for the other shell
tcpbind 127.0.0.1 0 sh -c 'ls -l /proc/$$/fd > "$1"' sh "$work/open" <&- >&- 2>&-
is 'descriptors that were closed do not become the socket' "$(grep -Ec ' [12] -> socket' "$work/open")" 0
like '... and 0 is it then, too' "$(cat "$work/open")" ' 0 -> socket:'
# shellcheck disable=SC2016 # for the other shell
is 'the environment is passed on, but not what would tell of another socket' \
  "$(A=b LISTEN_PID=1 LISTEN_FDS=1 LISTEN_FDNAMES=x tcpbind 127.0.0.1 0 sh -c 'echo "$A${LISTEN_PID-}${LISTEN_FDS-}${LISTEN_FDNAMES-}"')" b
# shellcheck disable=SC2016 # for the other shell
is 'the process id stays' "$(sh -c 'echo $$; exec tcpbind 127.0.0.1 0 sh -c "echo \$\$"' | uniq | wc -l | tr -d ' ')" 1
exits 'the exit status is the program'"'"'s' 7 tcpbind 127.0.0.1 0 sh -c 'exit 7'

bind dual 0 0 tcpserver -HRl0 - - echo served
is 'with host 0 an IPv4 client is served' "$(peer 127.0.0.1 "$port")" served
is '... and an IPv6 client by the same socket' "$(peer ::1 "$port")" served
exits 'a port that is taken is fatal' 111 tcpbind 127.0.0.1 "$port" true
is '... and the message says which' "$(err)" "tcpbind: fatal: unable to bind to 127.0.0.1 port $port: Address already in use"
stop
bind again 127.0.0.1 "$port" tcpserver -HRl0 - - echo served
is 'a port can be named, right after its last server' "$(peer 127.0.0.1 "$port")" served
stop
bind six -6 0 0 tcpserver -HRl0 - - echo served
is 'with -6 an IPv6 client is served' "$(peer ::1 "$port")" served
is '... and an IPv4 client is not' "$(peer 127.0.0.1 "$port")" '(peer: connect: Connection refused)'
stop
bind backlog -b 7 127.0.0.1 0 sleep 60
is '-b is the backlog' "$(ss -Htln "sport = :$port" | awk '{print $3}')" 7
stop
bind most 127.0.0.1 0 sleep 60
is '... by default what the system allows' "$(ss -Htln "sport = :$port" | awk '{print $3}')" "$(cat /proc/sys/net/core/somaxconn)"
stop
bind interface -I lo 127.0.0.1 0 sleep 60
like '-I ties the socket to an interface' "$(ss -Htln "sport = :$port")" '127\.0\.0\.1%lo:'
stop

# --- what is wrong --------------------------------------------------------------------------------------
for bad in '' '127.0.0.1' '127.0.0.1 0' '-x 127.0.0.1 0 true' '-b' '-b -1 127.0.0.1 0 true' '-b x 127.0.0.1 0 true' \
  '-b 2147483648 127.0.0.1 0 true' '-I'; do
  # shellcheck disable=SC2086
  exits "usage: tcpbind $bad" 100 tcpbind $bad
  like '... with a message' "$(err)" '^tcpbind: usage: '
done
while IFS='|' read -r arguments message; do
  # shellcheck disable=SC2086
  exits "fatal: tcpbind $arguments" 111 tcpbind $arguments true
  like '... with a message' "$(err)" "^tcpbind: fatal: $message"
done << 'LIST'
300.1.1.1 0|(no|temporarily unable to figure out) IP address for 300\.1\.1\.1
127.1 0|no IP address for 127\.1$
010.0.0.1 0|no IP address for 010\.0\.0\.1$
192.0.2.1 0|unable to bind to 192\.0\.2\.1 port 0: Cannot assign requested address$
127.0.0.1 65536|unable to figure out port number for 65536$
127.0.0.1 nosuchservice|unable to figure out port number for nosuchservice$
127.0.0.1 -1|unable to figure out port number for -1$
-4 ::1 0|-4 was given, but ::1 is not an IPv4 address$
-6 127.0.0.1 0|-6 was given, but 127\.0\.0\.1 is not an IPv6 address$
-I nosuch0 127.0.0.1 0|unable to find interface nosuch0
LIST
exits 'a program that is not there is fatal' 111 tcpbind 127.0.0.1 0 "$work/nothing"
is '... and the message says which' "$(err)" "tcpbind: fatal: unable to run $work/nothing: No such file or directory"

# --- servers that take turns ----------------------------------------------------------------------------
# crowd PORT: 4000 clients, eight at a time; counts those that are served, and shows what happened to others
cat > "$work/crowd" << 'P'
use strict; use IO::Socket::INET;
my ($port) = @ARGV;
my @worker;
$| = 1;
for my $n (1 .. 8) {
  pipe my $r, my $w;
  unless (fork) {
    my $served = 0;
    for (1 .. 500) {
      my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 30);
      unless ($s) { print STDERR "connect: $!\n"; next }
      my $got = '';
      while (1) { my $n = sysread $s, $got, 100, length $got; last if defined $n && $n == 0; unless (defined $n) { $got .= "($!)"; last } }
      $got eq "served\n" ? $served++ : print STDERR "got: $got\n";
    }
    print $w "$served\n";
    exit 0;
  }
  push @worker, $r;
}
my $all = 0;
$all += readline $_ for @worker;
print "$all served\n";
P
# What the manual page has, with a note of who serves.
cat > "$work/keep-serving" << 'S'
exec 3<&0 < /dev/null
trap 'kill -ALRM $!' HUP
trap 'kill $!; exit' TERM
while :; do
  tcpserver -HRl0 - - echo served <&3 3<&- &
  echo $! >> "$1"
  wait $!
done
S

servers() { wc -l < "$work/servers" | tr -d ' '; }
another() { [ "$(servers)" -gt "$before" ]; }
# replace_under_load HOW: whoever serves is replaced until the crowd is served
replace_under_load()
{
  rm -f "$work/served"
  perl "$work/crowd" "$port" > "$work/served" 2> "$work/lost" &
  crowd=$!
  started="$started $crowd"
  while kill -0 "$crowd" 2> /dev/null && [ ! -s "$work/served" ]; do
    before=$(servers)
    case $1 in
      HUP) kill -HUP "$pid" ;;
      *) kill "-$1" "$(tail -n 1 "$work/servers")" ;;
    esac
    wait_for another
    # The new one is to serve somebody, too.
    peer 127.0.0.1 "$port" > "$work/one"
  done
  wait "$crowd"
}

# at_bound HOW: at a socket that tcpbind made
at_bound()
{
  : > "$work/servers"
  bind keep 127.0.0.1 0 sh "$work/keep-serving" "$work/servers"
  replace_under_load "$1"
  ok "$1: tcpserver was replaced many times ($(servers))" [ "$(servers)" -gt 5 ]
  [ ! -s "$work/lost" ] || diag "$(sort "$work/lost" | uniq -c)"
  stop
}
at_bound HUP
is 'HUP to the shell: all of 4000 clients are served' "$(cat "$work/served")" '4000 served'
at_bound TERM
is 'TERM to tcpserver: all of 4000 clients are served' "$(cat "$work/served")" '4000 served'
at_bound KILL
is 'KILL to tcpserver: no connection is refused' "$(grep -c connect "$work/lost")" 0
ok '... and at most the one that it has in hand is lost' [ "$(wc -l < "$work/lost")" -le "$(servers)" ]

# The same with the socket that systemd holds. It wants a port that is free but can't find one itself.
for attempt in 1 2 3 4 5; do
  serve "free-port-$attempt" -RHl0 127.0.0.1 0 true
  stop
  : > "$work/servers"
  background activated systemd-socket-activate -l "127.0.0.1:$port" sh -c 'exec <&3 3<&-; exec sh "$@"' sh \
    "$work/keep-serving" "$work/servers"
  wait_for grep -Eq 'Listening on|Failed to' "$work/activated.log"
  ! grep -q 'Listening on' "$work/activated.log" || break
done
is 'a client makes systemd start the server' "$(peer 127.0.0.1 "$port")" served
replace_under_load HUP
is "4000 clients while tcpserver is replaced at systemd's socket: all are served" "$(cat "$work/served")" '4000 served'
[ ! -s "$work/lost" ] || diag "$(sort "$work/lost" | uniq -c)"
ok "... and it was replaced many times: $(servers)" [ "$(servers)" -gt 5 ]
stop
done_testing
