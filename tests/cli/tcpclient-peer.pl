#!/usr/bin/perl
# tcpclient-peer.pl [-6] [-b backlog] [-a address] [-p port] step… - the other side in tcpclient's tests. Listens on
# 127.0.0.1 or ::1, prints its port on stdout, then lets each connection, one after the other, go through the steps:
#
#   request       read one line, say "request LINE" on stderr     send=TEXT     TEXT with \r \n \0 \e \xHH
#   drip=TEXT     the same, octet by octet, 5 ms apart            flood=N       N octets x
#   file=FILE     all that is in FILE                             echo          until the client's EOF
#   slurp=FILE    read to EOF, into FILE                          sip=FILE      the same, slowly
#   shut          no more from this side                          reset         close with a RST
#   wait=FILE     until FILE exists                               touch=FILE    make FILE
#   hold          read and forget until EOF                       refuse        never accept at all
#   urgent=OCTET  one octet of urgent data
#   from          say "from ADDRESS PORT" on stderr
use strict;
use warnings;
use IO::Socket::IP;
use Socket qw(MSG_OOB SOL_SOCKET SO_LINGER);

$SIG{PIPE} = 'IGNORE';
my %option = ('-b' => 50, '-a' => '127.0.0.1', '-p' => 0);
while (@ARGV && $ARGV[0] =~ /^-/) {
    my $letter = shift;
    if ($letter eq '-6') { $option{'-a'} = '::1' } else { $option{$letter} = shift }
}
my @steps = @ARGV;

# IO::Socket takes a backlog of 0 for none given.
my $listener = IO::Socket::IP->new(LocalHost => $option{'-a'}, LocalPort => $option{'-p'}, Proto => 'tcp', ReuseAddr => 1)
    or die "listen: $@";
listen $listener, $option{'-b'} or die "listen: $!";
$| = 1;
print $listener->sockport, "\n";
if (@steps && $steps[0] eq 'refuse') { sleep 600; exit }

sub unescape {
    my ($text) = @_;
    my %short = (r => "\r", n => "\n", 0 => "\0", e => "\e", '\\' => '\\');
    $text =~ s/\\(?:x([0-9a-f]{2})|(.))/defined $1 ? chr hex $1 : $short{$2}/gei;
    return $text;
}

sub put {
    my ($c, $text) = @_;
    for (my $done = 0; $done < length $text;) {
        my $n = syswrite $c, $text, length($text) - $done, $done;
        return unless defined $n;
        $done += $n;
    }
}

sub slurp {
    my ($c, $file, $nap) = @_;
    open my $f, '>', "$file.new" or die "$file: $!";
    while (sysread $c, my $part, 65536) {
        syswrite $f, $part;
        select undef, undef, undef, $nap if $nap;
    }
    rename "$file.new", $file;
}

sub request {
    my ($c) = @_;
    my $line = '';
    while (sysread $c, my $octet, 1) {
        $line .= $octet;
        last if $octet eq "\n";
    }
    $line =~ s/\r/\\r/;
    $line =~ s/\n/\\n/;
    print STDERR "request $line\n";
}

my %do = (
    request => sub { request($_[0]) },
    send    => sub { put($_[0], unescape($_[1])) },
    urgent  => sub { send $_[0], $_[1], MSG_OOB },
    drip    => sub {
        for my $octet (split //, unescape($_[1])) { put($_[0], $octet); select undef, undef, undef, 0.005 }
    },
    flood   => sub { put($_[0], 'x' x $_[1]) },
    file    => sub { open my $f, '<', $_[1] or die; local $/; put($_[0], scalar <$f>) },
    echo    => sub { while (sysread $_[0], my $part, 65536) { put($_[0], $part) } },
    slurp   => sub { slurp(@_, 0) },
    sip     => sub { slurp(@_, 0.002) },
    hold    => sub { while (sysread $_[0], my $part, 65536) { } },
    shut    => sub { shutdown $_[0], 1 },
    reset   => sub { setsockopt $_[0], SOL_SOCKET, SO_LINGER, pack('ii', 1, 0) },
    # In one write: whoever reads it may be there at once.
    from    => sub { print STDERR join(' ', 'from', $_[0]->peerhost, $_[0]->peerport) . "\n" },
    wait    => sub { select undef, undef, undef, 0.01 until -e $_[1] },
    touch   => sub { open my $f, '>', $_[1] or die },
);
while (my $c = $listener->accept) {
    for my $step (@steps) {
        my ($verb, $argument) = split /=/, $step, 2;
        $do{$verb}->($c, $argument);
    }
    close $c;
}
