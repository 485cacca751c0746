#!/bin/sh
# tcpclient -y: the PROXY header goes before everything else, tells of the connection that the environment tells of or
# else of this one, and is understood: by a small parser here, and by HAProxy.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpclient.sh"
. "$root/tests/haproxy.sh"
need openssl openssl

# show FILE: the header that the file begins with, and what follows it
cat > "$work/show" << 'P'
use strict; use Socket qw(:all);
local $/; my $all = <STDIN>;
if ($all =~ s/^PROXY (TCP4|TCP6) (\S+) (\S+) (\d+) (\d+)\r\n//) { print "1 $1 $2 $4 $3 $5:$all"; exit }
die "no header: $all\n" unless $all =~ s/^\r\n\r\n\0\r\nQUIT\n(.)(.)(..)//s;
my ($command, $family, $length) = (ord $1, ord $2, unpack 'n', $3);
my $block = substr $all, 0, $length, '';
my %size = (0x11 => 4, 0x21 => 16);
my $size = $size{$family} or die "family $family\n";
die "length $length\n" unless $length == 2 * $size + 4 && $command == 0x21;
my ($source, $destination, @port) = unpack "a$size a$size n n", $block;
my $f = $size == 4 ? AF_INET : AF_INET6;
print "2 ", $size == 4 ? 'TCP4' : 'TCP6', " ", inet_ntop($f, $source), " $port[0] ", inet_ntop($f, $destination), " $port[1]:$all";
P
show() { perl "$work/show" < "$1"; }
gone() { [ -e "$work/got" ]; }

# sends [options…]: what a server gets from tcpclient, which sends "hello"; $own is its port
sends()
{
  rm -f "$work/got"
  # shellcheck disable=SC2086
  listen sends ${six:+-6} "slurp=$work/got"
  # shellcheck disable=SC2016 # for the other shell
  own=$(timeout 20 tcpclient -RHl0 "$@" "${six:-127.0.0.1}" "$port" sh -c 'env | sed -n "s/^TCPLOCALPORT=//p"; printf hello >&7' \
    2> "$work/err") && wait_for gone && show "$work/got"
  sends_status=$?
  stop # some are started in a command substitution, of which nobody knows later
  return "$sends_status"
}
six=

for version in 1 2; do
  sends -y $version > "$work/header"
  is "-y $version: without another connection in the environment, this one" "$(cat "$work/header")" \
    "$version TCP4 127.0.0.1 $own 127.0.0.1 $port:hello"
  six=::1
  sends -y $version > "$work/header"
  is '... of IPv6' "$(cat "$work/header")" "$version TCP6 ::1 $own ::1 $port:hello"
  six=
done

# inherited REMOTEIP REMOTEPORT LOCALIP LOCALPORT: the environment of a server's program
inherited()
{
  TCPREMOTEIP=$1 TCPREMOTEPORT=$2 TCPLOCALIP=$3 TCPLOCALPORT=$4
  export TCPREMOTEIP TCPREMOTEPORT TCPLOCALIP TCPLOCALPORT
}
forget()
{
  unset TCPREMOTEIP TCPREMOTEPORT TCPLOCALIP TCPLOCALPORT
}

for version in 1 2; do
  inherited 192.0.2.7 4242 198.51.100.1 25
  is "-y $version: the connection that the environment tells of" "$(sends -y $version)" \
    "$version TCP4 192.0.2.7 4242 198.51.100.1 25:hello"
  inherited 2001:DB8:0::7 65535 2001:db8::1 0
  is '... of IPv6, over IPv4' "$(sends -y $version)" "$version TCP6 2001:db8::7 65535 2001:db8::1 0:hello"
  inherited ::ffff:192.0.2.7 1 198.51.100.1 2
  is '... a mapped address is IPv4' "$(sends -y $version)" "$version TCP4 192.0.2.7 1 198.51.100.1 2:hello"
  inherited 192.0.2.7 1 2001:db8::1 2
  is '... IPv4 beside IPv6 is mapped' "$(sends -y $version)" "$version TCP6 ::ffff:192.0.2.7 1 2001:db8::1 2:hello"
done
forget
is 'of two -y the last one counts' "$(sends -y 1 -y 2 | cut -c 1)" 2
is 'without -y there is no header' "$(sends 2>&1)" 'no header: hello'

# --- half a connection in the environment is none, and no lie is told -----------------------------------
listen never refuse
for missing in TCPREMOTEIP TCPREMOTEPORT TCPLOCALIP TCPLOCALPORT; do
  inherited 192.0.2.7 4242 198.51.100.1 25
  unset "$missing"
  exits "\$$missing missing is fatal" 111 timeout 20 tcpclient -y 1 127.0.0.1 "$port"
  is '... and told' "$(err)" "tcpclient: fatal: unable to make a PROXY header: \$$missing is not set, but others are"
done
while IFS='|' read -r a b c d which; do
  inherited "$a" "$b" "$c" "$d"
  exits "\$TCP$which that is none is fatal" 111 timeout 20 tcpclient -y 2 127.0.0.1 "$port"
  like '... and told' "$(err)" "^tcpclient: fatal: unable to make a PROXY header: \\\$TCP$which is not an? (IP address|port): "
done << 'LIST'
300.1.1.1|1|192.0.2.1|2|REMOTEIP
unknown|1|192.0.2.1|2|REMOTEIP
|1|192.0.2.1|2|REMOTEIP
fe80::1%lo|1|192.0.2.1|2|REMOTEIP
192.0.2.1|65536|192.0.2.1|2|REMOTEPORT
192.0.2.1|-1|192.0.2.1|2|REMOTEPORT
192.0.2.1|1|192.0.2|2|LOCALIP
192.0.2.1|1|192.0.2.1||LOCALPORT
192.0.2.1|1|192.0.2.1|2x|LOCALPORT
LIST
is '... without -y nobody looks at it' "$(sends 2>&1)" 'no header: hello'
forget
stop
for bad in 0 3 x '' 11; do
  exits "-y '$bad' is a usage error" 100 tcpclient -y "$bad" 127.0.0.1 1
  is '... and told' "$(err)" "tcpclient: usage: -y takes 1 or 2, not $bad"
done

# --- before everything else -----------------------------------------------------------------------------
listen mux request request 'send=+\r\n' "slurp=$work/after"
printf 'one\n' | timeout 20 tcpclient -v -X -P "$port" -y 1 127.0.0.1 name > "$work/out" 2> "$work/err"
wait_for test -e "$work/after"
like 'the header goes before the request to a TCPMUX server' "$(tr '\n' ' ' < "$work/mux.log")" \
  "^request PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 [0-9]+ $port\\\\r\\\\n request name"
is '... and what is sent behind the request' "$(cat "$work/after")" one
like '-v tells of it' "$(err)" "^tcpclient: PROXY header: from 127\.0\.0\.1 port [0-9]+ to 127\.0\.0\.1 port $port\$"
inherited 192.0.2.7 4242 198.51.100.1 25
listen told "slurp=$work/told"
timeout 20 tcpclient -v -y 2 127.0.0.1 "$port" 2> "$work/err"
like '... of the connection in the environment, too' "$(err)" \
  '^tcpclient: PROXY header: from 192\.0\.2\.7 port 4242 to 198\.51\.100\.1 port 25$'
forget
# shellcheck disable=SC2016 # for the other shell
listen program "slurp=$work/program"
is 'the program sees its own connection' "$(TCPREMOTEIP=192.0.2.7 TCPREMOTEPORT=1 TCPLOCALIP=192.0.2.8 TCPLOCALPORT=2 \
  timeout 20 tcpclient -RHl0 -y 1 127.0.0.1 "$port" sh -c 'echo "$TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALIP"')" "127.0.0.1 $port 127.0.0.1"

# --- HAProxy --------------------------------------------------------------------------------------------
sh "$root/tests/tls/make-certificates" "$work/certificates" || diag 'no certificates'
# What HAProxy has understood it says by a header of its own.
for version in 1 2; do
  inherited 192.0.2.7 4242 198.51.100.1 25
  rm -f "$work/got"
  listen "behind$version" "slurp=$work/got"
  haproxy_serve "haproxy$version" accept-proxy send-proxy "$port"
  printf hello | timeout 20 tcpclient -y $version 127.0.0.1 "$port" > "$work/out" 2> "$work/err"
  wait_for gone
  is "HAProxy understands -y $version" "$(show "$work/got")" '1 TCP4 192.0.2.7 4242 198.51.100.1 25:hello'
  stop
  inherited 2001:db8::7 4242 2001:db8::1 25
  rm -f "$work/got"
  listen "behind6$version" "slurp=$work/got"
  haproxy_serve "haproxy6$version" accept-proxy send-proxy-v2 "$port"
  printf hello | timeout 20 tcpclient -y $version 127.0.0.1 "$port" > "$work/out" 2> "$work/err"
  wait_for gone
  is '... of IPv6, too' "$(show "$work/got")" '2 TCP6 2001:db8::7 4242 2001:db8::1 25:hello'
  stop
  forget
done

# A relay below tcpserver keeps the client's address (the example of doc/tcpclient.1), through TLS, too.
rm -f "$work/got"
listen last "slurp=$work/got"
haproxy_serve tls "accept-proxy ssl crt $work/certificates/server.pem" send-proxy "$port"
haproxy=$pid
serve relay -HRl0 127.0.0.1 0 tcpclient -y 2 -n '' -c "$work/certificates/ca.crt" -m mail.example.org 127.0.0.1 "$port"
peer -b 127.0.0.9 127.0.0.1 "$port" hello > "$work/out"
wait_for gone
like 'below tcpserver the header tells of its client, and goes before TLS' "$(show "$work/got")" \
  "^1 TCP4 127\.0\.0\.9 [0-9]+ 127\.0\.0\.1 $port:hello\$"
[ -e "$work/got" ] || diag "$(cat "$work/relay.log" "$work/tls.log" "$work/tls.out")"
stop
stop "$haproxy"
done_testing
