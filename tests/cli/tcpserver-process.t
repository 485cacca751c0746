#!/bin/sh
# The process that tcpserver makes for a connection: descriptors, signals, arguments, and how its end is noticed.
. "$(dirname "$0")/../lib.sh"

# descriptors: what a program finds open (perl opens none of its own before this runs)
cat > "$work/fds" << 'P'
opendir(my $d, "/proc/self/fd") or die;
my @open = sort { $a <=> $b } grep { /^\d+$/ && readlink("/proc/self/fd/$_") !~ m{^/proc/\d+/fd$} } readdir($d);
print join(" ", map { my $to = readlink("/proc/self/fd/$_"); $to =~ s/:.*//; "$_=$to" } @open), "\n";
P
serve fds -HRl0 127.0.0.1 0 perl "$work/fds"
is "descriptors 0 and 1 are the connection, 2 is the log, and there are no others" "$(peer 127.0.0.1 "$port")" \
  "0=socket 1=socket 2=$work/fds.log"
stop
exec 5< /dev/null 9< /dev/null
serve fds -HRl0 127.0.0.1 0 perl "$work/fds"
exec 5<&- 9<&-
is "... whatever tcpserver was started with" "$(peer 127.0.0.1 "$port")" "0=socket 1=socket 2=$work/fds.log"
stop
printf ':allow\n' | tcprules "$work/cdb" "$work/tmp"
serve fds2 -HRl0 -V -x "$work/cdb" -B hello -c 3 127.0.0.1 0 perl "$work/fds"
is "... whatever is asked for" "$(peer 127.0.0.1 "$port")" "hello0=socket 1=socket 2=$work/fds2.log"
stop
serve fds3 127.0.0.1 0 perl "$work/fds"
helper=$(cat "/proc/$pid/task/$pid/children")
is "... with names and ident, too" "$(peer 127.0.0.1 "$port")" "0=socket 1=socket 2=$work/fds3.log"
listening=$(ss -Htlne "src 127.0.0.1:$port" | sed 's/.* ino:\([0-9]*\) .*/\1/')
like "tcplookup is its only other child" "$helper" '^[0-9]+ ?$'
listens()
{
  ls -l "/proc/$1/fd" | grep -q "socket:\[$listening\]"
}
ok "... the listening socket is tcpserver's" listens "$pid"
not_ok "... and not tcplookup's" listens "${helper% }"
stop
ok "... and ends with it" wait_for sh -c '! kill -0 "$1"' sh "${helper% }"

# At an address of its own, where nobody else gets the number meanwhile: there is nowhere to print it.
for closed in "0<&-" "1>&-" "2>&-" "0<&- 1>&- 2>&-"; do
  port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.94.61.12")->sockport')
  eval "tcpserver -1 127.94.61.12 $port perl '$work/fds' > '$work/closed.out' 2> '$work/closed.log' $closed &"
  pid=$!
  started="$started $pid"
  wait_for sh -c "ss -Htln 'src 127.94.61.12:$port' | grep -q LISTEN"
  like "started with $closed, it serves all the same, with three descriptors" "$(peer 127.94.61.12 "$port")" \
    '^0=socket 1=socket 2=/'
  stop
done

# Signals: ignored and blocked ones of whoever started tcpserver do not pass.
cat > "$work/signals" << 'P'
open(my $f, "<", "/proc/self/status") or die;
print map { /^Sig(Blk|Ign|Cgt):\s+(\w+)/ ? "$1=$2 " : () } <$f>;
print "\n";
P
cat > "$work/ignore" << 'P'
use POSIX qw(:signal_h);
$SIG{$_} = "IGNORE" for qw(PIPE HUP INT CHLD USR1 TERM);
sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGQUIT, SIGALRM, SIGTERM, SIGUSR2));
exec @ARGV or die;
P
cat > "$work/show" << 'S'
sed -n -E 's/^Sig(Blk|Ign):[[:space:]]*/\1=/p' /proc/self/status | tr '\n' ' '
S
background signals perl "$work/ignore" tcpserver -1 -HRl0 127.0.0.1 0 sed -n -E 's/^Sig(Blk|Ign):[[:space:]]*/\1=/p' /proc/self/status
serve_wait signals
# GNU make leaves 32 and 33 ignored for what it runs: the C library's own signals, which sigaction() will not touch.
is "signals that were ignored or blocked are back to normal for prog" \
  "$(peer 127.0.0.1 "$port" | sed 's/^Ign=0000000180000000$/Ign=0000000000000000/' | tr '\n' ' ')" \
  "Blk=0000000000000000 Ign=0000000000000000 "
is "... and ends are noticed although SIGCHLD was ignored" "$(peer 127.0.0.1 "$port" | wc -l | tr -d ' ')" 2
stop

cat > "$work/args" << 'S'
#!/bin/sh
for argument; do printf '<%s>' "$argument"; done
S
chmod +x "$work/args"
serve args -HRl0 127.0.0.1 0 "$work/args" '' 'two words' "new
line" "quote'\"" -x -- ''
is "arguments arrive as they are, empty ones too" "$(peer 127.0.0.1 "$port")" "<><two words><new
line><quote'\"><-x><--><>"
stop

serve path -HRl0 127.0.0.1 0 sh -c 'echo found by PATH'
is "a program without a slash is found by PATH" "$(peer 127.0.0.1 "$port")" "found by PATH"
stop
mkdir -p "$work/bin1/tool" "$work/bin2" "$work/bin3"
printf 'no\n' > "$work/bin2/tool"
printf '#!/bin/sh\necho third\n' > "$work/bin3/tool"
chmod +x "$work/bin3/tool"
background path2 env "PATH=$work/none:$work/bin1:$work/bin2:$work/bin3:$PATH" tcpserver -1 -HRl0 127.0.0.1 0 tool
serve_wait path2
is "... past directories and files that can't be run" "$(peer 127.0.0.1 "$port")" third
stop

for bad in "" "$work/none" "$work/bin1" "$work/bin2/tool"; do
  serve bad -HRl0 -v 127.0.0.1 0 "$bad"
  is "prog '${bad##*/}' can't be run: the connection closes" "$(peer 127.0.0.1 "$port")" ""
  ok "... the log says why" wait_for grep -q "unable to run $bad: " "$work/bad.log"
  ok "... the count is right" wait_for sh -c "tail -n 1 '$work/bad.log' | grep -q 'status: 0/40'"
  ok "... and the server lives" kill -0 "$pid"
  stop
done
printf '#!%s/nowhere\n' "$work" > "$work/script"
chmod +x "$work/script"
serve script -HRl0 127.0.0.1 0 "$work/script"
is "a script whose interpreter is missing closes the connection" "$(peer 127.0.0.1 "$port")" ""
ok "... and is logged" wait_for grep -q "unable to run $work/script: No such file" "$work/script.log"
stop

# Few children are reaped by SIGCHLD, many by pidfd: over the change and back, nothing is lost.
cat > "$work/crowd" << 'P'
# crowd address port number: opens that many connections, reads a line from each, prints how many were served,
# and holds them until standard input ends
use strict; use Socket;
my ($address, $port, $number) = @ARGV;
my @held;
my $served = 0;
for (1 .. $number) {
  socket(my $s, AF_INET, SOCK_STREAM, 0) or die;
  connect($s, pack_sockaddr_in($port, inet_aton($address))) or die "connect: $!";
  push @held, $s;
}
for my $s (@held) { my $n = sysread($s, my $line, 100); $served++ if $n && $line eq "served\n" }
$| = 1;
print "$served\n";
1 while sysread(STDIN, my $b, 100);
P
serve crowd -HRl0 -v -c 500 127.0.0.1 0 sh -c 'echo served; read x'
server=$pid
descriptors=$(ls "/proc/$server/fd" | wc -l)
mkfifo "$work/release"
perl "$work/crowd" 127.0.0.1 "$port" 200 < "$work/release" > "$work/crowd.served" &
crowd=$!
started="$started $crowd"
exec 3> "$work/release"
wait_for test -s "$work/crowd.served"
is "200 connections are served at once" "$(cat "$work/crowd.served")" 200
is "... and more of them come and go meanwhile" "$(for i in 1 2 3 4 5; do peer 127.0.0.1 "$port"; done | grep -c served)" 5
for i in 1 2 3; do
  victim=$(sed -n 's/^tcpserver: ok \([0-9]*\) .*/\1/p' "$work/crowd.log" | sed -n "$((i * 60))p")
  kill -9 "$victim"
  ok "a program that is killed among many is noticed" wait_for grep -q "^tcpserver: end $victim status 9" "$work/crowd.log"
done
ok "the count is right" wait_for sh -c "grep status: '$work/crowd.log' | tail -n 1 | grep -q 'status: 197/500'"
exec 3>&-
wait "$crowd"
ok "all ends are noticed" wait_for sh -c "tail -n 1 '$work/crowd.log' | grep -q 'status: 0/500'"
logs_times "... each once" crowd '^tcpserver: end ' 205
is "... and no zombie is left" "$(ps -o stat= --ppid "$server" | grep -c Z)" 0
ok "... and no descriptor" wait_for sh -c "[ \$(ls '/proc/$server/fd' | wc -l) = $descriptors ]"
is "and it goes on as with few" "$(peer 127.0.0.1 "$port")" served
stop "$server"

# With few descriptors some children go without a pidfd: they are asked now and then.
background scarce sh -c 'ulimit -n 100; exec "$@"' sh tcpserver -1 -HRl0 -v -c 150 127.0.0.1 0 sh -c 'echo served; read x'
server=$pid
serve_wait scarce
mkfifo "$work/release2"
perl "$work/crowd" 127.0.0.1 "$port" 150 < "$work/release2" > "$work/scarce.served" &
crowd=$!
started="$started $crowd"
exec 3> "$work/release2"
wait_for test -s "$work/scarce.served"
is "150 children with 100 descriptors" "$(cat "$work/scarce.served")" 150
exec 3>&-
wait "$crowd"
ok "... and all their ends are noticed" wait_for sh -c "tail -n 1 '$work/scarce.log' | grep -q 'status: 0/150'"
stop "$server"

background limit sh -c 'ulimit -Sn 64; exec "$@"' sh tcpserver -1 -HRl0 -c 1000 127.0.0.1 0 sh -c 'ulimit -Sn'
serve_wait limit
is "tcpserver raises its own limit on open files, not that of its programs" "$(peer 127.0.0.1 "$port")" 64
stop

# With -V each connection stays open here besides.
background details sh -c 'ulimit -Sn 64; exec "$@"' sh tcpserver -1 -HRl0 -V -T 300 -c 210 127.0.0.1 0 \
  sh -c 'echo served; read x; [ -z "$x" ] || ls /proc/$$/fd; true'
server=$pid
serve_wait details
mkfifo "$work/release3"
perl "$work/crowd" 127.0.0.1 "$port" 200 < "$work/release3" > "$work/details.served" &
crowd=$!
started="$started $crowd"
exec 3> "$work/release3"
wait_for test -s "$work/details.served"
is "with -V too, the limit on open files is raised as far as -c needs" "$(cat "$work/details.served")" 200
unlike "... so that accepting never had to rest" "$(cat "$work/details.log")" warning
sockets()
{
  ls -l "/proc/$1/fd" | grep -c socket:
}
has_sockets()
{
  [ "$(sockets "$1")" = "$2" ]
}
held=$(sockets "$server")
is "none of what is open for others gets into a program" \
  "$(peer 127.0.0.1 "$port" 'show\n' | tr '\n' ' ')" "served 0 1 2 "
for i in 1 2 3 4; do peer 127.0.0.1 "$port"; done > "$work/details.more"
is "more of them come and go" "$(tr '\n' ' ' < "$work/details.more")" "served served served served "
ok "... and what went through them is told" wait_for sh -c "[ \$(grep -c 'in 0 out 7 ' '$work/details.log') = 4 ]"
ok "... and they are closed" wait_for has_sockets "$server" "$held"
stop "$server" # first: those that it did not accept would wait for ever
exec 3>&-
wait "$crowd"
done_testing
