# filters-writes.pl cmd…: runs cmd with a standard error that keeps its writes apart, and prints each: its length, a
# blank, and what it says, with the LFs shown as $.
use strict;
use Socket;

socketpair(my $ours, my $theirs, AF_UNIX, SOCK_DGRAM, 0) or die $!;
setsockopt $ours, SOL_SOCKET, SO_RCVBUF, pack 'l', 1 << 20;
my $pid = fork;
if (!$pid) {
  close $ours;
  open STDERR, '>&', $theirs;
  close $theirs;
  open STDOUT, '>', '/dev/null';
  exec @ARGV or exit 111;
}
close $theirs;
$SIG{ALRM} = sub { exit 1 };
alarm 30;
my $ends = 0;
while ($ends < 2 && defined recv $ours, my $said, 65536, 0) {
  $ends++ while $said =~ /\[EOF\]\n/g;
  my $shown = $said;
  $shown =~ tr/\n/$/;
  print length $said, " $shown\n";
}
waitpid $pid, 0;
