#!/bin/sh
# Sockets and readiness as systemd does them: an inherited listener, by LISTEN_FDS and as descriptor 0, and
# NOTIFY_SOCKET.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need systemd-socket-activate systemd
need perl perl

hello()
{
  tcpclient -RHl0 127.0.0.1 "$port" sh -c 'exec cat <&6' < /dev/null
}

for way in LISTEN_FDS 'descriptor 0'; do
  case $way in LISTEN_FDS) set -- ;; *) set -- --inetd ;; esac
  ok "$way: systemd listens" activate "$@" "$(command -v tcpserver)" -v -RHl0 - - \
    sh -c 'echo "hello ${LISTEN_FDS-} ${LISTEN_PID-}"'
  is "$way: the client that woke the server is served, without the listener's variables" "$(hello)" 'hello  '
  is "$way: so is the next one" "$(hello)" 'hello  '
  ok "$way: the log has the address that was reached" wait_for grep -Eq \
    "^tcpserver: ok [0-9]+ 0:127\\.0\\.0\\.1:$port :127\\.0\\.0\\.1::" "$work/activated.log"
  stop
  not_ok "$way: after TERM nobody is served" quietly hello
done

# A datagram socket that writes down the first message it gets.
cat > "$work/manager" << 'PERL'
use strict;
use Socket;
my ($path, $out) = @ARGV;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
bind($socket, pack_sockaddr_un($path)) or die $!;
recv($socket, my $message, 4096, 0);
open(my $file, '>', "$out.new") or die $!;
print $file $message;
close $file;
rename "$out.new", $out;
PERL
background manager perl "$work/manager" "$work/notify" "$work/message"
wait_for test -S "$work/notify"
NOTIFY_SOCKET=$work/notify
export NOTIFY_SOCKET
serve ready -RHl0 127.0.0.1 0 sh -c 'echo "hello ${NOTIFY_SOCKET-}"'
ok 'the manager is told when the server is ready' wait_for test -e "$work/message"
like 'it is told READY=1' "$(cat "$work/message")" '^READY=1'
is 'the service does not inherit NOTIFY_SOCKET' "$(hello)" 'hello '
done_testing
