# tcpserver-early.pl SIGNAL COUNT tcpserver -1 args…: starts it so often, and sends it the signal as soon as its main has
# begun: then descriptor 0, which was closed, is /dev/null. When it has announced its port it is told to end, but after ALRM,
# which should end it. Prints what became of it, once if it is the same each time: "port" if it got so far, and its end.
use strict;
use warnings;

my ($signal, $count, @command) = @ARGV;
my ($pid, %seen);
$SIG{ALRM} = sub { kill KILL => $pid; die "tcpserver goes on and on\n" };
# No child has /dev/null as its descriptor 0 before it is tcpserver.
open STDIN, '<', $0 or die;

for (1 .. $count) {
    pipe(my $from, my $to) or die;
    $pid = fork // die;
    if ($pid == 0) {
        open STDOUT, '>&', $to or die;
        close STDIN;
        exec @command or die;
    }
    close $to;
    alarm 20;
    1 until (readlink("/proc/$pid/fd/0") // '') eq '/dev/null';
    kill $signal => $pid;
    my $port = sysread($from, my $text, 10) ? 'port, ' : '';
    kill TERM => $pid if $signal ne 'ALRM';
    waitpid $pid, 0;
    $seen{$port . ($? & 127 ? 'signal ' . ($? & 127) : 'exit ' . ($? >> 8))}++;
}
print join('; ', sort keys %seen), "\n";
