#!/usr/bin/perl
# tcpserver-sql-peer.pl - a database's side of one connection, below tcpserver:
#   relay SOCKET            passes all to the server at that path and back
#   pretend FILE            greets as a server that has no TLS does, takes one packet, and writes what it was into FILE
#   pretend FILE program…   the same with TLS: greets, takes the packet that asks for it, and leaves the rest to program…
#   take FILE               such a program's program: writes the packet into FILE
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

$SIG{PIPE} = 'IGNORE';
my ($role, $path, @program) = @ARGV;

sub relay {
    my $server = IO::Socket::UNIX->new($path) or exit 1;
    my %to = (fileno STDIN, $server, fileno $server, \*STDOUT);
    my $select = IO::Select->new(\*STDIN, $server);
    while (1) {
        for my $from ($select->can_read) {
            sysread $from, my $octets, 65536 or exit 0;
            for (my $sent = 0; $sent < length $octets;) {
                $sent += syswrite $to{fileno $from}, $octets, 65536, $sent or exit 0;
            }
        }
    }
}

# Protocol::HandshakeV10 of the manuals: what the server can, in two halves, between the two of a challenge.
sub greet {
    my $can = 0x8a20d | ($_[0] ? 0x800 : 0);    # long passwords and flags, a database, protocol 4.1, plugins; TLS
    my $greeting = pack 'CZ*Va8CvCvvCx10Z13Z*', 10, '10.11.0-pretended', 1, 'a' x 8, 0, $can & 0xffff, 8, 2, $can >> 16, 21,
        'b' x 12, 'mysql_native_password';
    syswrite STDOUT, pack('VXC', length $greeting, 0) . $greeting;
}

# At most one packet of so many octets comes before an answer.
sub take {
    my $taken = '';
    sysread STDIN, $taken, 4096;
    $taken =~ s/[^ -~]/./g;
    open my $file, '>', "$path.new" or die "$path: $!";
    print $file "taken: $taken\n";
    close $file;
    rename "$path.new", $path;
}

if ($role eq 'relay') { relay() }
elsif ($role eq 'take') { take() }
else {
    greet(scalar @program);
    if (@program) {
        for (my $left = 36; $left > 0;) {
            $left -= sysread STDIN, my $octets, $left or last;
        }
        exec @program;
    }
    take();
}
