#!/usr/bin/perl
# tcpserver-names-helper.pl - stands in for tcplookup in the tests of tcpserver: answers questions from a table, late,
# never, or wrongly. Installed as libexec/tcplookup beside a copy of tcpserver (see tcpserver-names.sh). The file
# `behaviour` in its folder has a line for each remote address (or * for others): address, action, arguments.
#   answer FACT…   at once, with host=H unconfirmed=H local=H info=I unasked=N (16: names, 32: ident, 48: both)
#   later FACT…    when a file `release` appears, which holds the order: forward, reverse or, with another answer to
#                  each after the first one, twice; the file vanishes when they are sent
#   hold           never; pings are answered
#   unknown FACT…  answers ids that nobody asked for, then that of the question
#   stale FACT…    answers all questions before this one with a wrong name, then this one
#   die stop       SIGKILL or SIGSTOP to itself
#   junk short oversized empty unsound dirty kind size question     what no helper sends
# Lines `start die`, `start wait` (read nothing until there is a file `go`) and `start deaf` (read, say nothing at all).
# Every start, question, cancellation and ping is noted in `asked`; some with a time, in milliseconds. That of a start is when
# the process was made, not when it got to run; it counts from another moment.
use strict;
use warnings;
use Fcntl;
use Socket qw(:all);
use IO::Select;
use POSIX ();
use Time::HiRes qw(time sleep);

my ($PEER, $HOST, $CANCEL, $PING, $PEER_ANSWER, $HOST_ANSWER, $PONG) = 1 .. 7;
my $ADDRESS = 24;
my $folder = $ENV{NAMES_FOLDER} or die "NAMES_FOLDER is not set\n";
open(my $s, '+<&=', 0) or die "no socket: $!\n";
fcntl($s, F_SETFL, fcntl($s, F_GETFL, 0) & ~O_NONBLOCK);
open(my $asked, '>>', "$folder/asked") or die;

sub note { syswrite($asked, "@_\n") }
sub now { int(time * 1000) }
sub made { open(my $f, '<', '/proc/self/stat') or return now(); return (split ' ', <$f> =~ s/.*\) //r)[19] * 1000 / POSIX::sysconf(POSIX::_SC_CLK_TCK()) }
sub raw { send($s, $_[0], MSG_NOSIGNAL) }
sub say_ { my ($kind, $id, $payload) = @_; raw(pack('SSL', $kind, length $payload, $id) . $payload) }

sub address {
  my ($family, $scope, @octets) = unpack('LLC16', $_[0]);
  return $family == 4 ? join('.', @octets[0 .. 3]) : inet_ntop(AF_INET6, pack('C16', @octets));
}

sub rule {
  my ($ip) = @_;
  open(my $f, '<', "$folder/behaviour") or return '';
  while (<$f>) { my ($key, $rest) = split(' ', $_, 2); chomp $rest; return $rest if $key eq $ip || $key eq '*' && $ip ne 'start' }
  return $ip eq 'start' ? '' : 'answer';
}

sub answer_of {
  my (%fact) = map { split(/=/, $_, 2) } @_;
  my $known = 0;
  $known |= 1 if exists $fact{host};
  $known |= 8 if exists $fact{unconfirmed};
  $known |= 2 if exists $fact{local};
  $known |= 4 if exists $fact{info};
  $known |= $fact{unasked} if exists $fact{unasked};
  my $remote = exists $fact{host} ? $fact{host} : $fact{unconfirmed};
  return pack('La256a256a513x3', $known, $remote // '', $fact{local} // '', $fact{info} // '');
}

my $wrong = answer_of('host=wrong.example', 'info=wrong');
my (@later, @ids, %ip_of);
my %DO = (
  answer => sub { my $id = shift; say_($PEER_ANSWER, $id, answer_of(@_)) },
  later => sub { push @later, [@_] },
  hold => sub { },
  unknown => sub {
    my $id = shift;
    say_($PEER_ANSWER, $_, $wrong) for ($id + 1) & 0xffffffff, ($id + (1 << 20)) & 0xffffffff, 0xffffffff, 0x000fffff;
    say_($PEER_ANSWER, $id, answer_of(@_));
  },
  stale => sub {
    my $id = shift;
    say_($PEER_ANSWER, $_, $wrong) for @ids[0 .. $#ids - 1];
    say_($PEER_ANSWER, $id, answer_of(@_));
  },
  die => sub { kill KILL => $$ },
  stop => sub { kill STOP => $$ },
  junk => sub { raw('x' x 100) },
  short => sub { raw('x') },
  oversized => sub { raw(pack('SSL', $PEER_ANSWER, length $wrong, $_[0]) . $wrong . 'x' x 20000) },
  empty => sub { raw('') },
  unsound => sub { say_($PEER_ANSWER, $_[0], answer_of('host=a b;c')) },
  dirty => sub { say_($PEER_ANSWER, $_[0], pack('La256a256a513x3', 0, 'unmentioned.example', '', '')) },
  kind => sub { say_($HOST_ANSWER, $_[0], pack('LLLx768', 4, 1, 0)) },
  size => sub { raw(pack('SSL', $PEER_ANSWER, 4, $_[0]) . $wrong) },
  question => sub { say_($PING, $_[0], '') },
);

sub release {
  open(my $f, '<', "$folder/release") or return;
  my $order = <$f> // '';
  return if $order eq '';
  @later = reverse @later if $order =~ /reverse/;
  for (@later) {
    my ($id, @facts) = @$_;
    say_($PEER_ANSWER, $id, answer_of(@facts));
    say_($PEER_ANSWER, $id, $wrong) if $order =~ /twice/;
  }
  @later = ();
  unlink "$folder/release";
}

my $start = rule('start');
my $server = getppid;
note("start $$", made(), "@ARGV");
exit 1 if $start eq 'die';
while ($start eq 'wait' && !-e "$folder/go") { sleep 0.01; exit 0 if getppid != $server }

my $select = IO::Select->new($s);
while (1) {
  release() if @later;
  next unless $select->can_read(@later ? 0.01 : undef);
  defined recv($s, my $message, 16384, 0) or last;
  last if $message eq '';
  next if $start eq 'deaf';
  my ($kind, $size, $id) = unpack('SSL', $message);
  my $payload = substr($message, 8);
  if ($kind == $PING) { note('ping'); say_($PONG, $id, ''); next }
  if ($kind == $CANCEL) { note('cancel', $ip_of{$id} // 'nobody'); note('time cancel', now()); @later = grep { $_->[0] != $id } @later; next }
  my ($local, $remote) = (substr($payload, 0, $ADDRESS), substr($payload, $ADDRESS, $ADDRESS));
  my ($local_port, $remote_port, $wanted, $timeout) = unpack('SSLL', substr($payload, 2 * $ADDRESS));
  my $ip = address($remote);
  $ip_of{$id} = $ip;
  push @ids, $id;
  note("peer $ip wanted $wanted timeout $timeout local " . address($local));
  note('time peer', now());
  my ($action, @rest) = split(' ', rule($ip));
  ($DO{$action} // die "no action $action\n")->($id, @rest);
}
