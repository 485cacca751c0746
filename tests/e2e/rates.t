#!/bin/sh
# A peer that has a whole IPv6 /48, 65,536 networks of /64, against the table of those that -k remembers.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"

net=2001:db8:5
if [ -z "$(ip -6 route show table local "$net::/48")" ] && ! ip -6 route add local "$net::/48" dev lo 2> "$work/err"; then
  result 1 "a /48 is put on loopback: $(cat "$work/err")"
  done_testing
fi

# flood FROM TO PORT: one connection from each of those /64s; what was answered, each kind once
cat > "$work/flood" <<'P'
use strict;
use warnings;
use Socket qw(:all);
my ($net, $from, $to, $port) = @ARGV;
my $server = pack_sockaddr_in6($port, inet_pton(AF_INET6, '::1'));
my (@open, %seen);
sub finish {
  my $n = sysread(shift @open, my $text, 100);
  $seen{defined $n ? $text : "$!"}++;
}
for my $i ($from .. $to - 1) {
  socket(my $s, AF_INET6, SOCK_STREAM, 0) or die "socket: $!\n";
  setsockopt($s, 41, 78, pack('i', 1)) or die "IPV6_FREEBIND: $!\n";
  bind($s, pack_sockaddr_in6(0, inet_pton(AF_INET6, sprintf('%s:%x::%x', $net, $i, ($i & 0xfff) + 1)))) or die "bind: $!\n";
  connect($s, $server) or die "connect: $!\n";
  push @open, $s;
  finish() if @open > 200;
}
finish() while @open;
print map { "$seen{$_} '$_'\n" } sort keys %seen;
P

# Whoever is within his rate is refused by the second rule, so that no process is made.
printf '::1:allow\n:allow,MAXCONNC="0"\n' | tcprules "$work/cdb" "$work/tmp"
resident()
{
  awk '$1 == "VmRSS:" { print $2 }' "/proc/$server/status"
}
# rate_refusals N: how many there were, by the Nth table
rate_refusals()
{
  kill -USR1 "$server"
  wait_for has_times bound 'table: refused .* rate [0-9]*$' "$1"
  sed -n 's/.*table: refused .* rate \([0-9]*\)$/\1/p' "$work/bound.log" | tail -n 1
}

serve bound -HRl0 -k 1/86400 -x "$work/cdb" ::1 0 echo served
server=$pid
perl "$work/flood" "$net" 0 100 "$port" > "$work/first"
is "clients of a /48 are refused by their rule" "$(cat "$work/first")" "100 ''"
is "... and by their rate, once it has counted them" "$(perl "$work/flood" "$net" 0 100 "$port"; rate_refusals 1)" "100 ''
100"
before=$(resident)
perl "$work/flood" "$net" 100 65536 "$port" > "$work/all"
is "every /64 of it is a client of its own" "$(cat "$work/all") $(rate_refusals 2)" "65436 '' 100"
grown=$(($(resident) - before))
ok "65,536 of them take the memory that the manual says, and no more ($grown kB)" test "$grown" -gt 3000 -a "$grown" -le 4096
before=$(resident)
perl "$work/flood" "$net" 0 3000 "$port" > "$work/again"
grown=$(($(resident) - before))
ok "... nor do those that come again ($grown kB)" test "$grown" -le 64
is "... who were forgotten" "$(rate_refusals 3)" 100
perl "$work/flood" "$net" 65000 65100 "$port" > "$work/last"
is "... those that came last were not" "$(rate_refusals 4)" 200
is "meanwhile others are served" "$(peer ::1 "$port")" served
done_testing
