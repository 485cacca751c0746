#!/usr/bin/perl
# cut.pl PORT STEP HOW SIDE cmd… - runs a client of 127.0.0.1 again and again, through a relay of its own, whose port takes the
# place of the word PORT in the command, and cuts off what that SIDE ("client" or "server") sends after 0, STEP, 2 * STEP …
# octets till all of it got through: HOW is "end" (FIN) or "reset". Prints how many connections were cut, how many octets
# the whole one had, and the exit statuses of the clients that were cut off.
use strict;
use warnings;
use Socket;

my ($port, $step, $how, $side, @command) = @ARGV;
$SIG{PIPE} = 'IGNORE';
socket(my $listener, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
bind($listener, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!\n";
listen($listener, 8) or die "listen: $!\n";
my ($own) = unpack_sockaddr_in(getsockname($listener));

sub reset_on_close { setsockopt($_[0], SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)) }

# Relays till $most octets of one side are through or either has ended; how many there were, and whether it was cut.
sub relay {
  my ($from, $to, $most) = @_;
  my $sent = 0;
  while (1) {
    my $readable = '';
    return ($sent, 1) if $sent == $most;
    vec($readable, fileno $_, 1) = 1 for $from, $to;
    select($readable, undef, undef, undef);
    if (vec($readable, fileno $to, 1)) {
      my $n = sysread($to, my $octets, 65536);
      return ($sent, 0) unless $n;
      syswrite($from, $octets);
    }
    if (vec($readable, fileno $from, 1)) {
      my $room = $most - $sent;
      my $n = sysread($from, my $octets, $room < 65536 ? $room : 65536);
      return ($sent, 0) unless $n;
      syswrite($to, $octets);
      $sent += $n;
    }
  }
}

my ($cut, $total, %statuses) = (0, 0);
sub once {
  my ($most) = @_;
  my $pid = fork() // die "fork: $!\n";
  if ($pid == 0) { open STDOUT, '>', '/dev/null'; exec map({ $_ eq 'PORT' ? $own : $_ } @command) or exit 111 }
  accept(my $client, $listener) or die "accept: $!\n";
  socket(my $server, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
  connect($server, pack_sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!\n";
  my ($from, $to) = $side eq 'client' ? ($client, $server) : ($server, $client);
  my ($sent, $is_cut) = relay($from, $to, $most);
  if ($is_cut && $how eq 'end') {
    shutdown($to, 1);
    1 while sysread($to, my $rest, 65536);
  }
  reset_on_close($to) if $is_cut && $how eq 'reset';
  close $server;
  close $client;
  waitpid($pid, 0);
  $statuses{$? >> 8}++ if $is_cut;
  return ($sent, $is_cut);
}
($total) = once(1 << 30);
for (my $most = 0; $most < $total; $most += $step) {
  my ($sent, $is_cut) = once($most);
  $cut++ if $is_cut;
}
print "$cut of $total: ", join(' ', sort { $a <=> $b } keys %statuses), "\n";
