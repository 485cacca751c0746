#!/bin/sh
# Lists: HELP, which is for clients, and -n, which is for the administrator.
. "$(dirname "$0")/../lib.sh"
need perl perl

mux=$COMMAND_DIR/tcpmuxd
client="perl $root/tests/cli/tcpmuxd-client.pl"
services=$work/services
mkdir "$services"
lines() { tr -d '\r' | tr '\n' '|'; }
exactly() { od -An -c | tr -s ' \n' ' '; }
# service NAME [MARK…]: a service directory with these marks
service()
{
  service_name=$1
  shift
  mkdir "$services/$service_name"
  printf '#!/bin/sh\necho %s\n' "$service_name" > "$services/$service_name/run"
  chmod +x "$services/$service_name/run"
  for mark; do : > "$services/$service_name/$mark"; done
}
file()
{
  printf '#!/bin/sh\necho\n' > "$services/$1"
  chmod +x "$services/$1"
}
ask() { printf '%s\r\n' "$1" | "$mux" -v "$services" 2> "$work/log"; }

is "HELP without services is an empty list" "$(ask HELP | exactly)" ""
file zzz
file 1st
service middle
service alpha own-reply
is "HELP is the names alone, sorted, each with CR LF" "$(ask HELP | exactly)" \
  " 1 s t \\r \\n a l p h a \\r \\n m i d d l e \\r \\n z z z \\r \\n "
is "help is HELP" "$(for name in help Help hELP; do ask "$name"; done | lines)" \
  '1st|alpha|middle|zzz|1st|alpha|middle|zzz|1st|alpha|middle|zzz|'
like "it is logged" "$(cat "$work/log")" '^tcpmuxd: ok [0-9]+ help from unknown$'
ask HELP > "$work/out"
is "its exit status is 0" $? 0
is "-H refuses HELP" "$(printf 'HELP\r\n' | "$mux" -H "$services" | lines)" '-service not available|'
printf 'HELP\r\n' | "$mux" -H "$services" > "$work/out"
is "... with exit status 100" $? 100

service off down
service secret hidden
service badlimit limit
service goodlimit
echo 3 > "$services/goodlimit/limit"
file Upper
file .dot
file help
file tcpmux
: > "$services/README"
: > "$services/readme"
ln -s nowhere "$services/dangling"
mkfifo "$services/fifo"
mkdir "$services/norun"
is "HELP leaves out what is hidden, down, broken or has no legal name" "$(ask HELP | lines)" \
  '1st|alpha|goodlimit|middle|zzz|'
is "HELP does not fill the log with what is broken" "$(grep -c warning "$work/log")" 0

service mine
service yours
service spoilt rules.cdb
printf '127.0.0.1:allow\n:deny\n' | tcprules "$services/mine/rules.cdb" "$work/tmp"
printf '127.0.0.1:deny\n' | tcprules "$services/yours/rules.cdb" "$work/tmp"
is "HELP leaves out what this peer is refused" "$(export TCPREMOTEIP=127.0.0.1; ask HELP | lines)" \
  '1st|alpha|goodlimit|middle|mine|zzz|'
is "another peer gets another list" "$(export TCPREMOTEIP=127.0.0.2; ask HELP | lines)" \
  '1st|alpha|goodlimit|middle|yours|zzz|'
is "a peer without an address gets nothing that has rules" "$(ask HELP | lines)" '1st|alpha|goodlimit|middle|zzz|'
rm -r "$services/mine" "$services/yours" "$services/spoilt"

serve mux -HRl0 127.0.0.1 0 "$mux" "$services"
is "over TCP, HELP ends without a reset, whatever was sent with it" \
  "$($client "tcp:$port" 'send:HELP\r\n' fill:200000 eof | lines)" '1st|alpha|goodlimit|middle|zzz|'

# --- -n ----------------------------------------------------------------------------------------------------

printf 'x' > "$services/sp ace"
: > "$services/$(printf 'new\nline')"
file "$(printf '%064d' 1)"
file rsync
ok "these tests need /etc/services (package netbase)" grep -q '^rsync.*/tcp' /etc/services
"$mux" -n "$services" > "$work/out" 2> "$work/err" < /dev/null
is "-n exits 100 if anything is wrong" $? 100
is "-n prints what would be offered, sorted, with its marks and whether the name is registered" "$(lines < "$work/out")" \
  '1st file|alpha directory own-reply|goodlimit directory limit 3|middle directory|off directory down|rsync file registered|secret directory hidden|zzz file|'
is "-n warns of each entry that can't be offered" "$(sort "$work/err" | sed 's/.*warning: service //; s/: .*//' | lines)" \
  ".dot|0000000000000000000000000000000000000000000000000000000000000001|README|Upper|badlimit|dangling|fifo|help|new?line|norun|readme|sp ace|tcpmux|"
like "-n says what is wrong with a name" "$(cat "$work/err")" '^tcpmuxd: warning: service Upper: a name is '
like "-n says that a name is reserved" "$(cat "$work/err")" '^tcpmuxd: warning: service help: this name is reserved$'
like "-n says what is wrong with a limit" "$(cat "$work/err")" '^tcpmuxd: warning: service badlimit: limit: its first line must be'
mkdir "$work/good"
cp "$services/zzz" "$work/good/"
service both rules.cdb limit
chmod -x "$services/both/run"
is "-n tells all that is wrong with a service, not only the first" \
  "$("$mux" -n "$services" 2>&1 > /dev/null | sed -n 's/.*service both: \(.*\): .*/\1/p' | sed 's/:.*//' | lines)" './run|rules.cdb|limit|'
exits "-n exits 0 if nothing is wrong" 0 "$mux" -n "$work/good"
is "... and warns of nothing" "$(cat "$work/err")" ''
exits "-n of no directory fails" 111 "$mux" -n "$work/nosuch"
like "... and says why" "$(cat "$work/err")" '^tcpmuxd: fatal: .*nosuch: No such file or directory$'
"$mux" -n "$work/good" > /dev/full 2> "$work/err"
is "-n fails if its output can't be written" $? 111

# --- Size --------------------------------------------------------------------------------------------------

mkdir "$work/many"
perl -e 'my ($dir, $program) = @ARGV; my $first = sprintf "%s/%063d", $dir, 0;
  open my $f, ">", $first or die; print $f "#!/bin/sh\n"; close $f; chmod 0755, $first;
  link $first, sprintf "%s/%063d", $dir, $_ or die for 1..5999' "$work/many"
is "a list of 6000 names of 63 octets comes whole" \
  "$($client pair 'send:help\r\n' eof -- "$mux" "$work/many" | wc -lc | tr -s ' ')" "$(printf ' 6000 390000')"
is "a client that asks for it and reads nothing is given up when the time is over" \
  "$($client pair 'send:help\r\n' status -- "$mux" -t 1 -v "$work/many" 2> "$work/err")" 100
like "... and logged" "$(cat "$work/err")" '^tcpmuxd: deny [0-9]+ help from unknown timeout$'
done_testing
