#!/usr/bin/perl
# tcpmuxd-client.pl TRANSPORT STEP… [-- program…]: plays a TCPMUX client, step by step, for tests/cli/tcpmuxd*.t.
# TRANSPORT: tcp:PORT (on 127.0.0.1), or pair: starts program… on one end of a socket pair (nonblocking-pair: whose
# other end was made nonblocking).
# What is received goes to standard output as it is; "<reset>" says that the connection was reset.
#
#   send:TEXT    \r \n \0 \xHH are understood         drip:TEXT   the same, an octet at a time
#   fill:N       sends N letters; stops without an error when the other side has gone
#   line         receives up to and with LF           eof         receives until the other side closes
#   shut         closes the sending direction         reset       closes with a reset
#   slow:TEXT    an octet every 150 ms                 start       starts program… only now
#   make:FILE    creates FILE                         until:FILE  waits until FILE exists
#   alive        prints whether program… is still there, a while later
#   status       waits for program… and prints its exit status, or "signal N"
use strict;
use warnings;
use Socket;
use Fcntl;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep);

$SIG{PIPE} = 'IGNORE';
alarm 120;
$| = 1;
my $transport = shift;
my (@steps, $program);
while (@ARGV) {
  my $step = shift;
  last if $step eq '--';
  push @steps, $step;
}

sub tcp {
  my ($port) = @_;
  socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  connect($s, pack_sockaddr_in($port, inet_aton('127.0.0.1'))) or die "connect: $!";
  return $s;
}

sub pair {
  socketpair(my $mine, my $theirs, AF_UNIX, SOCK_STREAM, 0) or die "socketpair: $!";
  fcntl($theirs, F_SETFL, O_RDWR | O_NONBLOCK) if $transport eq "nonblocking-pair";
  return ($mine, $theirs);
}

sub start {
  my ($mine, $theirs, @argv) = @_;
  $program = fork;
  die "fork: $!" unless defined $program;
  if (!$program) {
    $SIG{PIPE} = 'DEFAULT';
    alarm 0;
    close $mine if $mine;
    open(STDIN, '<&', $theirs) && open(STDOUT, '>&', $theirs) or die "dup: $!";
    close $theirs;
    exec { $argv[0] } @argv or die "$argv[0]: $!";
  }
}

sub octets {
  my ($text) = @_;
  $text =~ s/\\(r|n|0|x([0-9a-fA-F]{2}))/defined $2 ? chr hex $2 : {r => "\r", n => "\n", 0 => "\0"}->{$1}/ge;
  return $text;
}

my ($s, $other) = $transport =~ /^tcp:(\d+)$/ ? (tcp($1)) : pair();

sub begin {
  start($s, $other, @ARGV);
  close $other;
  undef $other;
}
begin() if $other && !grep { $_ eq "start" } @steps;

sub give {
  my ($text) = @_;
  while (length $text) {
    my $n = syswrite($s, $text);
    return 0 unless $n;
    substr($text, 0, $n) = '';
  }
  return 1;
}

sub take {
  my ($size) = @_;
  my $n = sysread($s, my $got, $size);
  if (!defined $n) {
    print "<reset>";
    return;
  }
  print $got;
  return $n ? $got : undef;
}

for my $step (@steps) {
  my ($verb, $object) = split /:/, $step, 2;
  if ($verb eq 'send') { give(octets($object)) or print "<gone>" }
  elsif ($verb eq 'drip') { for my $c (split //, octets($object)) { give($c) or last; sleep 0.003 } }
  elsif ($verb eq 'slow') { for my $c (split //, octets($object)) { give($c) or last; sleep 0.15 } }
  elsif ($verb eq 'start') { begin() }
  elsif ($verb eq 'fill') { my $left = $object; while ($left > 0) { my $n = $left > 65536 ? 65536 : $left; give('a' x $n) or last; $left -= $n } }
  elsif ($verb eq 'line') { while (defined(my $c = take(1))) { last if $c eq "\n" } }
  elsif ($verb eq 'eof') { 1 while defined take(65536) }
  elsif ($verb eq 'shut') { shutdown($s, 1) }
  elsif ($verb eq 'reset') { setsockopt($s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)); close $s; undef $s }
  elsif ($verb eq 'make') { open(my $f, '>', $object) or die "$object: $!" }
  elsif ($verb eq 'until') { sleep 0.01 until -e $object }
  elsif ($verb eq 'alive') { sleep 0.2; print waitpid($program, WNOHANG) == 0 ? "alive" : "gone" }
  elsif ($verb eq 'status') { waitpid $program, 0; print $? & 127 ? "signal " . ($? & 127) : $? >> 8 }
  else { die "no such step: $step" }
}
