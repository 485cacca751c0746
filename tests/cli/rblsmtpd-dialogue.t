#!/bin/sh
# rblsmtpd without lists: what $RBLSMTPD decides, the SMTP session with a client that is refused, delays, the command
# line, and how the program is run. ucspi-tcp's rblsmtpd is the reference for every octet.
. "$(dirname "$0")/../lib.sh"
reference=/usr/bin/rblsmtpd
[ -x "$reference" ] || need "$reference" ucspi-tcp
unset RBLSMTPD GREETDELAY
TCPREMOTEIP=192.0.2.7
export TCPREMOTEIP

# session PROGRAM args…: what it sends to a client that sends stdin, its exit status, and what it logs
session()
{
  session_program=$1
  shift
  timeout 60 "$session_program" "$@" echo served > "$work/sent" 2> "$work/log"
  echo "status $?"
  od -c "$work/sent"
  sed 's/ pid [0-9]*: / pid N: /' "$work/log"
}

# as_ever NAME args…: to a client that sends $work/client ours says, logs and returns the same as ucspi-tcp's
as_ever()
{
  as_ever_name=$1
  shift
  is "$as_ever_name" "$(session rblsmtpd "$@" < "$work/client")" "$(session "$reference" "$@" < "$work/client")"
}

said()
{
  timeout 20 rblsmtpd "$@" echo served 2> "$work/log" | tr -d '\r'
}

# --- $RBLSMTPD ---------------------------------------------------------------------------------------------------
printf 'MAIL FROM:<>\r\nRCPT TO:<root>\r\nQUIT\r\n' > "$work/client"
as_ever 'without $RBLSMTPD the program runs'
is '... the program' "$(said)" served
RBLSMTPD=
export RBLSMTPD
as_ever 'with an empty $RBLSMTPD, too'
is '... whatever lists there are' "$(said -c -r nobody.invalid)" served
RBLSMTPD='Please call first.'
as_ever 'with a text in it mail is refused for now'
is '... with the text' "$(said < "$work/client")" '220 rblsmtpd.local
250 rblsmtpd.local
451 Please call first.
221 rblsmtpd.local'
as_ever '... even with -b' -b
as_ever '... or with lists' -a nobody.invalid -r nobody.invalid
is '... or with -i' "$(said -i < "$work/client" | sed -n 3p)" '451 Please call first.'
RBLSMTPD='-Please go away.'
as_ever 'with a hyphen before it, for good'
is '... without the hyphen' "$(said < "$work/client" | sed -n 3p)" '553 Please go away.'
as_ever '... even with -B' -B
for RBLSMTPD in - -- ' ' '-451 odd' '%IP%' "$(printf 'a\r\nb\tc\177\351\001')" "$(printf '%0500d' 7)"; do
  as_ever 'whatever it holds'
done

# --- the session ---------------------------------------------------------------------------------------------------
RBLSMTPD=no
# client NAME FORMAT: a client that sends what printf makes of it
client()
{
  # shellcheck disable=SC2059 # a format
  printf "$2" > "$work/client"
  as_ever "$1"
}
client 'commands that do no harm are accepted' 'HELO x\r\nEHLO x\r\nMAIL FROM:<>\r\nRSET\r\nNOOP\r\nQUIT\r\n'
client 'all others are refused' 'RCPT TO:<a>\r\nDATA\r\nVRFY x\r\nEXPN x\r\nHELP\r\nSTARTTLS\r\nAUTH PLAIN\r\nBDAT 1 LAST\r\nx\r\n'
client 'a message that is sent all the same is refused line by line' 'DATA\r\nSubject: x\r\n\r\nquit smoking\r\n.\r\nQUIT\r\n'
client 'capitals make no difference' 'hElO x\r\nqUiT\r\n'
client 'lines may end in LF alone' 'HELO x\nNOOP\nQUIT\n'
client 'one CR belongs to the end of a line' 'NOOP\r\r\nQUIT\r\r\nQUIT \r\r\n'
client 'CR elsewhere does not' 'NO\rOP\r\n\rNOOP\r\n'
client 'a space ends the command' 'NOOP  x  y\r\nNOOP \r\nQUIT now\r\n'
client 'a tab does not' 'NOOP\tx\r\nQUIT\t\r\n'
client 'words that are longer or shorter are others' 'QUI\r\nQUITS\r\nQUITQUIT\r\nNOOPNOOPNOOP\r\nQ\r\n'
client 'empty lines and spaces are refused' '\r\n\n \r\n  QUIT\r\n'
client 'NUL is no end of anything' 'NO\0OP\r\nNOOP\0\r\nQUIT\0\r\n\0\r\nNOOP \0\r\nQUIT\r\n'
client 'octets over 127 are no letters' '\316\317\317\320\r\nQUIT\351\r\nQUIT\r\n'
client 'nothing follows QUIT' 'QUIT\r\nHELO x\r\n'
client 'a line without end gets no answer' 'HELO x\r\nRCPT'
client 'nobody there gets a greeting' ''
perl -e 'print "RCPT TO:<", "x" x 100000, ">\r\nNOOP ", "y" x 100000, "\r\n", "z" x 5000, "\r\nQUIT\r\n"' > "$work/client"
as_ever 'lines may have any length'
perl -e 'print "NOOP\r\n" x 20000, "DATA\r\n" x 20000, "\n" x 20000, "QUIT\r\n"' > "$work/client"
as_ever 'any number of commands may come at once'
perl -e 'srand 7; for (1 .. 3000) { print join("", map { ("QUI", "NOOP", "Q", "u", "it", " ", "\r", "\n", "\r\n", "\0", "DATA")[rand 11] } 1 .. 9), "\n" }' > "$work/client"
as_ever 'whatever a client sends'
# Sanitizers need more memory than is counted here.
memory=50000
(ulimit -v $memory && ASAN_OPTIONS='' UBSAN_OPTIONS='' rblsmtpd --version > "$work/out" 2>&1) 2> /dev/null || memory=unlimited
perl -e '$x = "x" x 65536; print $x for 1 .. 1536; print "\r\nNOOP\r\nQUIT\r\n"' |
  (ulimit -v $memory && session rblsmtpd) > "$work/got"
is 'a line of 96 MiB is one command, and takes no memory' "$(head -n 1 "$work/got") $(tr -d '\r' < "$work/sent")" \
  'status 0 220 rblsmtpd.local
451 no
250 rblsmtpd.local
221 rblsmtpd.local'

# --- its end -------------------------------------------------------------------------------------------------------
printf 'HELO x\r\n' > "$work/client"
as_ever 'with -t 0 the refusal is all' -t 0
is '... in place of the greeting' "$(said -t 0 < /dev/null)" '451 no'

mkfifo "$work/never"
sh -c 'exec 3> "$1"; exec sleep 30' sh "$work/never" &
started="$started $!"
start=$(date +%s)
exits 'a client that is silent is left after the time of -t, cleanly' 0 timeout 20 rblsmtpd -t 1 false < "$work/never"
is '... with a greeting' "$(tr -d '\r' < "$work/out")" '220 rblsmtpd.local'
seconds=$(($(date +%s) - start))
ok '... not earlier, nor much later' test "$seconds" -ge 1 -a "$seconds" -le 15
need strace strace
# No leak is looked for below strace.
ASAN_OPTIONS=detect_leaks=0 strace -o "$work/strace" -e trace=/alarm,setitimer rblsmtpd false < /dev/null > "$work/out" 2> "$work/log"
like 'without -t it is left after a minute' "$(cat "$work/strace")" 'alarm\(60\)|it_value=\{tv_sec=60, tv_usec=0\}'
exits 'so is one that goes on talking' 0 timeout 20 sh -c 'yes NOOP | rblsmtpd -t 1 false > /dev/null'
mkfifo "$work/full"
sh -c 'exec 3< "$1"; exec sleep 30' sh "$work/full" &
started="$started $!"
exits 'so is one that does not read' 0 timeout 20 sh -c 'yes HELP | { rblsmtpd -t 1 false > "$1"; echo $? > "$2"; }' \
  sh "$work/full" "$work/status"
is '... cleanly' "$(cat "$work/status")" 0
yes HELP | { timeout 20 rblsmtpd false 2> "$work/log"; echo $? > "$work/status"; } | head -n 3 > "$work/out"
is 'a client that goes away ends it, cleanly' "$(cat "$work/status")" 0
(trap '' PIPE; yes HELP 2> /dev/null | { timeout 20 rblsmtpd false 2> "$work/log"; echo $? > "$work/status"; }) | head -n 3 > "$work/out"
is '... whoever ignored SIGPIPE before' "$(cat "$work/status")" 0
exits '... or was never there' 0 sh -c 'timeout 20 rblsmtpd false <&- >&-'
perl -MPOSIX=:signal_h -e 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGALRM)); exec @ARGV' \
  timeout 20 rblsmtpd -t 1 false < "$work/never" > "$work/out" 2> "$work/log"
is 'an alarm that is blocked rings all the same' "$?" 0

# shared PROGRAM args…: what a client gets that sends a line after a while, over a connection that is nonblocking
shared()
{
  perl -MSocket -MFcntl -MPOSIX -e '
    socketpair(my $client, my $server, AF_UNIX, SOCK_STREAM, 0) or die $!;
    fcntl $server, F_SETFL, O_RDWR | O_NONBLOCK or die $!;
    if (!fork) { POSIX::dup2(fileno $server, $_) for 0, 1; exec @ARGV or die $! }
    close $server;
    sysread $client, my $greeting, 4096;
    select undef, undef, undef, 0.1;
    if (!fork) { syswrite $client, "RCPT TO:<a>\r\n" . "HELP\r\n" x 100000 . "QUIT\r\n"; POSIX::_exit(0) }
    my $got = $greeting;
    1 while sysread $client, $got, 65536, length $got;
    print $got' timeout 20 "$@" 2> "$work/log" | tr -d '\r' | sort | uniq -c | sed 's/^ *//'
}
is 'a connection that is nonblocking, because of whoever shares it, is served like others' "$(shared rblsmtpd false)" \
  '1 220 rblsmtpd.local
1 221 rblsmtpd.local
100001 451 no'

# --- delays --------------------------------------------------------------------------------------------------------
unset RBLSMTPD
# waits NAME SECONDS cmd…: it takes at least so many, and not many more
waits()
{
  waits_name=$1
  waits_seconds=$2
  shift 2
  perl -MTime::HiRes=time -e '$t = time; system(@ARGV); print int(time - $t), "\n"' timeout 60 "$@" > "$work/seconds" 2> "$work/log"
  ok "$waits_name" test "$(cat "$work/seconds")" -ge "$waits_seconds" -a "$(cat "$work/seconds")" -lt "$((waits_seconds + 10))"
}
waits '-w lets the client wait before the program starts' 1 rblsmtpd -w 1 true
like '... and the log says so' "$(cat "$work/log")" '^rblsmtpd: 192\.0\.2\.7 pid [0-9]+: greetdelay: 1$'
waits 'delays add up' 2 rblsmtpd -w 1 -w 1 true
GREETDELAY=1 waits '-W waits for $GREETDELAY seconds' 1 rblsmtpd -W true
waits '-W does nothing if there is none' 0 rblsmtpd -W true
is '... without a word' "$(cat "$work/log")" ''
GREETDELAY='' waits '... or if it is empty' 0 rblsmtpd -W true
is '... without a word, too' "$(cat "$work/log")" ''
GREETDELAY=soon waits '... and complains if it is no number, but lets the client in' 0 rblsmtpd -W true
is '... in one line' "$(cat "$work/log")" 'rblsmtpd: warning: $GREETDELAY is not a number from 0 to 3600'
GREETDELAY=30 waits '$GREETDELAY alone does nothing' 0 rblsmtpd true
waits '-w 0 does nothing' 0 rblsmtpd -w 0 true
is '... and says nothing' "$(cat "$work/log")" ''
RBLSMTPD='' waits '$RBLSMTPD lets nobody wait' 0 rblsmtpd -w 30 true
is '... nor says that it did' "$(cat "$work/log")" ''
GREETDELAY=soon waits 'clients may have to wait, too, beside a $GREETDELAY that is no number' 1 rblsmtpd -W -w 1 true
is '... which is complained of once' "$(grep -c warning "$work/log")" 1

# --- without rblsmtpd-lists ------------------------------------------------------------------------------------------
mkdir "$work/bin"
cp "$(command -v rblsmtpd)" "$work/bin/rblsmtpd"
exits 'no program runs if lists can not be asked' 111 "$work/bin/rblsmtpd" -r list.test echo served
is '... nothing is told to the client' "$(cat "$work/out")" ''
is '... and the log says why' "$(cat "$work/err")" \
  "rblsmtpd: fatal: unable to run $work/libexec/rblsmtpd-lists: No such file or directory"
exits 'who need not be asked about gets the program all the same' 0 env RBLSMTPD= "$work/bin/rblsmtpd" -r list.test echo served
is '... indeed' "$(cat "$work/out")" served
exits '... as does everybody if there is no list' 0 "$work/bin/rblsmtpd" -t 5 echo served

# --- the command line ------------------------------------------------------------------------------------------------
for wrong in '' -z -t -r -a -w '-t 5' '-t x true' '-t 5x true' '-t -1 true' '-t 86401 true' '-w x true' '-w 3601 true' \
  '-r a..b true' '-r : true' '-r :text true' '-r list.test: true' '-a list.test:text true' '-r li/st true' '--'; do
  # shellcheck disable=SC2086 # words
  exits "rblsmtpd $wrong: usage, 100" 100 rblsmtpd $wrong
  like '... said so' "$(cat "$work/err")" '^rblsmtpd: usage: '
  is '... not to the client' "$(cat "$work/out")" ''
done
exits 'the longest times are allowed' 0 env RBLSMTPD= GREETDELAY=3600 rblsmtpd -t 86400 -w 3600 -W true
is '... without a warning' "$(cat "$work/err")" ''
exits 'a $GREETDELAY that is longer is not waited for' 0 env RBLSMTPD= GREETDELAY=3601 rblsmtpd -W true
like '... of which there is a warning' "$(cat "$work/err")" '^rblsmtpd: warning: \$GREETDELAY is not a number from 0 to 3600$'
exits 'an empty list is refused' 100 rblsmtpd -r '' true
exits 'a list whose name is too long, too' 100 rblsmtpd -r "$(printf '%060d.' 1 2 3 4 5)test" true
exits '... even if $RBLSMTPD makes it needless' 100 env RBLSMTPD= rblsmtpd -r '' true
exits '-- ends the options' 0 rblsmtpd -- echo -r
is '... of ours' "$(cat "$work/out")" -r
exits 'so does the program' 0 rblsmtpd echo -r -z
is '... whose options are its own' "$(cat "$work/out")" '-r -z'
exits 'options may stand together' 0 env RBLSMTPD= rblsmtpd -bBcCiWt5 -rlist.test -alist.test -w5 echo served

# --- the program -----------------------------------------------------------------------------------------------------
exits 'its exit status is ours' 7 rblsmtpd sh -c 'exit 7'
exits 'a program that does not exist' 111 rblsmtpd /nonexistent
is '... is complained of' "$(cat "$work/err")" 'rblsmtpd: fatal: unable to run /nonexistent: No such file or directory'
exits 'one that is nowhere in PATH, too' 111 rblsmtpd no-such-program-anywhere
exits 'one without a name, too' 111 rblsmtpd ''
exits 'one that may not be executed, too' 111 rblsmtpd /etc/passwd
mkdir "$work/here"
printf '#!/bin/sh\necho found\n' > "$work/here/in-this-folder"
chmod 755 "$work/here/in-this-folder"
for path in '' : /nowhere: :/nowhere /nowhere::/nowhere; do
  is "an empty element of PATH is the current folder ('$path')" \
    "$(cd "$work/here" && PATH=$path "$COMMAND_DIR/rblsmtpd" in-this-folder 2>&1)" \
    "$(cd "$work/here" && PATH=$path "$reference" in-this-folder 2>&1)"
done
is 'arguments arrive as they are' "$(rblsmtpd printf '[%s]' 'a b' '' "'" -- "$(printf 'x\ny')")" "$(printf '[%s]' 'a b' '' "'" -- "$(printf 'x\ny')")"
is 'so does the environment' "$(env -i PATH="$PATH" A='b c' TCPREMOTEIP=x rblsmtpd env | sort)" \
  "$(env -i PATH="$PATH" A='b c' TCPREMOTEIP=x env | sort)"
# --- the manual's examples -----------------------------------------------------------------------------------------------
# example WORDS: the lines of the display that follows the line with these words
example()
{
  awk -v words="$1" 'index($0, words) { found = 1 } found && /^\.Ed/ { exit } inside; found && /^\.Bd/ { inside = 1 }' \
    "$root/doc/rblsmtpd.1" | sed 's/\\e/\\/g'
}
is 'the manual shows what a refused client sees' "$(example 'See what a refused client sees' | sh 2> "$work/log" | tr -d '\r')" \
  '220 rblsmtpd.local
451 Not now.
221 rblsmtpd.local'
(cd "$work" && example 'Decide by rules' | grep -v '^tcpserver' | sh)
like 'the rules in the manual refuse whom they should' "$(tcprulescheck "$work/rules.cdb" 192.0.2.9)" \
  'RBLSMTPD=-Mail from 192\.0\.2\.\* is not wanted\.'
like '... and exempt whom they should' "$(tcprulescheck "$work/rules.cdb" 198.51.100.7)" 'RBLSMTPD=$'
is '... so that rblsmtpd serves one and not the other' \
  "$(example 'Decide by rules' | sed -n 's/.*RBLSMTPD="\([^"]*\)"$/\1/p' | while read -r RBLSMTPD; do export RBLSMTPD; said < /dev/null; done)" \
  '220 rblsmtpd.local
served'

is 'no other process is left' "$(rblsmtpd sh -c 'echo $PPID')" $$
done_testing
