#!/bin/sh
# tcpclient without a program: each direction goes on to its own end, nothing is lost, nothing is changed.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpclient.sh"

# limited SECONDS COMMAND…: a relay that hangs is a failure
limited()
{
  timeout -k 1 "$@"
}

# relayed INPUT OUTPUT: a relay between two files, by pipes
relayed()
{
  # shellcheck disable=SC2002
  cat "$1" | limited 30 tcpclient 127.0.0.1 "$port" 2> "$work/err" | cat > "$2"
}

# 3 MiB in which no part is like another
perl -e 'my $t = ""; for (my $i = 0; length $t < 3 << 20; $i++) { $t .= "$i " } print $t' > "$work/large"
perl -e 'my $t = ""; for (my $i = 0; length $t < 3 << 20; $i++) { $t .= "$i-" } print $t' > "$work/other"

listen echo echo
printf 'one\ntwo' > "$work/in"
exits 'what goes in comes back' 0 sh -c 'timeout 20 tcpclient 127.0.0.1 "$1" < "$2"' x "$port" "$work/in"
is 'the last line without newline, too' "$(cat "$work/out")" 'one
two'
is 'without a word' "$(err)" ''
exits 'no input at all' 0 timeout 20 tcpclient 127.0.0.1 "$port"
for input in pipe file socket; do
  for output in pipe file socket; do
    rm -f "$work/back"
    perl "$root/tests/cli/tcpclient-ends.pl" $input $output "$work/large" "$work/back" \
      timeout 30 tcpclient 127.0.0.1 "$port" 2> "$work/err"
    is "3 MiB there and back, input a $input, output a $output: exit 0" $? 0
    ok "input a $input, output a $output: every octet" cmp "$work/large" "$work/back"
  done
done
perl "$root/tests/cli/tcpclient-ends.pl" same same "$work/large" "$work/back" timeout 30 tcpclient 127.0.0.1 "$port"
is 'one socket for both, as rsync gives: exit 0' $? 0
ok 'one socket for both: every octet, and its end' cmp "$work/large" "$work/back"

# --- half-close -----------------------------------------------------------------------------------------
listen after "slurp=$work/got" "file=$work/other"
relayed "$work/large" "$work/back"
ok 'the end of input reaches the peer' cmp "$work/large" "$work/got"
ok 'which answers after it, and is heard to the end' cmp "$work/other" "$work/back"

listen before "file=$work/other" shut "touch=$work/said" "slurp=$work/got2"
mkfifo "$work/fifo"
background relay sh -c 'tcpclient 127.0.0.1 "$1" < "$2" 2> "$3" | { cat; touch "$4"; }' x \
  "$port" "$work/fifo" "$work/err" "$work/closed"
exec 9> "$work/fifo"
ok "the peer's end closes the output while input goes on" wait_for test -e "$work/closed"
ok 'all that the peer said was passed on' cmp "$work/other" "$work/relay.out"
cat "$work/large" >&9
exec 9>&-
wait "$pid"
ok 'then what is still sent reaches the peer' wait_for cmp "$work/large" "$work/got2"
is 'which is no error' "$(err)" ''

listen both "wait=$work/start" "file=$work/other" "slurp=$work/got3"
touch "$work/start"
relayed "$work/large" "$work/back"
wait_for test -e "$work/got3"
ok 'a peer that talks first and listens then hears all' cmp "$work/large" "$work/got3"
ok 'and is heard' cmp "$work/other" "$work/back"

# --- slow ends ------------------------------------------------------------------------------------------
listen slow "sip=$work/got4"
relayed "$work/large" "$work/back"
wait_for test -e "$work/got4"
ok 'a peer that reads slowly gets all' cmp "$work/large" "$work/got4"
listen fast "file=$work/other"
limited 30 tcpclient 127.0.0.1 "$port" < /dev/null | perl -e 'while (sysread STDIN, my $p, 50000) {
  select undef, undef, undef, 0.002; print $p }' > "$work/back"
ok 'a reader that is slow gets all' cmp "$work/other" "$work/back"

# The peer answers only after it has heard everything.
listen eager "slurp=$work/got6" "wait=$work/release" "file=$work/other"
background eager2 sh -c 'timeout 30 tcpclient 127.0.0.1 "$1" < "$2" | cat' x "$port" "$work/large"
ok 'input is passed on' wait_for cmp "$work/large" "$work/got6"
touch "$work/release"
wait "$pid"
ok 'and the answer comes when it comes' cmp "$work/other" "$work/eager2.out"

listen chatter "file=$work/other" "slurp=$work/got7"
mkfifo "$work/fifo3"
background blocked sh -c 'timeout 30 tcpclient 127.0.0.1 "$1" < "$2" > "$3"' x "$port" "$work/large" "$work/fifo3"
exec 8<> "$work/fifo3"
# Nobody reads the output, and the peer listens only after it has said everything.
not_ok 'while nobody reads the output' test -e "$work/got7"
cat <&8 > "$work/back7" &
reader=$!
started="$started $reader"
ok 'as soon as somebody does, everything moves' wait_for cmp "$work/large" "$work/got7"
ok 'both ways' wait_for cmp "$work/other" "$work/back7"
kill "$reader"
exec 8>&-

# The output pipe is full from the start and the peer has something to say, and yet input goes through.
listen sink "file=$work/in" "sip=$work/got8" "wait=$work/never"
mkfifo "$work/fifo4"
exec 8<> "$work/fifo4"
dd if=/dev/zero of="$work/fifo4" bs=4096 count=64 oflag=nonblock 2> /dev/null
tcpclient 127.0.0.1 "$port" < "$work/large" > "$work/fifo4" &
relay=$!
started="$started $relay"
ok 'output that is stuck does not hold up input' wait_for cmp "$work/large" "$work/got8"
# ticks: hundredths of a second that the relay has burnt so far
ticks()
{
  cut -d ' ' -f 14,15 "/proc/$relay/stat" | tr ' ' +
}
used=$(($(ticks)))
sleep 0.5
ok 'and waiting for it burns no time' [ "$(($(ticks) - used))" -lt 10 ]
kill "$relay"
wait "$relay" 2> /dev/null
exec 8>&-

need script bsdutils
listen terminal flood=300000 hold
script -qec "timeout --foreground 20 tcpclient 127.0.0.1 $port" /dev/null < /dev/null > "$work/typed"
is 'a terminal for both: exit 0' $? 0
is 'and all is shown' "$(tr -cd x < "$work/typed" | wc -c)" 300000

# --- urgent data ----------------------------------------------------------------------------------------
# It is not part of the stream; what stands around it is. splice() stops at it, though there is more to read.
listen urgent send=abc urgent=U send=def
is 'an urgent octet is no end: what follows it is passed on' "$(limited 20 tcpclient 127.0.0.1 "$port" < /dev/null | cat)" abcdef
{
  limited 20 tcpclient 127.0.0.1 "$port" < /dev/null 2> "$work/err"
  echo $? > "$work/status"
} | cat > /dev/null
is 'nor an error' "$(cat "$work/status" "$work/err")" 0
listen first urgent=U send=abc
is 'an urgent octet may be the first' "$(limited 20 tcpclient 127.0.0.1 "$port" < /dev/null | cat)" abc
listen last send=abc urgent=U
is 'or the last' "$(limited 20 tcpclient 127.0.0.1 "$port" < /dev/null | cat)" abc
listen amid "file=$work/large" urgent=U "file=$work/other"
limited 30 tcpclient 127.0.0.1 "$port" < /dev/null | cat > "$work/back"
ok 'or stand between megabytes, none of which is lost' sh -c 'cat "$1" "$2" | cmp - "$3"' x \
  "$work/large" "$work/other" "$work/back"

listen pause send=abc urgent=U send=def "wait=$work/resume" send=ghi
mkfifo "$work/fifo5"
cat "$work/fifo5" > "$work/paused" &
tcpclient 127.0.0.1 "$port" < /dev/null > "$work/fifo5" 2> "$work/err" &
relay=$!
started="$started $relay"
ok 'a peer that pauses after an urgent octet is heard up to the pause' wait_for grep -q abcdef "$work/paused"
used=$(($(ticks)))
sleep 0.5
ok 'which burns no time' [ "$(($(ticks) - used))" -lt 10 ]
touch "$work/resume"
wait "$relay"
is 'and to the end: exit 0' "$?$(err)" 0
ok 'without a loss' wait_for grep -qx abcdefghi "$work/paused"

# --- errors ---------------------------------------------------------------------------------------------
# holds FILE: input that ends when FILE exists
holds()
{
  perl -e 'select undef, undef, undef, 0.01 until -e $ARGV[0]' "$1"
}

listen reset send=hello "wait=$work/heard" reset
holds "$work/over" | limited 20 tcpclient 127.0.0.1 "$port" > "$work/reset.got" 2> "$work/err" &
relay=$!
wait_for test -s "$work/reset.got"
touch "$work/heard"
wait_for test -s "$work/err"
touch "$work/over"
wait "$relay"
is 'a peer that resets: exit 111' $? 111
is 'with the reason' "$(err)" "tcpclient: fatal: lost connection to 127.0.0.1 port $port: Connection reset by peer"
is 'what came before was passed on' "$(cat "$work/reset.got")" hello

rm -f "$work/over" "$work/heard"
listen late shut "wait=$work/heard" reset
holds "$work/over" | tcpclient 127.0.0.1 "$port" 2> "$work/err" | { cat; touch "$work/closed2"; } &
relay=$!
wait_for test -e "$work/closed2"
touch "$work/heard"
ok 'a reset after the peer has ended is noticed, though input has not' wait_for test -s "$work/err"
like 'and reported' "$(err)" '^tcpclient: fatal: lost connection to 127.0.0.1 port [0-9]*: '
touch "$work/over"
wait "$relay"

rm -f "$work/over"
listen gone send=hello
holds "$work/over" | limited 20 tcpclient 127.0.0.1 "$port" > "$work/out" 2> "$work/err" &
relay=$!
wait_for test -s "$work/out"
touch "$work/over"
wait "$relay"
is 'a peer that closes and never gets more: exit 0' $? 0
is 'what it said was heard' "$(cat "$work/out")" hello

listen deaf "request" "send=bye\\n"
{
  echo first
  wait_for test -s "$work/deaf.out2"
  cat "$work/large"
} | limited 20 tcpclient 127.0.0.1 "$port" > "$work/deaf.out2" 2> "$work/err"
is 'a peer that closes while more is being sent: exit 111' $? 111
like 'with the reason' "$(err)" '^tcpclient: fatal: lost connection to 127.0.0.1 port [0-9]*: (Broken pipe|Connection reset)'
is 'what it said before is not lost' "$(cat "$work/deaf.out2")" bye

listen flood flood=5000000
limited 20 tcpclient 127.0.0.1 "$port" < /dev/null 2> "$work/err" | head -c 1 > /dev/null
is 'a reader that goes away is an error' "$(err)" 'tcpclient: fatal: unable to write standard output: Broken pipe'
rm -f "$work/heard"
listen polite send=hello "wait=$work/heard"
{
  limited 20 tcpclient 127.0.0.1 "$port" < /dev/null 2> "$work/err"
  echo $? > "$work/status"
} | { head -c 5 > "$work/out"; exec <&-; touch "$work/heard"; }
is 'a reader that goes away after the last octet is none: all that came was passed on' "$(cat "$work/status" "$work/err")" 0
exits 'a full device is an error' 111 sh -c 'timeout 20 tcpclient 127.0.0.1 "$1" > /dev/full' x "$port"
is 'with the reason' "$(err)" 'tcpclient: fatal: unable to write standard output: No space left on device'
exits 'input that is a directory is an error' 111 sh -c 'timeout 20 tcpclient 127.0.0.1 "$1" < /' x "$port"
is 'with the reason' "$(err)" 'tcpclient: fatal: unable to read standard input: Is a directory'

# --- descriptors ----------------------------------------------------------------------------------------
listen hello send=hello hold
exits 'closed input is no input' 0 sh -c 'exec timeout 20 tcpclient 127.0.0.1 "$1" <&-' x "$port"
is 'and the peer is heard' "$(cat "$work/out")" hello
exits 'closed output is an error as soon as there is some' 111 \
  sh -c 'exec timeout 20 tcpclient 127.0.0.1 "$1" </dev/null >&-' x "$port"
is 'with the reason' "$(err)" 'tcpclient: fatal: unable to write standard output: Bad file descriptor'
exits 'closed standard error is no matter' 0 sh -c 'exec timeout 20 tcpclient 127.0.0.1 "$1" </dev/null 2>&-' x "$port"

listen quiet send=hello "wait=$work/never"
mkfifo "$work/in.fifo" "$work/out.fifo"
exec 8<> "$work/in.fifo" 9<> "$work/out.fifo"
tcpclient 127.0.0.1 "$port" <&8 >&9 2> "$work/err" &
relay=$!
started="$started $relay"
is 'a relay between descriptors that others have open, too' "$(head -c 5 <&9)" hello
flags=$(sed -n 's/^flags:[^0-9]*//p' /proc/$$/fdinfo/8 /proc/$$/fdinfo/9 | tr '\n' ' ')
unlike 'the flags of descriptors shared with others are not changed' "$flags" '4[0-7][0-7][0-7] '
used=$(($(ticks)))
sleep 0.5
ok 'an idle relay burns no time' [ "$(($(ticks) - used))" -lt 10 ]
kill "$relay"
wait "$relay" 2> /dev/null
exec 8>&- 9>&-

done_testing
