#!/usr/bin/perl
# raw.pl - what no TLS library would send, to 127.0.0.1:
#   raw.pl PORT send NAME     one of the things below; prints what comes back: "alert N", "hello", "text", "nothing"
#   raw.pl PORT names         their names
#   raw.pl PORT ciphers       which of all ciphers there could be are taken, each offered alone: in TLS 1.2, then TLS 1.3
#   raw.pl PORT choice LIST   which of these (hexadecimal, comma-separated) is taken
#   raw.pl PORT groups        likewise which groups of TLS 1.3
#   raw.pl PORT versions      and which versions
#   raw.pl PORT slow COUNT    that many connections at once say a good hello, an octet each 200 ms; prints how many were
#                             ended, and after how many seconds the last one
use strict;
use warnings;
use Socket;
use Time::HiRes qw(time);

my ($port, $what, $argument) = @ARGV;
$SIG{PIPE} = 'IGNORE';

sub record { my ($type, $version, $body) = @_; return pack('Cnn', $type, $version, length $body) . $body }
sub extension { my ($type, $body) = @_; return pack('nn', $type, length $body) . $body }
sub list16 { return pack('n', 2 * @_) . pack('n*', @_) }

my @groups = (0x1d, 0x17, 0x18);
my $signatures = extension(13, list16(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0201, 0x0203));

# hello VERSION, CIPHERS, EXTENSIONS, COMPRESSIONS
sub hello {
  my ($version, $ciphers, $extensions, $compressions) = @_;
  $compressions //= "\0";
  my $body = pack('n', $version) . ('r' x 32) . "\0" . list16(@$ciphers) . pack('C', length $compressions) . $compressions;
  $body .= pack('n', length $extensions) . $extensions if defined $extensions;
  return record(22, 0x0301, "\1" . substr(pack('N', length $body), 1) . $body);
}

sub hello12 {
  my ($version, @ciphers) = @_;
  return hello($version, \@ciphers, extension(10, list16(@groups)) . extension(11, "\1\0") . $signatures);
}

sub hello13 {
  my ($ciphers, $group) = @_;
  my $share = $group ? '' : pack('nn', 0x1d, 32) . ('k' x 32);
  return hello(0x0303, $ciphers, extension(10, list16($group // 0x1d)) . $signatures .
    extension(43, "\2\x03\x04") . extension(51, pack('n', length $share) . $share));
}

my @good = (0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8);
srand(1);
my %THINGS = (
  'http' => "GET / HTTP/1.1\r\nHost: mail.example.org\r\n\r\n",
  'https-proxy' => "CONNECT mail.example.org:443 HTTP/1.1\r\n\r\n",
  'smtp' => "EHLO mail.example.org\r\n",
  'garbage' => join('', map { chr int rand 256 } 1 .. 60000),
  'zeros' => "\0" x 5000,
  'ones' => "\xff" x 5000,
  'sslv2' => pack('H*', '802e0100020015000000100700c00300800600400200800400800000') . ('c' x 20),
  'sslv3' => record(22, 0x0300, "\1\0\0\x29" . "\3\0" . ('r' x 32) . "\0" . list16(0x000a) . "\1\0"),
  'tls1.0' => hello12(0x0301, 0xc009, 0xc013, @good),
  'tls1.1' => hello12(0x0302, 0xc009, 0xc013, @good),
  'no-cipher' => hello12(0x0303, 0x0000, 0x0001, 0x0005, 0x000a, 0x002f, 0x009c, 0xc006, 0xc009),
  'no-null-compression' => hello(0x0303, \@good, extension(10, list16(@groups)) . $signatures, "\1"),
  'no-group' => hello13([0x1301], 0x0019),
  'long-record' => record(22, 0x0301, 'x' x 0xffff),
  'long-message' => record(22, 0x0301, "\1\xff\xff\xff") x 50,
  'empty-records' => record(22, 0x0301, '') x 10000,
  'cut-extensions' => hello(0x0303, \@good, pack('nn', 10, 5000) . 'x'),
  'alert' => record(21, 0x0301, "\2\x28"),
  'warnings' => record(21, 0x0301, "\1\x5a") x 1000,
  'data-first' => record(23, 0x0303, 'x' x 100),
  'changes-first' => record(20, 0x0303, "\1") x 1000,
  'server-hello' => record(22, 0x0303, "\2\0\0\0"),
  'heartbeat' => record(24, 0x0302, "\1\x40\0"),
  'hello-and-garbage' => hello12(0x0303, @good) . ('garbage' x 1000),
  'hello13-and-garbage' => hello13([0x1301]) . ('garbage' x 1000),
  'hello-twice' => hello12(0x0303, @good) x 2,
  'hello13-and-data' => hello13([0x1301]) . record(23, 0x0303, 'early' x 20) x 5,
);

sub connected {
  socket(my $s, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
  connect($s, pack_sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!\n";
  return $s;
}

# All that comes till the end, or till a reset.
sub answer_to {
  my ($octets) = @_;
  my ($s, $answer, $at) = (connected(), '', 0);
  local $SIG{ALRM} = sub { print "no end within 20 seconds\n"; exit 1 };
  alarm 20;
  while ($at < length $octets) { $at += syswrite($s, $octets, 65536, $at) // last }
  shutdown($s, 1);
  1 while sysread($s, $answer, 65536, length $answer);
  alarm 0;
  return $answer;
}

# What an answer is made of, record by record.
sub describe {
  my ($answer) = @_;
  my %seen;
  return 'nothing' if $answer eq '';
  while (length $answer) {
    my ($type, $version, $size) = length $answer >= 5 ? unpack('Cnn', $answer) : (0, 0, 0);
    return 'text' unless $type >= 20 && $type <= 23 && $version >> 8 == 3 && length $answer >= 5 + $size;
    my $body = substr($answer, 5, $size);
    $seen{'hello'} = 1 if $type == 22 && $body =~ /^\x02/;
    $seen{'alert ' . ord substr($body, 1)} = 1 if $type == 21 && $size == 2;
    $seen{'sealed'} = 1 if $type == 23;
    substr($answer, 0, 5 + $size) = '';
  }
  return join(' ', sort keys %seen) || 'handshake';
}

# The cipher of the hello that comes first; undef if there is none.
sub cipher_in {
  my ($answer) = @_;
  return undef unless $answer =~ /^\x16\x03...\x02/s;
  my $at = 5 + 4 + 2 + 32;
  $at += 1 + ord substr($answer, $at, 1);
  return unpack('n', substr($answer, $at, 2));
}

my %DO = (
  names => sub { print "$_\n" for sort keys %THINGS },
  send => sub { print describe(answer_to($THINGS{$argument} // die "no such thing: $argument\n")), "\n" },
  ciphers => sub {
    my @taken12 = grep { (cipher_in(answer_to(hello12(0x0303, $_))) // -1) == $_ } 0 .. 0x00ff, 0xc000 .. 0xc0b5, 0xcc13 .. 0xcc15,
      0xcca8 .. 0xccae, 0xd000 .. 0xd005, 0x1301 .. 0x1305;
    my @taken13 = grep { (cipher_in(answer_to(hello13([$_]))) // -1) == $_ } 0x1301 .. 0x1307, @good, 0x002f, 0x0000;
    print join(' ', map { sprintf '%04x', $_ } @taken12, @taken13), "\n";
  },
  choice => sub { printf "%04x\n", cipher_in(answer_to(hello12(0x0303, map { hex } split /,/, $argument))) // 0 },
  groups => sub {
    print join(' ', map { sprintf '%04x', $_ } grep { describe(answer_to(hello13([0x1301], $_))) =~ /hello/ } 1 .. 0x2a,
      0x0100 .. 0x0104, 0xff01, 0xff02, 0x6399, 0x11ec), "\n";
  },
  versions => sub {
    my @old = grep { describe(answer_to(hello12($_, 0x0005, 0x000a, 0x002f, 0xc009, 0xc013, @good))) =~ /hello/ } 0x0300 .. 0x0303;
    print join(' ', map({ sprintf '%04x', $_ } @old), describe(answer_to(hello13([0x1301]))) =~ /hello/ ? '0304' : ()), "\n";
  },
  slow => sub {
    my $octets = hello12(0x0303, @good);
    my @all = map { connected() } 1 .. $argument;
    my ($start, $ended, $last) = (time, 0, 0);
    for my $at (0 .. length($octets) - 1) {
      select(undef, undef, undef, 0.2);
      my @left;
      for my $s (@all) {
        my $readable = '';
        vec($readable, fileno $s, 1) = 1;
        if (select($readable, undef, undef, 0) || !syswrite($s, $octets, 1, $at)) { $ended++; $last = time - $start }
        else { push @left, $s }
      }
      @all = @left;
      last unless @all;
    }
    printf "%d ended in %d seconds\n", $ended, $last;
  },
);
($DO{$what // ''} // die "usage: see top of raw.pl\n")->();
