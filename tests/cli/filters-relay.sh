# filters-relay.sh - sourced by the tests of recordio and fixcrio after filters.sh, with $filter set: what the process
# that they put between a program and its peer promises.
#
#   on_socket PERL cmd…   runs cmd with one end of a socket as 0 and 1, and the code at the other: $s; rest() is all
#                         that comes to the end; the exit status is that of cmd, what code prints is the output
need setsid util-linux

on_socket()
{
  limited perl -MSocket -e '
    my ($code, @cmd) = @ARGV;
    socketpair(our $s, my $t, AF_UNIX, SOCK_STREAM, 0) or die $!;
    my $pid = fork;
    if (!$pid) {
      close $s;
      open STDIN, "<&", $t; open STDOUT, ">&", $t; close $t;
      exec @cmd or die;
    }
    close $t;
    select((select($s), $| = 1)[0]);
    $SIG{PIPE} = "IGNORE";
    sub rest { local $/; my $all = <$s>; $all // "" }
    eval $code; die $@ if $@;
    close $s;
    waitpid $pid, 0;
    exit($? >> 8 || ($? & 127 ? 128 + ($? & 127) : 0))' "$@" 2> "$work/err"
}

# A relay may write to the log after recordio has ended: not where the next test reads.
unlogged()
{
  "$@" 2> /dev/null
}

# --- The program is itself --------------------------------------------------------------------------------------
exits 'no program is misuse' 100 "$filter"
is '... and it says how it is used' "$(cat "$work/err")" "$filter: usage: $filter prog [ args ]"
like '--version tells the version' "$("$filter" --version)" "^$filter \\(ucspi-tcpmux\\) [0-9]"
like '--help tells how it is used' "$("$filter" --help | head -n 1)" "^usage: $filter prog"
for status in 0 3 111; do
  exits "the exit status is the program's: $status" "$status" unlogged limited "$filter" sh -c "exit $status"
done
for signal in 15 9; do
  "$filter" sh -c "kill -$signal \$\$" < /dev/null > /dev/null 2>&1
  is "who waits sees that signal $signal ended it" "$?" $((128 + signal))
done
background same sh -c 'exec "$1" sh -c "echo \$\$"' sh "$filter"
wait "$pid"
ok 'the program has the process id that it was started with' wait_for grep -q "^$pid" "$work/same.out"
is 'its arguments are as they were given' "$(limited "$filter" printf '%s|' ' a "b"' '' '-n' "'" '*' 2> /dev/null)" \
  " a \"b\"||-n|'|*|"
is 'signals are as they were' "$(limited "$filter" grep 'Sig[BIC]' < /dev/null /proc/self/status 2> /dev/null | tr -d '\r')" "$(grep 'Sig[BIC]' /proc/self/status)"
# Folders that the user may not search would make it another error.
limited env PATH=/usr/bin:/bin "$COMMAND_DIR/$filter" no-such-program 2> "$work/absent"
is 'a program that is not there: exit 111' "$?" 111
like '... with a message' "$(grep -v EOF "$work/absent")" "^$filter: fatal: unable to run no-such-program: No such file or directory\$"
exits 'a dash does not make an option' 111 unlogged limited "$filter" -x

# Emulators such as qemu-user have no process that shares memory and is no thread. No leak is looked for below strace.
need strace strace
traced()
{
  limited env ASAN_OPTIONS=detect_leaks=0 strace -f -o "$work/strace" -e trace=clone "$@" < /dev/null 2> /dev/null | tr -d '\r'
}
traced "$filter" true
inject=
grep -q 'CLONE_VM|SIGCHLD' "$work/strace" && inject='-e inject=clone:error=EINVAL:when=1'
# shellcheck disable=SC2086
is 'where the two processes cannot share memory they do without' "$(traced $inject "$filter" echo hello)" hello

# --- What passes ------------------------------------------------------------------------------------------------
passes_like_theirs()
{
  limited "$filter" "$@" < "$work/in" > "$work/ours" 2> "$work/err" && theirs "$filter" "$@" < "$work/in" > "$work/theirs" 2> /dev/null &&
    wait_for cmp "$work/ours" "$work/theirs"
}
for input in text mixed; do
  cp "$work/$input" "$work/in"
  ok "$input passes through a program as with ucspi-tcp" passes_like_theirs cat
done
ok 'octet by octet too' passes_like_theirs perl -e '$/ = \1; $| = 1; print while <STDIN>'
mkfifo "$work/slow"
background prompt sh -c 'exec "$1" cat < "$2"' sh "$filter" "$work/slow"
exec 8> "$work/slow"
printf 'half a line' >&8
ok 'what has come is passed on before more comes' wait_for grep -q 'half a line' "$work/prompt.out"
exec 8>&-
wait "$pid"

# --- Ends -------------------------------------------------------------------------------------------------------
is 'the end of input reaches the program, which answers after it' \
  "$(on_socket 'print $s "question\r\n"; shutdown $s, 1; print rest()' "$filter" sh -c 'cat; echo answer' | tr -d '\r')" 'question
answer'
is 'a program that ignores the end of its input is heard to its own' \
  "$(limited "$filter" sh -c 'exec < /dev/null; i=0; while [ $i -lt 300 ]; do echo $i; i=$((i + 1)); done' < /dev/null 2> /dev/null |
    tail -n 1 | tr -d '\r')" 299
perl -e 'print "late\r\n" x 50000' > "$work/late"
is 'a program that closes its output first: its peer learns that' \
  "$(on_socket 'print rest(); open F, "<", "'"$work/late"'"; print $s $_ while <F>; close $s' \
    "$filter" sh -c 'printf "early\r\n"; exec > '"$work/got"'; cat; echo complete >&2' | tr -d '\r')" early
ok '... and it still gets its input, all of it' wait_for cmp "$work/late" "$work/got"
# shellcheck disable=SC2016
like '... as it does where output is a pipe' \
  "$(limited sh -c '"$1" sh -c "echo early; exec > \"\$1\"; cat" sh "$2" < "$3" | cat' sh "$filter" "$work/got2" "$work/late" 2> /dev/null)" early
ok '... whole' wait_for cmp "$work/late" "$work/got2"
is 'the connection closes when the program has ended, though the peer says nothing' \
  "$(on_socket 'print rest(), "closed"' "$filter" sh -c 'printf "x\r\n"')" "$(printf 'x\r\nclosed')"
on_socket 'print rest(), "closed"' "$filter" sh -c 'printf "x\r\n"; kill -KILL $$' > "$work/got"
is 'a program that dies by a signal: what it said arrives' "$(cat "$work/got")" "$(printf 'x\r\nclosed')"
is 'what is left of a large output arrives after the program has ended' \
  "$(on_socket 'print length rest()' "$filter" head -c 3000000 /dev/zero)" 3000000
# When nobody has descriptor 2 any more, the relay has ended, too.
is 'a script goes on with the connection after one program' \
  "$(on_socket 'print rest()' sh -c '{ "$1" true 2>&1 >&3 3>&- | cat > /dev/null; } 3>&1; echo two' sh "$filter")" two
# The relay gives the program a tenth of a second from then on. Where even this took longer, nothing is said about it.
cat > "$work/closes" << 'P'
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
open my $when, '>', $ARGV[0]; print $when clock_gettime(CLOCK_MONOTONIC); close $when;
close STDOUT; select undef, undef, undef, 0.01;
P
ends_soon()
{
  on_socket 'print rest()' perl -MTime::HiRes=clock_gettime,CLOCK_MONOTONIC -e 'my $when = $ARGV[-1]; system @ARGV;
    my $now = clock_gettime(CLOCK_MONOTONIC); open F, "<", $when; print $now - <F> < 0.1 ? "soon" : "late", " two\n"' \
    "$filter" perl "$work/closes" "$work/closed" > "$work/soon"
  ! grep -qx 'late two' "$work/soon" && [ "$(cat "$work/soon")" != '' ]
}
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  ! ends_soon || break
done
is '... also if the program closes its output a little before its end' "$(cat "$work/soon")" 'soon two'
on_socket '' "$filter" sh -c 'exec < /dev/null; printf x; exec yes' > "$work/got"
is 'SIGPIPE ends a program whose peer has closed' "$?" 141
unlike '... without a word' "$(cat "$work/err")" 'fatal|warning|roken'
{ limited "$filter" yes 2> "$work/err"; echo $? > "$work/status"; } | head -n 1 > "$work/first"
is '... also where output is a pipe' "$(cat "$work/status")" 141
is 'a program that reads nothing does not hold up what it says' \
  "$(limited "$filter" sh -c 'exec <&-; printf "bye\r\n"' < "$work/late" 2> /dev/null | tr -d '\r')" bye
limited setsid sh -c '"$1" sh -c "cat; echo out" <&-' sh "$filter" > "$work/got" 2> "$work/err"
closed_input=$?
# The program has ended; the relay may still have its last words.
wait_for test -s "$work/got"
is 'closed input is the end of input' "$closed_input $(tr -d '\r' < "$work/got")" '0 out'
limited sh -c '"$1" yes >&-' sh "$filter" 2> "$work/err"
is 'closed output is nobody who reads' "$?" 141

# --- Who doesn't read -------------------------------------------------------------------------------------------
# Writes until nothing went for half a second, then tells how much went.
stubborn='use Fcntl; fcntl STDOUT, F_SETFL, O_NONBLOCK; my $sum = 0; my $x = "x\r\n" x 20000;
  while (1) { my $w = ""; vec($w, 1, 1) = 1; last unless select undef, $w, undef, 0.5; $sum += syswrite(STDOUT, $x) // 0 }
  open F, ">", $ARGV[0]; print F $sum; close F'
on_socket 'select undef, undef, undef, 0.01 until -s "'"$work/sum"'"' "$filter" perl -e "$stubborn" "$work/sum" > "$work/got"
ok 'a peer that stops reading stops the program: at most 1 MiB is on its way' test "$(cat "$work/sum")" -lt 1048576
ok '... and more than nothing' test "$(cat "$work/sum")" -gt 0
on_socket 'open F, "<", "'"$work/late"'"; print $s $_ while <F>; shutdown $s, 1; select undef, undef, undef, 0.01 until -e "'"$work/all"'"' \
  "$filter" sh -c 'yes & cat > "$1"; kill $!; touch "$2"' sh "$work/got" "$work/all" > "$work/nothing"
ok 'while it does not read, what it says reaches the program' cmp "$work/late" "$work/got"
# The input waits until the pipe is full. (0x541B is Linux's FIONREAD.)
full='my $held = pack "i", 0; until (unpack("i", $held) > 61440) { select undef, undef, undef, 0.01; ioctl STDIN, 0x541B, $held or die }'
{ wait_for test -e "$work/full3"; cat "$work/late"; } | limited "$filter" sh -c 'yes & cat > "$1"; kill $!; touch "$2"' sh "$work/got3" "$work/all3" 2> /dev/null |
  { limited perl -e "$full" && touch "$work/full3"; wait_for test -e "$work/all3" && touch "$work/before3"; cat > /dev/null; }
ok '... also where output is a pipe' test -e "$work/before3"
# And the other way round: the program reads nothing while the peer says more than there is room for.
is 'a program that does not read does not hold up what it says' \
  "$(on_socket 'if (!fork) { print $s "x" x 3000000; exit } my $got = ""; sysread $s, $got, 9, length $got while length $got < 300000; print length $got;' \
    "$filter" sh -c 'head -c 300000 /dev/zero; kill -KILL $$')" 300000

ok '1 GiB without a newline passes through a program' flood "$filter" cat
is 'all of it' "$came_out" "$gibibyte"
ok 'in memory that does not grow' test "$peak" -lt "$enough_kb"

# --- What is not the relay's ------------------------------------------------------------------------------------
mkfifo "$work/probe" "$work/hold"
background keeper sh -c 'exec 7> "$2"; exec "$1" sh -c "exec 7>&-; cat" < "$3"' sh "$filter" "$work/probe" "$work/hold"
limited cat "$work/probe" &
probe_pid=$!
exec 8> "$work/hold"
ok 'other descriptors of the program are not held open' wait "$probe_pid"
exec 8>&-
wait "$pid"
