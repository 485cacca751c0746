#!/usr/bin/perl
# flood.pl PORT COUNT WORKER FILE - is who is served already made to wait for others' handshakes? At 127.0.0.1 there is a service
# that says "there", says "line" as soon as FILE exists, and then makes FILE.said. One connection that is served, then, while the
# process that speaks TLS is stopped, COUNT whose hellos come, and that line: what went out first when it goes on? Prints
# "at once" if less than half of the hellos were answered before the line, else "late", and how many were. When that was is what the
# system says of the sockets: nobody need be awake to see it.
use strict;
use warnings;
use IO::Select;
use IPC::Open2;
use Socket qw(:DEFAULT IPPROTO_TCP);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep);

use constant TCP_INFO => 11;
# In struct tcp_info: how long ago data came, in milliseconds.
use constant LAST_DATA_RECV => 8 + 4 * 11;

my ($port, $count, $worker, $file) = @ARGV;
$SIG{PIPE} = 'IGNORE';

sub connection {
  socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  connect($s, sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!";
  return $s;
}

# openssl's client, whose connection comes to us: that, its process, what it says and what it is told
sub client {
  socket(my $l, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  bind($l, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
  listen($l, 1) or die "listen: $!";
  my ($there) = sockaddr_in(getsockname $l);
  my $pid = open2(my $out, my $in, 'openssl', 's_client', '-quiet', '-connect', "127.0.0.1:$there");
  accept(my $s, $l) or die "accept: $!";
  return ($s, $pid, $out, $in);
}

# What it sends to somebody who keeps it.
sub hello {
  my ($s, $pid) = client();
  sysread $s, my $hello, 65536 or die "no hello: $!";
  close $s;
  waitpid $pid, 0;
  return $hello;
}

sub relay {
  my ($one, $other) = @_;
  my $both = IO::Select->new($one, $other);
  while (1) {
    for my $from ($both->can_read) {
      sysread $from, my $octets, 65536 or exit;
      syswrite $from == $one ? $other : $one, $octets;
    }
  }
}

# In seconds, of a clock that is the same for all.
sub came {
  my $info = getsockopt($_[0], IPPROTO_TCP, TCP_INFO) or die "TCP_INFO: $!";
  return clock_gettime(CLOCK_MONOTONIC) - unpack('L', substr($info, LAST_DATA_RECV, 4)) / 1000;
}

my $hello = hello();
my ($inside, $client, $out, $in) = client();
my $served = connection();
my $relay = fork // die "fork: $!";
relay($inside, $served) if $relay == 0;
my $heard = '';
sub hear { my ($words) = @_; while ($heard !~ /$words/) { sysread $out, $heard, 100, length $heard or die "no $words: $!" } }

hear("there\n");
my @others = map { connection() } 1 .. $count;
kill 'STOP', $worker;
syswrite $_, $hello for @others;
open(my $now, '>', $file) or die "$file: $!";
sleep 0.01 until -e "$file.said";
kill 'CONT', $worker;
hear("line\n");
my $line = came($served);
my $before = grep { came($_) < $line } IO::Select->new(@others)->can_read(0);
print $before < $count / 2 ? "at once\n" : "late: $before\n";
kill 'TERM', $relay, $client;
