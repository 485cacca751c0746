#!/bin/sh
# Servers that take turns at one listening socket, under load: tcpserver is replaced again and again, at a socket of
# tcpbind's and at one of systemd's, and no client is refused.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need perl perl
need systemd-socket-activate systemd

# crowd PORT CLIENTS ENOUGH: eight at a time, so many or more until there is that file; says whether all of them were served,
# and shows what happened to others
cat > "$work/crowd" << 'P'
use strict; use Socket qw(:all);
my ($port, $clients, $enough) = @ARGV;
my $server = pack_sockaddr_in($port, INADDR_LOOPBACK);
my @worker;
for my $n (1 .. 8) {
  pipe my $r, my $w;
  unless (fork) {
    my ($served, $tried) = (0, 0);
    for (; $tried < $clients / 8 || !-e $enough; $tried++) {
      alarm 60; # somebody who waits for ever is lost
      socket(my $s, AF_INET, SOCK_STREAM, 0) or die $!;
      unless (connect $s, $server) { print STDERR "connect: $!\n"; next }
      my $got = '';
      while (1) { my $n = sysread $s, $got, 100, length $got; last if defined $n && $n == 0; unless (defined $n) { $got .= "($!)"; last } }
      $got eq "served\n" ? $served++ : print STDERR "got: $got\n";
    }
    print $w "$served $tried\n";
    exit 0;
  }
  close $w;
  push @worker, $r;
}
my ($all, $of) = (0, 0);
for (@worker) { my ($served, $tried) = split ' ', readline($_) // ''; $all += $served // 0; $of += $tried // $clients }
print $all == $of && $of >= $clients ? "all served\n" : "$all of $of served\n";
P
# What tcpbind(1) has, with a note of who serves.
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
# replace_under_load CLIENTS HOW: whoever serves is replaced until that many are served
replace_under_load()
{
  rm -f "$work/served" "$work/enough"
  perl "$work/crowd" "$port" "$1" "$work/enough" > "$work/served" 2> "$work/lost" &
  crowd=$!
  started="$started $crowd"
  while kill -0 "$crowd" 2> /dev/null && [ ! -s "$work/served" ]; do
    before=$(servers)
    case $2 in
      HUP) kill -HUP "$pid" ;;
      *) kill "-$2" "$(tail -n 1 "$work/servers")" ;;
    esac
    wait_for another
    [ "$(servers)" -le 5 ] || : > "$work/enough"
    # The new one is to serve somebody, too.
    peer 127.0.0.1 "$port" > "$work/one"
  done
  wait "$crowd"
  [ ! -s "$work/lost" ] || diag "$(sort "$work/lost" | uniq -c)"
  ok "$2: tcpserver was replaced many times ($(servers))" [ "$(servers)" -gt 5 ]
}

# at_bound CLIENTS HOW: at a socket that tcpbind made
at_bound()
{
  : > "$work/servers"
  background keep tcpbind -1 127.0.0.1 0 sh "$work/keep-serving" "$work/servers"
  serve_wait keep
  # Before that the shell would not know what to do with a signal.
  wait_for test -s "$work/servers"
  replace_under_load "$@"
  stop
}
at_bound 800 HUP
is 'HUP to the shell: all of 800 clients or more are served' "$(cat "$work/served")" 'all served'
at_bound 800 TERM
is 'TERM to tcpserver: all of 800 clients or more are served' "$(cat "$work/served")" 'all served'
at_bound 800 KILL
is 'KILL to tcpserver: no connection is refused' "$(grep -c connect "$work/lost")" 0
ok '... and at most the one that it has in hand is lost' [ "$(wc -l < "$work/lost")" -le "$(servers)" ]

# The same with the socket that systemd holds.
: > "$work/servers"
ok 'systemd listens' activate sh -c 'exec <&3 3<&-; exec sh "$@"' sh "$work/keep-serving" "$work/servers"
is 'a client makes systemd start the server' "$(peer 127.0.0.1 "$port")" served
replace_under_load 3000 HUP
is "3000 clients while tcpserver is replaced at systemd's socket: all are served" "$(cat "$work/served")" 'all served'
stop
done_testing
