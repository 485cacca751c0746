#!/usr/bin/perl
# flood.pl PORT COUNT WORKER - is who is served already made to wait for others' handshakes? To an echo service at
# 127.0.0.1: one connection that is served, then COUNT whose hellos come all at once, because the process that speaks TLS is
# stopped meanwhile, then a line on the first. Prints "at once" if it comes back before three quarters of the hellos are answered,
# else "late", and how many are.
use strict;
use warnings;
use IPC::Open2;
use Socket;

my ($port, $count, $worker) = @ARGV;
$SIG{PIPE} = 'IGNORE';

sub connection {
  my ($to) = @_;
  socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  connect($s, sockaddr_in($to, INADDR_LOOPBACK)) or die "connect: $!";
  return $s;
}

# openssl's own hello, as it is sent to somebody who keeps it
sub hello {
  socket(my $l, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  bind($l, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
  listen($l, 1) or die "listen: $!";
  my ($there) = sockaddr_in(getsockname $l);
  my $pid = open2(my $out, my $in, 'openssl', 's_client', '-connect', "127.0.0.1:$there");
  accept(my $s, $l) or die "accept: $!";
  sysread $s, my $hello, 65536 or die "no hello: $!";
  close $s;
  waitpid $pid, 0;
  return $hello;
}

my $hello = hello();
my $pid = open2(my $from, my $to, 'openssl', 's_client', '-quiet', '-connect', "127.0.0.1:$port");
sub say_line { syswrite $to, "line\n" }
sub hear_line { sysread $from, my $line, 100 or die "no echo: $!" }
say_line();
hear_line();
my @others = map { connection($port) } 1 .. $count;
kill 'STOP', $worker;
syswrite $_, $hello for @others;
say_line();
kill 'CONT', $worker;
hear_line();
my $answered = grep { my $bits = ''; vec($bits, fileno $_, 1) = 1; select $bits, undef, undef, 0 } @others;
print $answered < $count * 3 / 4 ? "at once\n" : "late: $answered\n";
kill 'TERM', $pid;
