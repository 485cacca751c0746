#!/usr/bin/perl
# tcpclient-ends.pl INPUT OUTPUT FROM TO command… - runs a command whose descriptors 0 and 1 are of the kinds named
# (pipe, file or socket; same same: one socket for both), feeds it the file FROM, stores what it writes in the file
# TO, and exits with its status. Feeding and storing go on at the same time, each to its own end.
use strict;
use warnings;
use Socket;

my ($input, $output, $from, $to, @command) = @ARGV;
my ($feed, $stdin, $store, $stdout);

sub ends {
    my ($kind) = @_;
    if ($kind eq 'pipe') { pipe my $r, my $w or die; return ($r, $w) }
    socketpair my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die;
    return ($a, $b);
}

if ($input eq 'same') {
    ($stdin, $feed) = ends('socket');
    ($store, $stdout) = ($feed, $stdin);
} else {
    if ($input eq 'file') { open $stdin, '<', $from or die } else { ($stdin, $feed) = ends($input) }
    if ($output eq 'file') { open $stdout, '>', $to or die } else { ($store, $stdout) = ends($output) }
}

my $child = fork;
if (!$child) {
    open STDIN, '<&', $stdin or die;
    open STDOUT, '>&', $stdout or die;
    close $_ for grep { defined } $stdin, $stdout, $feed, $store;
    exec @command or exit 127;
}
close $stdin;
close $stdout if fileno $stdout;

my $feeder = $feed ? fork : 0;
if ($feed && !$feeder) {
    open my $f, '<', $from or die;
    while (sysread $f, my $part, 65536) {
        for (my $done = 0; $done < length $part;) { $done += syswrite($feed, $part, length($part) - $done, $done) || die }
    }
    $input eq 'pipe' ? close $feed : shutdown $feed, 1;
    exit 0;
}
close $feed if $feed && $input ne 'same';
if ($store) {
    open my $f, '>', $to or die;
    while (sysread $store, my $part, 65536) { syswrite $f, $part }
}
waitpid $child, 0;
my $status = $?;
waitpid $feeder, 0 if $feeder;
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
