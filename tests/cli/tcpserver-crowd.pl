#!/usr/bin/perl
# tcpserver-crowd.pl - many clients at once, for the tests.
#   tcpserver-crowd.pl COUNT ADDRESS PORT FROM…    connects COUNT times from the addresses FROM in turn, prints
# "connected" and then does what the lines of its standard input say, until its end:
#   half [N]    shuts down writing of all, or of the Nth from 0         reset [N]    resets all, or that one
#   say [N [TEXT]]   sends a line (x), N may be * for all               read         reads all to their ends, 60 seconds
#               at most, prints each kind of answer with its number, sorted, and "done"
use strict;
use warnings;
use Socket qw(:all);
use IO::Select;

my ($count, $address, $port, @from) = @ARGV;
my @client;
$| = 1;
$SIG{PIPE} = 'IGNORE';
my $to = pack_sockaddr_in($port, inet_aton($address));
for my $n (0 .. $count - 1) {
  socket(my $s, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
  setsockopt($s, IPPROTO_IP, 24, pack('i', 1)); # IP_BIND_ADDRESS_NO_PORT
  bind($s, pack_sockaddr_in(0, inet_aton($from[$n % @from]))) or die "bind: $!\n";
  connect($s, $to) or die "connect: $!\n";
  push @client, $s;
}
print "connected\n";

sub answer_of {
  my ($s) = @_;
  my ($text, $buffer, $n) = ('');
  $text .= $buffer while $n = sysread($s, $buffer, 4096);
  $text =~ tr/\n/;/;
  return defined $n ? $text eq '' ? 'nothing' : $text : "$text($!)";
}

my %DO = (
  half => sub { shutdown($_[0], 1) },
  say => sub { syswrite($_[0], ($_[1] // 'x') . "\n") },
  reset => sub { setsockopt($_[0], SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)); close $_[0] },
);
while (defined(my $line = <STDIN>)) {
  chomp $line;
  my ($what, $n, $text) = split(' ', $line, 3);
  undef $n if defined $n && $n eq '*';
  if ($what eq 'read') {
    my %seen;
    local $SIG{ALRM} = sub { print "no end within 60 seconds\n"; exit 1 };
    alarm 60;
    $seen{answer_of($_)}++ for grep { defined fileno $_ } @client;
    alarm 0;
    print map({ "$seen{$_} $_\n" } sort keys %seen), "done\n";
  } else {
    $DO{$what}->($_, $text) for grep { defined fileno $_ } defined $n ? $client[$n] : @client;
    print "$what done\n";
  }
}
