#!/usr/bin/perl
# tcplookup-helper.pl PROGRAM COMMAND…: starts `PROGRAM -s` on a socket pair and does what the commands say, in order.
#   ping ID            a ping                     peer ID IP WANTED [LOCALIP]   a question about a peer, wanted as lookup.h
#   host ID FAMILY NAME  addresses of a name      cancel ID
#   raw HEX            any message                answers N      prints the next N answers, a line each, 10 s at most
#   quiet              prints each answer that comes within 0.3 s, else "quiet"
#   flood ID N IP WANTED AT_ONCE  questions about N addresses from IP on, so many waiting at a time; prints how many
#                      were answered with a fact
#   same ID N IP WANTED  N questions about one address; no answer is taken       spread …   about N addresses from IP on
#   cancels ID N       cancels N of them           drain N       takes N answers; prints how many and the facts known
#   sleep S            waits                       shell COMMAND prints its output; $HELPER is the program's pid
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
alarm 120;
my $select = IO::Select->new($us);
$ENV{HELPER} = $pid;

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

sub ask_peer {
  my ($id, $ip, $wanted, $local) = @_;
  put(header(1, 60, $id) . address($local // '127.0.0.1') . address($ip) . pack 'SSLL', 25, 4000, $wanted, 26);
}

# Takes one answer; what it knows, undef if none comes.
sub take {
  $select->can_read(10) && defined recv($us, my $m, 9000, 0) or return undef;
  return length $m < 12 ? undef : unpack 'x8L', $m;
}

sub flood {
  my ($id, $count, $ip, $wanted, $at_once) = @_;
  my ($first, $asked, $answered, $known) = (unpack('N', inet_aton($ip)), 0, 0, 0);
  while ($answered < $count) {
    if ($asked < $count && $asked - $answered < $at_once) {
      ask_peer($id + $asked, inet_ntoa(pack 'N', $first + $asked), $wanted);
      $asked++;
    } else {
      my $facts = take();
      last unless defined $facts;
      $answered++;
      $known++ if $facts;
    }
  }
  print "$known of $answered known\n";
}

while (defined(my $command = shift)) {
  if ($command eq 'ping') { put(header(4, 0, shift)) }
  elsif ($command eq 'cancel') { put(header(3, 0, shift)) }
  elsif ($command eq 'raw') { put(pack 'H*', shift) }
  elsif ($command eq 'peer') {
    my ($id, $ip, $wanted, $local) = splice @ARGV, 0, 4;
    ask_peer($id, $ip, $wanted, $local);
  } elsif ($command eq 'host') {
    my ($id, $family, $name) = splice @ARGV, 0, 3;
    put(header(2, 260, $id) . pack 'La256', $family, $name);
  } elsif ($command eq 'answers') { for (1 .. shift) { get(10) or print "no answer\n" } }
  elsif ($command eq 'quiet') { get(0.3) or print "quiet\n" }
  elsif ($command eq 'flood') { flood(splice @ARGV, 0, 5) }
  elsif ($command eq 'same') {
    my ($id, $count, $ip, $wanted) = splice @ARGV, 0, 4;
    ask_peer($id + $_, $ip, $wanted) for 0 .. $count - 1;
  } elsif ($command eq 'spread') {
    my ($id, $count, $ip, $wanted) = splice @ARGV, 0, 4;
    my $first = unpack 'N', inet_aton($ip);
    ask_peer($id + $_, inet_ntoa(pack 'N', $first + $_), $wanted) for 0 .. $count - 1;
  } elsif ($command eq 'cancels') {
    my ($id, $count) = splice @ARGV, 0, 2;
    put(header(3, 0, $id + $_)) for 0 .. $count - 1;
  } elsif ($command eq 'drain') {
    my ($count, %facts) = shift;
    for (1 .. $count) { my $facts = take(); $facts{defined $facts ? $facts : 'no answer'}++ }
    print join(', ', map { "$facts{$_} times $_" } sort keys %facts), "\n";
  }
  elsif ($command eq 'sleep') { select undef, undef, undef, shift }
  elsif ($command eq 'shell') { print qx(@{[shift]}) }
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
