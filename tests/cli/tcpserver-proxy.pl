#!/usr/bin/perl
# tcpserver-proxy.pl - proxies that send PROXY headers, good ones and bad ones, made here and by no code of ours.
#   tcpserver-proxy.pl [-b FROM] ADDRESS PORT WHAT…
#     send NAME [TEXT]    that header, the text in the same packet, end of sending; prints what comes back
#     bytes NAME [TEXT]   the same, octet by octet                   cut NAME    every part of it that is not the whole, then
#     reset NAME          the header, then a reset                               the end; prints how many got an answer, and of how many
#     bad                 every bad header, and waits; prints which one got an answer, or no end within 20 seconds, and "done"
#     late                one that says nothing, one that sends half a header, one that sends octet by octet and never all;
#                         prints how long each was let be, in tenths of a second
#     hold NAME [TEXT]    prints "connected", and the first line that comes; a line of standard input ends it
#     later NAME…         a connection for each; prints "connected", and sends them after a line of standard input; prints
#                         what comes, with the name
#   tcpserver-proxy.pl reasons     what the log says of each of `bad`
# In the answer # stands for this end's port.
use strict;
use warnings;
use Socket qw(:all);
use Time::HiRes qw(time sleep);
use IO::Select;

$SIG{PIPE} = 'IGNORE';
$| = 1;

# --- Headers ------------------------------------------------------------------------------------------------

sub crc32c {
  my $crc = 0xffffffff;
  for my $octet (unpack 'C*', $_[0]) {
    $crc ^= $octet;
    $crc = $crc & 1 ? $crc >> 1 ^ 0x82f63b78 : $crc >> 1 for 1 .. 8;
  }
  return $crc ^ 0xffffffff;
}
sub tlv { return pack 'Cn/a', @_ }
sub binary { my ($command, $family, $rest, $length) = @_; return "\r\n\r\n\0\r\nQUIT\n" . pack('CCn', $command, $family, $length // length $rest) . $rest }
sub ipv4 { return inet_aton($_[0]) . inet_aton($_[1]) . pack 'nn', @_[2, 3] }
sub ipv6 { return inet_pton(AF_INET6, $_[0]) . inet_pton(AF_INET6, $_[1]) . pack 'nn', @_[2, 3] }
sub unix { return pack 'a108a108', @_ }
sub with_checksum {
  my ($rest, $wrong) = @_;
  my $whole = binary(0x21, 0x11, $rest . tlv(3, "\0\0\0\0"));
  substr($whole, -4) = pack 'N', crc32c($whole) + ($wrong // 0);
  return $whole;
}

my $here4 = ipv4('192.0.2.7', '198.51.100.1', 4242, 25);
my $here6 = ipv6('2001:db8::7', '2001:db8::1', 4242, 25);
my $facts = $here4 . tlv(1, 'h2') . tlv(2, 'mail.example.org') . tlv(5, 'unique-1') . tlv(0x30, 'blue') .
  tlv(0x20, pack('CN', 7, 0) . tlv(0x21, 'TLSv1.3') . tlv(0x22, "Jos\xc3\xa9") . tlv(0x23, 'AES') . tlv(0x24, 'SHA256') . tlv(0x25, 'RSA'));
my %header = (
  'v1' => "PROXY TCP4 192.0.2.7 198.51.100.1 4242 25\r\n",
  'nothing' => '',
  'half' => 'PROXY TCP4 192.0.2.7 ',
  'v1-6' => "PROXY TCP6 2001:db8::7 2001:DB8:0::1 4242 25\r\n",
  'v1-own' => "PROXY TCP4 127.0.0.77 127.0.0.1 4242 25\r\n",
  'v2' => binary(0x21, 0x11, $here4),
  'v2-6' => binary(0x21, 0x21, $here6),
  'v2-mapped' => binary(0x21, 0x21, ipv6('::ffff:192.0.2.7', '::ffff:198.51.100.1', 4242, 25)),
  'v2-facts' => with_checksum($facts),
  'v2-long' => binary(0x21, 0x11, $here4 . tlv(4, 'x' x (4096 - 16 - 12 - 3))),
  'local' => binary(0x20, 0, ''),
  'local-family' => binary(0x20, 0x11, $here4),
  'unknown' => "PROXY UNKNOWN\r\n",
  'unknown-tcp' => "PROXY UNKNOWN 192.0.2.7 198.51.100.1 4242 25\r\n",
  'unspecified' => binary(0x21, 0, ''),
  'datagram' => binary(0x21, 0x12, $here4),
  'unix' => binary(0x21, 0x31, unix('/from', '/to')),
);
# Of clients 192.0.2.N.
$header{"v1-$_"} = "PROXY TCP4 192.0.2.$_ 198.51.100.1 4242 25\r\n" for 10 .. 29;

sub tcp4 { return "PROXY TCP4 $_[0]\r\n" }
my @bad = (
  ['none: another protocol', "GET / HTTP/1.0\r\n\r\n", 'does not begin like one'],
  ['none: TLS', "\x16\x03\x01\x02\x00\x01", 'does not begin like one'],
  ['small letters', "proxy TCP4 192.0.2.7 198.51.100.1 4242 25\r\n", 'does not begin like one'],
  ['a blank first', ' ' . $header{v1}, 'does not begin like one'],
  ['another family', "PROXY TCP5 192.0.2.7 198.51.100.1 4242 25\r\n", 'does not begin like one'],
  ['UNKNOWN and more', "PROXY UNKNOWNS\r\n", 'neither TCP4 nor TCP6 nor UNKNOWN'],
  ['leading zero in an address', tcp4('192.0.2.07 198.51.100.1 4242 25'), 'not an address of its family'],
  ['leading zero in a port', tcp4('192.0.2.7 198.51.100.1 04242 25'), 'not a port'],
  ['negative port', tcp4('192.0.2.7 198.51.100.1 -1 25'), 'not a port'],
  ['port 65536', tcp4('192.0.2.7 198.51.100.1 4242 65536'), 'not a port'],
  ['no address', tcp4('192.0.2.300 198.51.100.1 4242 25'), 'not an address of its family'],
  ['short address', tcp4('192.0.2 198.51.100.1 4242 25'), 'not an address of its family'],
  ['a name', tcp4('localhost 198.51.100.1 4242 25'), 'not an address of its family'],
  ['IPv6 as TCP4', tcp4('2001:db8::7 2001:db8::1 4242 25'), 'not an address of its family'],
  ['IPv4 as TCP6', "PROXY TCP6 192.0.2.7 198.51.100.1 4242 25\r\n", 'not an address of its family'],
  ['a zone', "PROXY TCP6 fe80::1%lo fe80::2 4242 25\r\n", 'not an address of its family'],
  ['a field less', tcp4('192.0.2.7 198.51.100.1 4242'), 'not two addresses and two ports'],
  ['a field more', tcp4('192.0.2.7 198.51.100.1 4242 25 1'), 'not a port'],
  ['two blanks', tcp4('192.0.2.7  198.51.100.1 4242 25'), 'not two addresses and two ports'],
  ['a tab', tcp4("192.0.2.7 198.51.100.1 4242\t25"), 'not two addresses and two ports'],
  ['LF alone', "PROXY TCP4 192.0.2.7 198.51.100.1 4242 25\n", 'a line that does not end in CR LF'],
  ['CR alone', "PROXY TCP4 192.0.2.7 198.51.100.1 4242 25\rhello\r\n", 'a line that does not end in CR LF'],
  ['108 octets without CR LF', 'PROXY UNKNOWN ' . 'x' x 94, 'no CR LF within 107 octets'],
  ['106 octets, and no room for it', 'PROXY UNKNOWN ' . 'x' x 92, 'no CR LF within 107 octets'],
  ['CR LF after 106 octets', 'PROXY UNKNOWN ' . 'x' x 92 . "\r\n", 'no CR LF within 107 octets'],
  ['another version', binary(0x11, 0x11, $here4), 'a version that is not 2'],
  ['version 3', binary(0x31, 0x11, $here4), 'a version that is not 2'],
  ['another command', binary(0x22, 0x11, $here4), 'neither LOCAL nor PROXY'],
  ['family 4', binary(0x21, 0x41, $here4), 'an unknown family or protocol'],
  ['protocol 3', binary(0x21, 0x13, $here4), 'an unknown family or protocol'],
  ['4097 octets', binary(0x21, 0x11, '', 4081), 'longer than 4096 octets'],
  ['65551 octets', binary(0x21, 0x11, '', 65535), 'longer than 4096 octets'],
  ['too short for IPv4', binary(0x21, 0x11, $here4, 11), 'too short for its addresses'],
  ['IPv4 as IPv6', binary(0x21, 0x21, $here4), 'too short for its addresses'],
  ['too short for UNIX', binary(0x21, 0x31, 'x' x 215), 'too short for its addresses'],
  ['half a TLV', binary(0x21, 0x11, $here4 . "\x02\x00"), 'a TLV with a wrong length'],
  ['a TLV that is longer than the header', binary(0x21, 0x11, $here4 . "\x02\x00\x05abcd"), 'a TLV with a wrong length'],
  ['a TLV within TLS that is longer', binary(0x21, 0x11, $here4 . tlv(0x20, pack('CN', 1, 0) . "\x21\x00\x09x")), 'a TLV with a wrong length'],
  ['two names', binary(0x21, 0x11, $here4 . tlv(2, 'a') . tlv(2, 'b')), 'a TLV that comes twice'],
  ['a name with a LF', binary(0x21, 0x11, $here4 . tlv(2, "a\nTCPREMOTEIP=1")), 'a TLV that is not text'],
  ['a name with a NUL', binary(0x21, 0x11, $here4 . tlv(2, "a\0b")), 'a TLV that is not text'],
  ['a name of 256 octets', binary(0x21, 0x11, $here4 . tlv(2, 'a' x 256)), 'too long a TLV'],
  ['wrong checksum', with_checksum($facts, 1), 'wrong checksum'],
  ['a checksum of three octets', binary(0x21, 0x11, $here4 . tlv(3, 'abc')), 'a checksum that is not four octets'],
);

# --- Connections --------------------------------------------------------------------------------------------

if ($ARGV[0] eq 'reasons') { print map { "$_->[2]\n" } @bad; exit }
my $from;
if ($ARGV[0] eq '-b') { shift; $from = shift }
my ($address, $port, $what, @rest) = @ARGV;
my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
sub sockaddr { return $family == AF_INET6 ? pack_sockaddr_in6($_[1], inet_pton(AF_INET6, $_[0])) : pack_sockaddr_in($_[1], inet_aton($_[0])) }

sub connected {
  socket(my $s, $family, SOCK_STREAM, 0) or die "socket: $!\n";
  if (defined $from) { bind($s, sockaddr($from, 0)) or die "bind: $!\n" }
  connect($s, sockaddr($address, $port)) or die "connect: $!\n";
  setsockopt($s, IPPROTO_TCP, TCP_NODELAY, 1);
  return $s;
}
sub reset_connection { setsockopt($_[0], SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)); close $_[0] }
sub own_port { return $family == AF_INET6 ? (unpack_sockaddr_in6(getsockname $_[0]))[0] : (unpack_sockaddr_in(getsockname $_[0]))[0] }

# All that comes; undef if there is no end within that many seconds.
sub answer {
  my ($s, $seconds) = @_;
  my ($text, $select, $end, $own) = ('', IO::Select->new($s), time + $seconds, own_port($s));
  while ($select->can_read($end - time > 0 ? $end - time : 0)) {
    my $n = sysread($s, my $buffer, 65536);
    $text .= $buffer if $n;
    next if $n;
    $text =~ s/\b$own\b/#/g;
    return $text;
  }
  return undef;
}
sub ending { my $text = answer($_[0], 20); return defined $text ? $text : "(no end within 20 seconds)\n" }
sub named { return $header{$_[0]} // die "no header $_[0]\n" }

my %DO = (
  send => sub { my ($name, $text) = @_; my $s = connected(); syswrite($s, named($name) . ($text // '')); shutdown($s, 1); print ending($s) },
  bytes => sub {
    my ($name, $text) = @_;
    my $s = connected();
    my $began = time;
    # In time, however long each sleep takes.
    for (split //, named($name) . ($text // '')) { syswrite($s, $_); sleep 0.0003 if time - $began < 1 }
    shutdown($s, 1);
    print ending($s);
  },
  cut => sub {
    my ($name) = @_;
    my $answered = 0;
    for my $length (0 .. length(named($name)) - 1) {
      my $s = connected();
      syswrite($s, substr(named($name), 0, $length)) if $length;
      shutdown($s, 1);
      $answered++ if ending($s) ne '';
    }
    print "$answered of ", length named($name), "\n";
  },
  reset => sub { my $s = connected(); syswrite($s, named($_[0])); reset_connection($s) },
  bad => sub {
    for (@bad) {
      my $s = connected();
      syswrite($s, $_->[1]);
      my $text = answer($s, 20);
      print "$_->[0]: ", defined $text ? $text : "no end\n" if !defined $text || $text ne '';
    }
    print "done\n";
  },
  late => sub {
    my ($began, @took) = (time);
    my @s = map { connected() } 1 .. 3;
    syswrite($s[1], 'PROXY TCP4 ');
    my $octet = 0;
    while (grep { !defined $took[$_] } 0 .. 2) {
      last if time - $began > 10;
      syswrite($s[2], substr($header{'v2-long'}, $octet++, 1)) if !defined $took[2];
      for my $n (0 .. 2) {
        next if defined $took[$n] || !IO::Select->new($s[$n])->can_read(0.02);
        $took[$n] = int(10 * (time - $began)) if !sysread($s[$n], my $buffer, 100);
      }
    }
    print join(' ', map { $_ // 'never' } @took), "\n";
  },
  later => sub {
    my %name = map { fileno $_->[0] => $_ } my @s = map { [connected(), $_] } @_;
    print "connected\n";
    <STDIN>;
    syswrite($_->[0], named($_->[1])) for @s;
    my $select = IO::Select->new(map { $_->[0] } @s);
    while ($select->count) {
      for my $s ($select->can_read) {
        my $name = $name{fileno $s}[1];
        if (sysread($s, my $text, 4096)) { $text =~ s/\n//g; print "$name: $text\n" } else { $select->remove($s) }
      }
    }
  },
  hold => sub {
    my ($name, $text) = @_;
    my $s = connected();
    syswrite($s, named($name) . ($text // ''));
    print "connected\n";
    print scalar(<$s>) // "(end)\n";
    <STDIN>;
  },
);
($DO{$what} // die "no $what\n")->(@rest);
