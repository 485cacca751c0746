#!/bin/sh
# tcpbind: where the socket is bound, that the program gets it and nothing else. (Servers that take turns at it:
# e2e/restart.t.)
. "$(dirname "$0")/../lib.sh"
need perl perl
need ss iproute2

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
is 'with host 0 an IPv4 client is served' "$(peer 127.94.61.5 "$port")" served
is '... and an IPv6 client by the same socket' "$(peer ::1 "$port")" served
exits 'a port that is taken is fatal' 111 tcpbind 127.0.0.1 "$port" true
is '... and the message says which' "$(err)" "tcpbind: fatal: unable to bind to 127.0.0.1 port $port: Address already in use"
stop
# At an address where nobody else's connections can have the port meanwhile.
bind again 127.94.61.5 "$port" tcpserver -HRl0 - - echo served
is 'a port can be named, right after its last server' "$(peer 127.94.61.5 "$port")" served
stop
bind six -6 0 0 tcpserver -HRl0 - - echo served
is 'with -6 an IPv6 client is served' "$(peer ::1 "$port")" served
is '... and an IPv4 client is not' "$(peer 127.94.61.6 "$port")" '(peer: connect: Connection refused)'
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
  # -6 is something else there.
  [ "${arguments#-6}" = "$arguments" ] || continue
  said=$(err)
  # shellcheck disable=SC2086
  exits '... and for tcpserver' 111 tcpserver -HRl0 $arguments true
  is '... with the same message' "$(err)" "tcpserver${said#tcpbind}"
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
done_testing
