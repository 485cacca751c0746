#!/bin/sh
# recordio: shows what passes, in the lines of ucspi-tcp's, each in one write; and changes nothing of it.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/filters.sh"
filter=recordio
. "$root/tests/cli/filters-relay.sh"

# log_of INPUT cmd…: the log of recordio cmd, without process ids
log_of()
{
  log_input=$1
  shift
  limited recordio "$@" < "$log_input" > "$work/through" 2> "$work/log"
  wait_for complete "$work/log"
  sed 's/^[0-9]* //' "$work/log"
}
complete()
{
  [ "$(grep -ac '^[0-9]* [<>] \[EOF\]$' "$1")" = 2 ]
}
printf 'one\r\n\ntwo' > "$work/in"
is 'input is shown by <, output by >, a line without its LF with a +' "$(log_of "$work/in" sh -c 'cat > /dev/null; echo three')" \
  "< one$(printf '\r') 
<  
< two+
< [EOF]
> three 
> [EOF]"
is 'the output itself is not changed' "$(cat "$work/through")" three
background pid sh -c 'exec recordio sh -c "echo \$\$"'
wait "$pid"
wait_for complete "$work/pid.log"
is 'lines begin with the process id of the program' "$(cut -d ' ' -f 1 "$work/pid.log" | sort -u)" "$pid"
echo hello > "$work/hello"
log_of "$work/hello" sh -c 'read line; echo "you said $line"' > /dev/null
is 'the example of the manual page shows what it says' "$(sed 's/^[0-9]*/5135/' "$work/log" | sort)" \
  "$(sed -n '/^5135/s/\\ $/ /p; /^5135.*]$/p' "$root/doc/recordio.1" | sort)"
head -c 1000 /dev/zero | tr '\0' x > "$work/long"
is 'a long line is shown in pieces of 256' "$(log_of "$work/long" cat | grep -c "^< x\{256\}+\$")" 3
# shown DIRECTION LOG
shown()
{
  grep -a "^[0-9]* $1 " "$2" | sed 's/^[0-9]* //'
}
like_theirs()
{
  limited recordio cat < "$1" 2> "$work/ours.log" > "$work/through" && theirs recordio cat < "$1" 2> "$work/theirs.log" > /dev/null &&
    wait_for complete "$work/ours.log" && wait_for complete "$work/theirs.log" &&
    [ "$(shown '<' "$work/ours.log" | cksum)" = "$(shown '<' "$work/theirs.log" | cksum)" ] &&
    [ "$(shown '>' "$work/ours.log" | cksum)" = "$(shown '>' "$work/theirs.log" | cksum)" ]
}
for input in text mixed long in; do
  ok "for $input the lines are octet for octet those of ucspi-tcp" like_theirs "$work/$input"
done

# --- Writes -----------------------------------------------------------------------------------------------------
perl "$root/tests/cli/filters-writes.pl" recordio cat < "$work/text" > "$work/writes"
like 'the log is complete' "$(tail -n 1 "$work/writes")" ' > \[EOF\]\$$'
is 'every write is of whole lines' "$(grep -avc '^[0-9]* [0-9][0-9]* [<>] .*\$$' "$work/writes")" 0
is 'and not larger than what a pipe takes whole' "$(awk '$1 > 4096' "$work/writes" | wc -l | tr -d ' ')" 0
perl "$root/tests/cli/filters-writes.pl" sh -c 'printf "a\n" | recordio cat' > "$work/writes"
like 'what comes is shown before it is passed on' "$(head -n 1 "$work/writes" | sed 's/^[0-9]* [0-9]* //')" '^< a \$$'
for i in 1 2 3 4; do
  limited recordio cat < "$work/text" 2>&1 > /dev/null &
done > "$work/logs" 2>&1
wait
# Their relays may still be at work.
four_complete()
{
  [ "$(grep -c '\[EOF\]$' "$work/logs")" = 8 ]
}
wait_for four_complete
is 'four that write to one log do not mix their lines' "$(grep -avcE '^[0-9]+ [<>] (x*[+ ]|\[EOF\])$' "$work/logs")" 0

# --- A log that can't be written --------------------------------------------------------------------------------
limited sh -c 'recordio cat < "$1" 2>&-' sh "$work/mixed" > "$work/through"
ok 'without a log everything passes' wait_for cmp "$work/mixed" "$work/through"
limited sh -c 'recordio cat < "$1" 2> /dev/full' sh "$work/mixed" > "$work/through"
ok 'and when its disk is full' wait_for cmp "$work/mixed" "$work/through"
limited perl -e 'pipe R, W; open STDERR, ">&", *W; close R; close W; exec "recordio", "cat"' < "$work/mixed" > "$work/through"
ok 'and when nobody reads it' wait_for cmp "$work/mixed" "$work/through"
done_testing
