#!/usr/bin/perl
# tcpserver-names-helper.pl - stands in for tcplookup in tests/cli/tcpserver-names.t: answers questions from a table,
# late, never, or wrongly. Installed as libexec/tcplookup beside a copy of tcpserver; its folder's `behaviour` file
# holds one line for each remote address: address, action, arguments. Every question is noted in `asked`.
#   answer host=H unconfirmed=H local=H info=I     hold     die     stop     junk     unsound     unknown     short
use strict;
use warnings;
use Fcntl;
use Socket qw(:all);

my ($PEER, $HOST, $CANCEL, $PING, $PEER_ANSWER, $HOST_ANSWER, $PONG) = 1 .. 7;
my $ADDRESS = 24;
my $folder = $ENV{NAMES_FOLDER} or die "NAMES_FOLDER is not set\n";
open(my $s, '+<&=', 0) or die "no socket: $!\n";
fcntl($s, F_SETFL, fcntl($s, F_GETFL, 0) & ~O_NONBLOCK);

sub note { open(my $f, '>>', "$folder/asked") or die; syswrite($f, "@_\n") }
sub say_ { my ($kind, $id, $payload) = @_; send($s, pack('SSL', $kind, length $payload, $id) . $payload, 0) }

sub address {
  my ($family, $scope, @octets) = unpack('LLC16', $_[0]);
  return $family == 4 ? join('.', @octets[0 .. 3]) : inet_ntop(AF_INET6, pack('C16', @octets));
}

sub rule {
  my ($ip) = @_;
  open(my $f, '<', "$folder/behaviour") or return 'answer';
  while (<$f>) { my ($key, $rest) = split(' ', $_, 2); chomp $rest; return $rest if $key eq $ip || $key eq '*' }
  return 'answer';
}

sub answer_of {
  my (%fact) = map { split(/=/, $_, 2) } @_;
  my $known = 0;
  $known |= 1 if exists $fact{host};
  $known |= 8 if exists $fact{unconfirmed};
  $known |= 2 if exists $fact{local};
  $known |= 4 if exists $fact{info};
  my $remote = exists $fact{host} ? $fact{host} : $fact{unconfirmed};
  return pack('La256a256a513x3', $known, $remote // '', $fact{local} // '', $fact{info} // '');
}

note("start $$ @ARGV");
while (defined recv($s, my $message, 16384, 0)) {
  last if $message eq '';
  my ($kind, $size, $id) = unpack('SSL', $message);
  my $payload = substr($message, 8);
  if ($kind == $PING) { note('ping'); say_($PONG, $id, ''); next }
  if ($kind == $CANCEL) { note('cancel'); next }
  my ($local, $remote) = (substr($payload, 0, $ADDRESS), substr($payload, $ADDRESS, $ADDRESS));
  my ($local_port, $remote_port, $wanted, $timeout) = unpack('SSLL', substr($payload, 2 * $ADDRESS));
  my $ip = address($remote);
  note("peer $ip wanted $wanted timeout $timeout local " . address($local));
  my ($action, @rest) = split(' ', rule($ip));
  if ($action eq 'answer') { say_($PEER_ANSWER, $id, answer_of(@rest)) }
  elsif ($action eq 'die') { kill KILL => $$ }
  elsif ($action eq 'stop') { kill STOP => $$ }
  elsif ($action eq 'junk') { send($s, 'x' x 100, 0) }
  elsif ($action eq 'short') { send($s, 'x', 0) }
  elsif ($action eq 'unsound') { say_($PEER_ANSWER, $id, answer_of('host=a b;c')) }
  elsif ($action eq 'unknown') {
    say_($PEER_ANSWER, $_, answer_of('host=wrong.example')) for $id + 1, $id + (1 << 20), 0xffffffff, 0x000fffff;
    say_($PEER_ANSWER, $id, answer_of(@rest));
  }
}
