#!/usr/bin/perl
# tcplookup-helper.pl PROGRAM COMMAND…: starts `PROGRAM -s` on a socket pair and does what the commands say, in order.
#   ping ID            a ping                     peer ID IP WANTED [LOCALIP]   a question about a peer, wanted as lookup.h
#   host ID FAMILY NAME  addresses of a name      cancel ID
#   raw HEX            any message                answers N      prints the next N answers, a line each, 10 s at most
#   quiet              prints each answer that comes within 0.3 s, else "quiet"
#   close              closes our end; prints how the program ends: "exit CODE"    end   the same without closing
use strict;
use warnings;
use Socket qw(:all);
use IO::Select;

my $program = shift;
socketpair(my $us, my $them, AF_UNIX, SOCK_SEQPACKET, 0) or die "socketpair: $!\n";
$^F = 20;
my $pid = fork // die "fork: $!\n";
if (!$pid) {
  close $us;
  open STDIN, '<&', $them or die;
  open STDOUT, '>&', $them or die;
  exec $program, '-s', '-w', $ENV{WAITING} // 100 or exit 127;
}
close $them;
$| = 1;
$SIG{ALRM} = sub { print "no end\n"; kill 'KILL', $pid; exit 1 };
alarm 30;
my $select = IO::Select->new($us);

sub header { pack 'SSL', @_ }
sub address { my $ip = shift; $ip =~ /:/ ? pack 'LLa16', 6, 0, inet_pton(AF_INET6, $ip) : pack 'LLa16', 4, 0, inet_aton($ip) }
sub put { defined send($us, shift, 0) or print "send: $!\n" }

sub show {
  my ($kind, $size, $id) = unpack 'SSL', substr $_[0], 0, 8;
  my $payload = substr $_[0], 8;
  if ($kind == 5) {
    my ($known, $remote, $local, $info) = unpack 'La256a256a513', $payload;
    s/\0+\z// for $remote, $local, $info;
    print "peer $id known $known '$remote' '$local' '$info'\n";
  } elsif ($kind == 6) {
    my ($family, $status, $count) = unpack 'LLL', $payload;
    my @address = map { my ($f, $s, $o) = unpack 'LLa16', substr $payload, 12 + 24 * $_, 24;
      $f == 4 ? inet_ntoa(substr $o, 0, 4) : inet_ntop(AF_INET6, $o) } 0 .. $count - 1;
    print join(' ', "host $id family $family status $status", @address), "\n";
  } else {
    print "kind $kind id $id\n";
  }
}

sub get {
  my $wait = shift;
  return 0 unless $select->can_read($wait);
  my $m = '';
  recv($us, $m, 9000, 0);
  return 0 if !defined $m || $m eq '';
  show($m);
  return 1;
}

while (defined(my $command = shift)) {
  if ($command eq 'ping') { put(header(4, 0, shift)) }
  elsif ($command eq 'cancel') { put(header(3, 0, shift)) }
  elsif ($command eq 'raw') { put(pack 'H*', shift) }
  elsif ($command eq 'peer') {
    my ($id, $ip, $wanted, $local) = splice @ARGV, 0, 4;
    put(header(1, 60, $id) . address($local) . address($ip) . pack 'SSLL', 25, 4000, $wanted, 26);
  } elsif ($command eq 'host') {
    my ($id, $family, $name) = splice @ARGV, 0, 3;
    put(header(2, 260, $id) . pack 'La256', $family, $name);
  } elsif ($command eq 'answers') { for (1 .. shift) { get(10) or print "no answer\n" } }
  elsif ($command eq 'quiet') { get(0.3) or print "quiet\n" }
  elsif ($command eq 'close' || $command eq 'end') {
    close $us if $command eq 'close';
    waitpid $pid, 0;
    print $? & 127 ? 'signal ' . ($? & 127) : 'exit ' . ($? >> 8), "\n";
    $pid = 0;
  }
}
if ($pid) {
  close $us;
  waitpid $pid, 0;
}
