# sessions.pl FOLDER PORT [FILTERS PORT LOG]…: plays each session that is written down in FOLDER with the server at
# PORT, and then with the same server behind FILTERS ("recordio", "fixcrio recordio", "recordio fixcrio"), whose
# tcpserver logs to LOG. Prints a line for each thing that must hold: 0 or 1, a blank, what it is; below a 1, lines with
# # that tell the difference.
#
# A session is one statement a line. In what is sent \r \n \0 \\ \xHH are octets and %PORT% is that of `listen`, as FTP
# writes it.
#   # what this is        the first line is its name
#   > octets              send them; there is no line feed but those written
#   >> N octets           ... N times
#   >. octets             ... each for itself
#   < regex               wait until what has come since the last such line matches
#   shut                  send no more, but go on reading
#   end                   wait until the server has closed
#   close                 go away; what the server does then is not looked at
#   connect               FTP: make the data connection that the last answer offers
#   listen, accept        ... or wait for it
#   receive               read it to its end
#   overlaps              both may speak at the same time, so only the order in each direction matters
use strict;
use warnings;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my $seconds = 30;

# --- Octets -----------------------------------------------------------------------------------------------------
sub octets_of
{
  my ($text) = @_;
  my %escape = (r => "\r", n => "\n", 0 => "\0", '\\' => '\\');
  $text =~ s/\\(?:x([0-9a-fA-F]{2})|(.))/defined $1 ? chr hex $1 : $escape{$2} \/\/ die "no such escape: \\$2"/ge;
  return $text;
}

sub shown
{
  my ($octets) = @_;
  my $rest = length $octets > 300 ? '...' : '';
  $octets = substr $octets, 0, 300;
  my %escape = ("\r" => '\r', "\n" => '\n', '\\' => '\\\\');
  $octets =~ s/([\r\n\\])/$escape{$1}/g;
  $octets =~ s/([^ -~])/sprintf '\x%02x', ord $1/ge;
  return $octets . $rest;
}

# What fixcrio is to make of a whole direction.
sub fixed
{
  my ($octets) = @_;
  $octets =~ s/(?<!\r)\n/\r\n/g;
  return $octets;
}

# What differs from one time to the next.
sub timeless
{
  my ($octets) = @_;
  $octets =~ s/^(Date|Last-Modified|ETag): [^\r\n]*/$1: .../mgi;
  $octets =~ s/^(227 [^(]*\()[0-9,]*/$1.../mg;
  $octets =~ s/^(229 .*\|)[0-9]+\|/$1...|/mg;
  return $octets;
}

# --- Turns: what was said, by whom, and who ended when. A list of [mark, octets]; the octets of an end are undefined.
sub say_turn
{
  my ($turns, $mark, $octets) = @_;
  if (defined $octets && @$turns && $turns->[-1][0] eq $mark && defined $turns->[-1][1]) {
    $turns->[-1][1] .= $octets;
  } else {
    push @$turns, [$mark, $octets];
  }
}

sub direction
{
  my ($turns, $mark) = @_;
  return join '', map { $_->[0] eq $mark && defined $_->[1] ? $_->[1] : () } @$turns;
}

# Without the client's end: a server that has had its request may have closed before.
sub by_direction
{
  my ($turns) = @_;
  my @sorted;
  for my $mark ('<', '>') {
    say_turn(\@sorted, @$_) for grep { $_->[0] eq $mark && ($mark eq '>' || defined $_->[1]) } @$turns;
  }
  return \@sorted;
}

# The CR of an LF may have come in the turn before.
sub fixed_turns
{
  my ($turns, $mark) = @_;
  my $before = '';
  my @fixed;
  for my $turn (@$turns) {
    my ($whose, $octets) = @$turn;
    if ($whose eq $mark && defined $octets) {
      $octets = substr fixed($before . $octets), length $before;
      $before = $octets =~ /\r\z/ ? "\r" : '';
    }
    push @fixed, [$whose, $octets];
  }
  return \@fixed;
}

sub turns_shown
{
  return map { defined $_->[1] ? "$_->[0] " . shown($_->[1]) . ' (' . length($_->[1]) . ')' : "$_->[0] [EOF]" } @{$_[0]};
}

sub same_turns
{
  my ($left, $right) = @_;
  return 0 unless @$left == @$right;
  for my $i (0 .. $#$left) {
    my ($l, $r) = ($left->[$i], $right->[$i]);
    return 0 unless $l->[0] eq $r->[0] && defined $l->[1] == defined $r->[1];
    return 0 if defined $l->[1] && $l->[1] ne $r->[1];
  }
  return 1;
}

# --- Playing ----------------------------------------------------------------------------------------------------
# Reads once. False at the end.
sub hear
{
  my ($s) = @_;
  local $SIG{ALRM} = sub { die "nothing comes; so far: " . shown($s->{new}) . "\n" };
  alarm $seconds;
  my $got = sysread $s->{socket}, my $octets, 65536;
  alarm 0;
  defined $got or die "read: $!\n";
  $got or return 0;
  $s->{new} .= $octets;
  $s->{got} .= $octets;
  say_turn($s->{turns}, '>', $octets);
  return 1;
}

sub utter
{
  my ($s, $octets) = @_;
  $octets =~ s/%PORT%/$s->{offered}/g;
  local $SIG{ALRM} = sub { die "the server does not read\n" };
  alarm $seconds;
  for (my $at = 0; $at < length $octets;) {
    my $sent = syswrite $s->{socket}, $octets, length($octets) - $at, $at;
    defined $sent or die "write: $!\n";
    $at += $sent;
  }
  alarm 0;
  say_turn($s->{turns}, '<', $octets);
}

sub client
{
  return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_[0], Proto => 'tcp', Timeout => $seconds) ||
    die "connect: $!\n";
}

sub data_port
{
  my ($answer) = @_;
  return $1 * 256 + $2 if $answer =~ /\(127,0,0,1,(\d+),(\d+)\)/;
  return $1 if $answer =~ /\(\|\|\|(\d+)\|\)/;
  die "no port in " . shown($answer) . "\n";
}

sub receive
{
  my ($s) = @_;
  local $SIG{ALRM} = sub { die "no data\n" };
  alarm $seconds;
  local $/;
  $s->{data} .= readline($s->{second}) // '';
  alarm 0;
  close $s->{second};
}

sub listen_for_data
{
  my ($s) = @_;
  $s->{listener} = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1, Proto => 'tcp') || die "listen: $!\n";
  my $port = $s->{listener}->sockport;
  $s->{offered} = int($port / 256) . ',' . $port % 256;
}

sub accept_data
{
  my ($s) = @_;
  local $SIG{ALRM} = sub { die "nobody connects\n" };
  alarm $seconds;
  $s->{second} = $s->{listener}->accept;
  alarm 0;
}

sub end_of_server
{
  my ($s) = @_;
  1 while hear($s);
  say_turn($s->{turns}, '>', undef);
}

my @statements = (
  [qr/^> (.*)$/, sub { utter($_[0], octets_of($_[1])) }],
  [qr/^>> (\d+) (.*)$/, sub { utter($_[0], octets_of($_[2]) x $_[1]) }],
  [qr/^>\. (.*)$/, sub { utter($_[0], $_) for split //, octets_of($_[1]) }],
  [qr/^< (.*)$/, sub {
      my ($s, $regex) = @_;
      hear($s) || die "the server has closed; since the last answer: " . shown($s->{new}) . "\n" until $s->{new} =~ /$regex/s;
      $s->{answer} = $s->{new};
      $s->{new} = '';
    }],
  [qr/^shut$/, sub { shutdown $_[0]->{socket}, 1; say_turn($_[0]->{turns}, '<', undef) }],
  [qr/^end$/, \&end_of_server],
  [qr/^close$/, sub { close $_[0]->{socket}; say_turn($_[0]->{turns}, '<', undef); $_[0]->{gone} = 1 }],
  [qr/^connect$/, sub { $_[0]->{second} = client(data_port($_[0]->{answer})) }],
  [qr/^listen$/, \&listen_for_data],
  [qr/^accept$/, \&accept_data],
  [qr/^receive$/, \&receive],
  [qr/^overlaps$/, sub { $_[0]->{overlaps} = 1 }],
  [qr/^(#.*)?$/, sub { }],
);

# The session as its client saw it; {problem} if it could not be played.
sub played
{
  my ($lines, $port) = @_;
  my $s = {new => '', got => '', data => '', turns => [], offered => '', answer => ''};
  eval {
    $s->{socket} = client($port);
    setsockopt $s->{socket}, Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1;
    for my $line (@$lines) {
      my ($statement) = grep { $line =~ $_->[0] } @statements;
      $statement or die "no statement\n";
      my @arguments = $line =~ $statement->[0];
      eval { $statement->[1]->($s, @arguments); 1 } or die "$line: $@";
    }
    1;
  } or $s->{problem} = $@;
  # A relay in front of the server may wait for that.
  close $s->{socket} if $s->{socket};
  return $s;
}

# --- The record -------------------------------------------------------------------------------------------------
sub text_of
{
  my ($path, $from) = @_;
  open my $file, '<:raw', $path or die "$path: $!";
  seek $file, $from, 0;
  local $/;
  return readline($file) // '';
}

# What recordio showed, and the process that tcpserver named. Dies where a line has another form than they have.
sub record_of
{
  my ($log) = @_;
  my ($pid) = $log =~ /^tcpserver: pid (\d+) from /m or return [];
  my @turns;
  for my $line ($log =~ /^(.*)\n/mg) {
    next if $line =~ /^tcpserver: /;
    my ($whose, $mark, $rest) = $line =~ /^(\d+) ([<>]) (.*)$/s or die 'not a line of a record: ' . shown($line) . "\n";
    next if $whose != $pid; # the last words of the session before
    if ($rest eq '[EOF]') {
      push @turns, [$mark, undef];
    } elsif ($rest =~ /^(.{0,256}) $/s) {
      say_turn(\@turns, $mark, "$1\n");
    } elsif ($rest =~ /^(.{1,256})\+$/s) {
      say_turn(\@turns, $mark, $1);
    } else {
      die 'a line of another form: ' . shown($line) . "\n";
    }
  }
  # When the program has closed its output, the end of its input may or may not still be seen.
  pop @turns if @turns > 1 && !defined $turns[-1][1] && $turns[-1][0] eq '<' && !defined $turns[-2][1];
  return \@turns;
}

# What the record should be of what the client sent and got: fixcrio may stand on either side of recordio.
sub expected_record
{
  my ($filters, $s) = @_;
  my $turns = $s->{turns};
  $turns = fixed_turns($turns, '<') if $filters eq 'fixcrio recordio';
  return $turns;
}

sub record_matches
{
  my ($filters, $s, $expected, $record) = @_;
  my @record = @$record;
  splice @record, @$expected if $s->{gone} && @record > @$expected;
  # fixcrio at the client's side changes what recordio has shown.
  $record = $filters eq 'fixcrio recordio' ? fixed_turns(\@record, '>') : \@record;
  return $s->{overlaps} ? same_turns(by_direction($expected), by_direction($record)) : same_turns($expected, $record);
}

# --- What must hold ---------------------------------------------------------------------------------------------
sub verdict
{
  my ($holds, $what, @difference) = @_;
  print $holds ? 0 : 1, " $what\n";
  print "# $_\n" for $holds ? () : @difference;
}

sub compare_client
{
  my ($name, $filters, $plain, $s) = @_;
  my $expected = timeless($plain->{got});
  $expected = fixed($expected) if $filters =~ /fixcrio/;
  my $holds = !defined $s->{problem} && $expected eq timeless($s->{got}) && $plain->{data} eq $s->{data};
  verdict($holds, "$name: the client hears the same through $filters",
    "problem: " . ($s->{problem} // 'none'), 'expected: ' . shown($expected), 'got: ' . shown(timeless($s->{got})));
}

sub compare_record
{
  my ($name, $filters, $s, $log, $from) = @_;
  my $expected = expected_record($filters, $s);
  my $until = time + $seconds;
  my $record = [];
  my $holds = 0;
  while (!$holds && time < $until) {
    eval { $record = record_of(text_of($log, $from)); 1 } or return verdict(0, "$name: the record of $filters", $@);
    $holds = record_matches($filters, $s, $expected, $record);
    sleep 0.01 unless $holds;
  }
  verdict($holds, "$name: the record of $filters tells what was said, in its order",
    'expected:', turns_shown($expected), 'recorded:', turns_shown($record));
}

# The log of one session ends where that of the next begins.
sub wait_for_end
{
  my ($log, $from) = @_;
  my $until = time + $seconds;
  sleep 0.01 while time < $until && text_of($log, $from) !~ /^tcpserver: end /m;
}

$| = 1;
$SIG{PIPE} = 'IGNORE';
my ($folder, $port, @ways) = @ARGV;
for my $path (sort glob "$folder/*") {
  my @lines = split /\n/, text_of($path, 0);
  my ($name) = $lines[0] =~ /^# (.+)$/ or die "$path: no name";
  my $plain = played(\@lines, $port);
  if (defined $plain->{problem}) {
    verdict(0, "$name: goes to its end", $plain->{problem});
    next;
  }
  for (my $i = 0; $i < @ways; $i += 3) {
    my ($filters, $way_port, $log) = @ways[$i .. $i + 2];
    my $from = -s $log;
    my $s = played(\@lines, $way_port);
    compare_client($name, $filters, $plain, $s);
    compare_record($name, $filters, $s, $log, $from);
    wait_for_end($log, $from);
  }
}
