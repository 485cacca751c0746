#!/bin/sh
# tcprules: what it compiles, what it refuses, and that nothing which goes wrong touches the old cdb.
. "$(dirname "$0")/../lib.sh"
cd "$work" || exit 111

# compile RULES [options]: compiles lines given with printf escapes; status in $status, messages in $messages
compile()
{
  compile_text=$1
  shift
  messages=$(printf "$compile_text" | tcprules "$@" cdb tmp 2>&1)
  status=$?
}

says()
{
  tcprulescheck cdb "$@" | tail -n 1
}

# refused NAME RULES PATTERN: the rules give exit 100 and a message, and the cdb stays
refused()
{
  before=$(cksum < cdb)
  compile "$2"
  is "$1: exit 100" "$status" 100
  like "$1: the message" "$messages" "$3"
  is "$1: the old cdb is untouched" "$(cksum < cdb)" "$before"
  ok "$1: tmp is gone" test ! -e tmp
}

# --- good rules -----------------------------------------------------------------------------------------------
compile '# these\n\n10.:deny\n10.1.:allow\r\n127.0.0.1:allow,A="b"\n:deny'
is 'good rules compile' "$status" 0
is '... without a word' "$messages" ''
ok '... and leave no tmp' test ! -e tmp
is 'the first rule is there' "$(says 10.2.3.4)" 'deny connection'
is 'a line that ends in CR LF is' "$(says 10.1.3.4)" 'allow connection'
is 'a last line without newline is' "$(says 1.2.3.4)" 'deny connection'
compile ''
is 'no rules at all are good rules' "$status" 0
is '... which allow' "$(says 1.2.3.4)" 'allow connection'
printf '10.:deny\n' > -rules
exits 'options end at --' 0 sh -c 'tcprules -- -cdb -tmp < ./-rules'
ok '... so that names may start with -' test -f ./-cdb

# --- bad rules ------------------------------------------------------------------------------------------------
compile ':deny\n'
refused 'a line without decision' '10.\n' "^tcprules: fatal: line 1: '10\.' has no decision: expected key:allow or key:deny$"
refused 'an unknown decision' ':allow\n10.:dney\n' "^tcprules: fatal: line 2: 'dney' is no decision: expected allow or deny"
refused 'a network with host bits' '10.1.2.3/8:deny\n' "line 1: '10\.1\.2\.3/8' has bits set .*: expected 10\.0\.0\.0/8$"
refused 'a part over 255' '# c\n\n1.2.3.400:deny\n' "line 3: '1\.2\.3\.400' has a part over 255"
refused 'a reversed range' '10.9-1.:deny\n' "line 1: '10\.9-1\.' is a reversed range"
refused 'an IPv6 address with a typo' '2001:db8::g:deny\n' "line 1: '2001:db8::g' is no address"
refused 'a key that can never match' 'joe@10.:deny\n' "line 1: '10\.' can never match after @"
refused 'a value without end' '10.:allow,A="b\n' "line 1: '\"b' does not end"
refused 'a limit that is no number' '10.:allow,MAXPERIP="many"\n' "line 1: 'many' is no limit: .* for MAXPERIP"
refused 'a limit that is too high' '10.:allow,MAXLOAD="4294967295"\n' "line 1: '4294967295' is no limit: expected a decimal number of at most 4294967294 for MAXLOAD"
refused 'a rate that is none' ':allow\n10.:allow,MAXRATE="10"\n' "line 2: '10' is no rate: expected a slash at octet 3 of MAXRATE$"
refused 'a rate with a ban that is none' '10.:allow,MAXRATE="10/60:x"\n' "line 1: '10/60:x' is no rate: .* at octet 7 of MAXRATE$"
refused 'hours that are none' '10.:allow,A="b"\n11.:allow,HOURS="08:00-18:00,25:00-26:00"\n' \
  "line 2: '08:00-18:00,25:00-26:00' are no hours: expected a time up to 23:59 at octet 13 of HOURS$"
refused 'more hours than can be' "10.:allow,HOURS=\"$(yes 08:00-18:00, | head -n 100 | tr -d '\n')\"\n" "are no hours: expected .*at most 32 spans$"
refused 'a NUL byte' '10.:allow,A="\000"\n' "line 1: '10\.:allow,A=\"\?\"' contains a NUL byte"
refused 'a key that came before' '10.:allow\n11.:allow\n10.:deny\n' "line 3: '10\.' .*: expected each key once, and line 1 has it$"
refused 'a network that came before as a prefix' '10.:allow\n10.0.0.0/8:deny\n' "line 2: '10\.' .* line 1 has it$"
refused 'an address that came before in a range' '1.2.3.4-6:deny\n1.2.3.5:allow\n' "line 2: '1\.2\.3\.5' .* line 1 has it$"
refused 'an address that came before in other letters' '2001:db8::a:deny\n2001:DB8:0::A:allow\n' "line 2: '2001:db8::a' .* line 1"
refused 'control characters' '\033[2J:deny\n' "^tcprules: fatal: line 1: '\?\[2J' is no address"
refused 'a line of 70,000 bytes' "10.:deny,A=\"$(printf '%070000d' 0)\"\n" "line 1: '10\.:deny,A=\"0+\.\.\.' is the start of a line"

refused 'every bad line' 'x:deny\n10.:deny\ny:deny\n10.:deny\nz:deny\n' '^tcprules: fatal: 4 errors: cdb is left as it was$'
is 'each of them is named' "$(printf '%s\n' "$messages" | sed -n "s/.*line \([0-9]*\): '\([^']*\)'.*/\1\2/p" | tr '\n' ' ')" '1x 3y 5z 410. '

# Making a cdb of equal keys takes quadratic time, so they have to be found before.
awk 'BEGIN { for (i = 0; i < 30000; i++) print "10.:deny" }' > same
exits 'thirty thousand equal keys are refused' 100 sh -c 'timeout 100 tcprules cdb tmp < same'
is '... each with its line' "$(grep -c 'and line 1 has it' err)" 29999

# --- warnings -------------------------------------------------------------------------------------------------
compile '10.1.2.3/8:deny\n10.\n1.2.3.4:deny\n' -w
is '-w accepts what ucspi-tcp does' "$status" 0
like '... with a warning for each line' "$messages" "^tcprules: warning: line 1: '10\.1\.2\.3/8' has bits"
like '... every one' "$messages" "^tcprules: warning: line 2: '10\.' has no decision"
is 'the good lines work' "$(says 1.2.3.4)" 'deny connection'
is 'the others match nobody, as before' "$(says 10.1.2.3)" 'allow connection'
compile '10.:deny\n10.:allow\n' -w
is '-w accepts a key twice' "$status" 0
is '... and the first wins' "$(says 10.1.2.3)" 'deny connection'
before=$(cksum < cdb)
compile '10.:dney\n10.1\n' -w
is '-w refuses what ucspi-tcp does' "$status" 100
is '... and leaves the old cdb' "$(cksum < cdb)" "$before"

# --- the temporary file ---------------------------------------------------------------------------------------
compile ':deny\n'
printf 'left over' > tmp
chmod 600 tmp
ln tmp elsewhere
compile '10.:allow\n'
is 'a tmp that was left over does not matter' "$status" 0
is '... and another name of it keeps what it had' "$(cat elsewhere)" 'left over'
rm -f elsewhere

printf 'precious' > target
ln -s target tmp
compile '10.:deny\n'
is 'a symbolic link is not followed' "$status" 111
like '... as the message says' "$messages" '^tcprules: fatal: unable to create tmp: '
is '... and its target is untouched' "$(cat target)" precious
rm -f tmp

mkfifo tmp
exits 'a FIFO does not block' 111 sh -c 'printf ":deny\n" | timeout 10 tcprules cdb tmp'
ok '... and stays' test -p tmp
rm -f tmp
mkdir tmp
exits 'a folder is an error' 111 sh -c 'printf ":deny\n" | tcprules cdb tmp'
rmdir tmp

before=$(cksum < cdb)
exits 'cdb and tmp can not be one file' 111 sh -c 'printf ":deny\n" | tcprules cdb cdb'
like '... and the message says so' "$(cat err)" 'cdb and cdb are the same file'
ln cdb alias
exits '... under another name either' 111 sh -c 'printf ":deny\n" | tcprules cdb alias'
is '... and the cdb is untouched' "$(cksum < cdb)" "$before"
rm -f alias

mode()
{
  rm -f cdb
  (umask "$1" && printf ':deny\n' | tcprules cdb tmp)
  ls -l cdb | cut -c 1-10
}
is 'the cdb can be read by everybody' "$(mode 022)" '-rw-r--r--'
is '... unless the umask forbids it' "$(mode 077)" '-rw-------'

# Two runs under one name. The first has its lock when it has written something.
mkfifo rules
tcprules cdb tmp < rules 2> first.err &
first=$!
exec 3> rules
awk 'BEGIN { for (i = 0; i < 1000; i++) print "12." i % 256 "." int(i / 256) ".:deny" }' >&3
ok 'a first run is at work' wait_for test -s tmp
exits 'a second run is refused' 111 sh -c 'printf "10.:deny\n" | tcprules cdb tmp'
like '... because of the first' "$(cat err)" 'unable to create tmp: another tcprules is writing it'
printf '11.:deny\n' >&3
exec 3>&-
wait "$first"
is '... which ends well' "$?" 0
is '... and puts its rules in place' "$(says 11.1.1.1)" 'deny connection'

# What somebody else has put under the name tmp is neither published nor removed.
for last in 11.:deny nonsense; do
  before=$(cksum < cdb)
  tcprules cdb tmp < rules 2> first.err &
  first=$!
  exec 3> rules
  awk 'BEGIN { for (i = 0; i < 1000; i++) print "12." i % 256 "." int(i / 256) ".:deny" }' >&3
  ok "a run that ends with $last is at work" wait_for test -s tmp
  rm -f tmp
  echo foreign > tmp
  printf '%s\n' "$last" >&3
  exec 3>&-
  wait "$first"
  status=$?
  case $last in nonsense) want=100 ;; *) want=111 ;; esac
  is '... and fails when tmp is another file' "$status" "$want"
  like '... as it says' "$(cat first.err)" "^tcprules: fatal: (unable to move tmp: it is not the file|line 1001: 'nonsense')"
  is '... which is not published' "$(cksum < cdb)" "$before"
  is '... and stays' "$(cat tmp)" foreign
  rm -f tmp
done

# Many runs at once: each that says it went well had put whole rules in place, and so has whoever comes next.
many_runs()
{
  for run in 1 2 3 4 5 6; do
    (
      for turn in 1 2 3 4 5 6 7 8 9 10 11 12; do
        awk -v "r=$run" 'BEGIN { for (i = 0; i < 2000; i++) print "10." r "." i % 256 "." int(i / 256) ":deny"; print ":deny" }' |
          tcprules cdb tmp 2>> "many.$run" && echo >> published
        [ "$(says 1.2.3.4)" = 'deny connection' ] || echo "$run: $turn" >> unsound
      done
    ) &
    runs="$runs $!"
  done
  for run in $runs; do wait "$run"; done
}
runs=
compile ':deny\n'
many_runs
ok 'of many runs at once some publish' test -s published
ok '... and the cdb is whole at any time' test ! -e unsound
is '... the others say that they gave way' \
  "$(cat many.[1-6] | grep -Ecv 'another tcprules is writing it$|others keep making it$')" 0
ok '... and no tmp is left' test ! -e tmp

# --- failures -------------------------------------------------------------------------------------------------
compile ':deny\n'
before=$(cksum < cdb)

# survives NAME: the old cdb is there and tmp is not
survives()
{
  is "$1: the old cdb is untouched" "$(cksum < cdb)" "$before"
  ok "$1: tmp is gone" test ! -e tmp
}

exits 'input that can not be read is a failure' 111 sh -c 'tcprules cdb tmp < .'
like '... and the message says why' "$(cat err)" '^tcprules: fatal: unable to read standard input: Is a directory'
survives 'unreadable input'
exits 'a closed standard input is a failure' 111 sh -c 'tcprules cdb tmp <&-'
survives 'closed input'
exits 'a folder that does not exist is a failure' 111 sh -c 'printf ":allow\n" | tcprules cdb none/tmp'
like '... and the message names the file' "$(cat err)" 'unable to create none/tmp: No such file or directory'
mkdir folder
exits 'a cdb that can not be replaced is a failure' 111 sh -c 'printf ":allow\n" | tcprules folder tmp'
like '... and the message names both files' "$(cat err)" 'unable to move tmp to folder: '
survives 'failed rename'
awk 'BEGIN { for (i = 0; i < 65536; i++) print "10." int(i / 256) "." i % 256 ".:deny" }' > many
exits 'a full disk is a failure' 111 sh -c 'ulimit -f 1000; tcprules cdb tmp < many'
like '... and the message says why' "$(cat err)" '^tcprules: fatal: unable to write tmp: File too large'
survives 'full disk'
exits '... while the same rules fit without the limit' 0 sh -c 'tcprules other tmp < many'

# Closed descriptors must not become the cdb and get messages written into it.
printf '10.1\n11.:deny\n' > warned
exits 'closed outputs are no harm' 0 sh -c 'tcprules -w cdb tmp < warned 1>&- 2>&-'
is '... to the rules' "$(says 11.1.1.1)" 'deny connection'
compile ':deny\n'

need strace strace
# A sanitized program looks for leaks with the means of a debugger, which can't work under another one.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
export ASAN_OPTIONS
traced()
{
  strace -o trace "$@" tcprules cdb tmp < rules.txt
}
printf '10.:deny\n' > rules.txt
exits 'a traced run' 0 traced -e trace=fsync,fdatasync,rename,renameat,renameat2
is 'the file is synced before it is renamed, and its folder afterwards' \
  "$(sed -n 's/^\([a-z]*\)[a-z0-9]*(.*/\1/p' trace | cut -c 1-6 | tr '\n' ' ')" 'fsync rename fsync '
before=$(cksum < cdb)
exits 'a failing fsync is a failure' 111 traced -e inject=fsync:error=EIO:when=1
like '... and the message says why' "$(cat err)" 'unable to write tmp: Input/output error'
survives 'failed fsync'
exits 'a failing write is a failure' 111 traced -e inject=write:error=ENOSPC:when=1
survives 'failed write'
exits 'a failing read is a failure' 111 traced -P rules.txt -e inject=read:error=EIO
survives 'failed read'
exits 'a failing rename is a failure' 111 traced -e inject=rename:error=EROFS
survives 'another failed rename'
printf '12.:deny\n' > rules.txt
exits 'a folder that can not be synced is no failure' 0 traced -e inject=fsync:error=EIO:when=2
like '... but worth a warning' "$(cat err)" '^tcprules: warning: unable to sync the folder of cdb, which is in place'
is '... for the new rules are in place' "$(says 12.1.1.1)" 'deny connection'

# --- the manual page ------------------------------------------------------------------------------------------
sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$root/doc/tcprules.5" | grep -v '^\.' > example
exits 'the example in tcprules(5) compiles' 0 sh -c 'tcprules cdb tmp < example'
is '... and does what tcprulescheck(1) says' "$(tcprulescheck cdb 192.168.7.20)" \
  "$(sed -n '/^rule 192/,/^allow/p' "$root/doc/tcprulescheck.1")"
is '... in all cases' "$(tcprulescheck -v cdb 198.51.100.9 mail.example.net)" \
  "$(sed -n '/^look up/,/^deny/p' "$root/doc/tcprulescheck.1")"

# --- usage ----------------------------------------------------------------------------------------------------
usage()
{
  exits "usage: $1" 100 sh -c "tcprules $2 < rules.txt"
  like "... says so" "$(cat err)" '^tcprules: usage: tcprules \[-w\] cdb tmp$'
}
usage 'no arguments' ''
usage 'one argument' 'cdb'
usage 'three arguments' 'cdb tmp more'
usage 'an unknown option' '-x cdb tmp'
usage 'an empty name' "cdb ''"
usage 'an option after the names' 'cdb tmp -w'
exits '--help' 0 tcprules --help
like '... goes to standard output' "$(cat out)" '^usage: tcprules \[-w\] cdb tmp'
exits '--version' 0 tcprules --version
like '... goes to standard output, too' "$(cat out)" '^tcprules \(ucspi-tcpmux\) [0-9]'
done_testing
