#!/usr/bin/perl
# tcpclient-lookup.pl - takes the place of tcplookup in tcpclient's tests. Writes each question as a line into
# $FAKE_LOG and then goes through the steps of $FAKE_HOST (or of $FAKE_PEER, for questions about a connection):
#
#   4=A,B 6=A,B   these addresses       4=none 4=failure 4=settings 6=…   no addresses
#   host=NAME local=NAME info=USER      facts, which are sent with `peer`; `peer` alone: nothing is known
#   wait=MS       pause                 die      exit                     stop   SIGSTOP to itself
#   garbage       an unknown message    short    one that is too short    pong   what nobody asked for
#   evil=HEX      an answer with this payload (filled up with NULs)       other  an answer to another question
#   count=N       an IPv4 answer that claims to hold N addresses
use strict;
use warnings;
use Socket qw(inet_pton AF_INET AF_INET6 inet_ntop);

my ($peer, $host, $peer_answer, $host_answer, $pong) = (1, 2, 5, 6, 7);
my %status = (none => 1, failure => 2, settings => 3);
my %known = (host => 1, local => 2, info => 4);

open my $socket, '+<&=', 0 or die;
open my $log, '>>', $ENV{FAKE_LOG} or die "$ENV{FAKE_LOG}: $!";
$log->autoflush(1);
print $log "start $$ @ARGV\n";

sub say_to_client {
    my ($kind, $size, $id, $payload) = @_;
    syswrite $socket, pack('SSL', $kind, $size, $id) . pack("a$size", $payload);
}

sub address {
    my ($text) = @_;
    return pack 'LLa16', $text =~ /:/ ? (6, 0, inet_pton(AF_INET6, $text)) : (4, 0, inet_pton(AF_INET, $text));
}

sub text_of {
    my ($family, undef, $octets) = unpack 'LLa16', $_[0];
    return $family == 4 ? inet_ntop(AF_INET, substr $octets, 0, 4) : inet_ntop(AF_INET6, $octets);
}

sub host_answer {
    my ($id, $family, $what) = @_;
    my @address = exists $status{$what} ? () : split /,/, $what;
    say_to_client($host_answer, 780, $id,
        pack('LLL', $family, $status{$what} // 0, scalar @address) . join '', map { address($_) } @address);
}

for (;;) {
    my $ready = '';
    vec($ready, 0, 1) = 1;
    select $ready, undef, undef, undef;
    my $n = sysread $socket, my $question, 9000;
    last unless $n;
    my ($kind, undef, $id, $payload) = unpack 'SSLa*', $question;
    my %fact;
    if ($kind == $host) {
        printf $log "host %d %s\n", unpack 'LZ*', $payload;
    } elsif ($kind == $peer) {
        my ($local, $remote, $local_port, $remote_port, $wanted, $timeout) = unpack 'a24a24SSLL', $payload;
        printf $log "peer %d timeout %d local %s %d remote %s %d\n", $wanted, $timeout, text_of($local), $local_port,
            text_of($remote), $remote_port;
    }
    for my $step (split ' ', ($kind == $host ? $ENV{FAKE_HOST} : $ENV{FAKE_PEER}) // '') {
        my ($verb, $argument) = split /=/, $step, 2;
        if ($verb eq '4' || $verb eq '6') { host_answer($id, $verb, $argument) }
        elsif (exists $known{$verb}) { $fact{$verb} = $argument }
        elsif ($verb eq 'peer') {
            my $known = 0;
            $known |= $known{$_} for keys %fact;
            say_to_client($peer_answer, 1032, $id,
                pack('La256a256a513', $known, map { $fact{$_} // '' } qw(host local info)));
        }
        elsif ($verb eq 'wait')    { select undef, undef, undef, $argument / 1000 }
        elsif ($verb eq 'die')     { exit 3 }
        elsif ($verb eq 'stop')    { kill STOP => $$ }
        elsif ($verb eq 'garbage') { say_to_client(99, 4, $id, 'xxxx') }
        elsif ($verb eq 'short')   { say_to_client($host_answer, 12, $id, 'xxxx') }
        elsif ($verb eq 'pong')    { say_to_client($pong, 0, $id, '') }
        elsif ($verb eq 'other')   { host_answer($id + 5, 4, '127.0.0.99') }
        elsif ($verb eq 'count')   { say_to_client($host_answer, 780, $id, pack('LLL', 4, 0, $argument)) }
        elsif ($verb eq 'evil') {
            say_to_client($kind == $host ? ($host_answer, 780) : ($peer_answer, 1032), $id, pack('H*', $argument));
        }
        else { die "$step: no such step" }
    }
}
