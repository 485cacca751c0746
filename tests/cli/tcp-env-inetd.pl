#!/usr/bin/perl
# tcp-env-inetd.pl [-2] [-a address] [-u] [-n] program [argument...] - runs the program once for one connection, as inetd
# would: prints its port, accepts, and execs with the connection as descriptors 0 and 1.
#   -2  also as descriptor 2      -a  where to listen (127.0.0.1)      -u  a UNIX stream socket pair instead, at once
#   -n  the listening socket itself, as inetd does for "wait" services, at once
use strict;
use warnings;
use Getopt::Std;
use Socket qw(:all);
use POSIX ();

my %o;
getopts('+2a:un', \%o) && @ARGV or die 'usage';
my $socket;
if ($o{u}) {
  socketpair($socket, my $other, AF_UNIX, SOCK_STREAM, 0) or die $!;
} else {
  my $address = $o{a} // '127.0.0.1';
  my $six = $address =~ /:/;
  socket(my $listener, $six ? AF_INET6 : AF_INET, SOCK_STREAM, 0) or die $!;
  setsockopt($listener, IPPROTO_IPV6, IPV6_V6ONLY, 0) if $six;
  bind($listener, $six ? pack_sockaddr_in6(0, inet_pton(AF_INET6, $address)) : pack_sockaddr_in(0, inet_aton($address)))
    or die $!;
  listen($listener, 5) or die $!;
  my $name = getsockname $listener;
  $| = 1;
  print +($six ? unpack_sockaddr_in6($name) : unpack_sockaddr_in($name))[0], "\n";
  if ($o{n}) { $socket = $listener }
  else { accept($socket, $listener) or die $! }
}
for my $fd (0, 1, $o{2} ? 2 : ()) { POSIX::dup2(fileno $socket, $fd) // die $! }
{ exec { $ARGV[0] } @ARGV }
POSIX::_exit(99);
