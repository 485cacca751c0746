#!/usr/bin/perl
# tcpserver-idle.pl - a client that does one thing after the other, for the tests.
#   tcpserver-idle.pl ADDRESS PORT ACTION…       each with its operand after a colon:
#     send:TEXT  oob:TEXT     sends that; the last octet of the latter urgent
#     pause:SECONDS           as a slow client does            await:FILE    till that file is there
#     half  reset             no more to send; resets, and is done
#     take:N                  reads so many octets, a million a second
#     end                     prints what comes up to the end, and "ended" if that took a second or more after the action
#                             before, and a good part of it after the last that came, else "ended early"
use strict;
use warnings;
use Socket qw(:all);
use Time::HiRes qw(time sleep);

my ($address, $port, @actions) = @ARGV;
$| = 1;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { print "no end within 60 seconds\n"; exit 2 };
alarm 60;
socket(my $s, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
setsockopt($s, SOL_SOCKET, SO_RCVBUF, 65536);
# From before each action: the server may see it before we get to look at the clock.
my $since = time;
connect($s, pack_sockaddr_in($port, inet_aton($address))) or die "connect: $!\n";

sub take {
  my ($left) = @_;
  while ($left > 0) {
    my $n = sysread($s, my $buffer, $left < 200000 ? $left : 200000);
    unless ($n) { print defined $n ? "cut off\n" : "$!\n"; exit 3 }
    $left -= $n;
    sleep $n / 1000000;
  }
}

sub end {
  my ($n, $buffer, $came) = (undef, '', $since);
  while ($n = sysread($s, $buffer, 65536)) {
    print $buffer;
    $came = time;
  }
  print "($!)\n" unless defined $n;
  print time - $since >= 0.98 && time - $came >= 0.5 ? "ended\n" : "ended early\n";
}

my %DO = (
  send => sub { syswrite($s, $_[0]) },
  oob => sub { send($s, $_[0], MSG_OOB) },
  pause => sub { sleep $_[0] },
  await => sub { sleep 0.02 until -e $_[0] },
  half => sub { shutdown($s, 1) },
  reset => sub { setsockopt($s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)); close $s; exit 0 },
  take => \&take,
  end => \&end,
);
for (@actions) {
  my ($what, $operand) = split /:/, $_, 2;
  $since = time unless $what eq 'pause' || $what eq 'end';
  $DO{$what}->($operand);
}
