#!/bin/sh
# Below inetd, which leaves the connection at descriptor 2, too: the client hears protocol and what the program itself
# says, never a message or a log line of ours. Elsewhere all of them are where they belong.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp-env.sh"
unset RBLSMTPD GREETDELAY
mkdir -p "$work/services/broken"
printf '#!/bin/sh\necho served\necho complaint >&2\n' > "$work/services/works"
chmod 755 "$work/services/works"

# said OPTION program...: what the client hears who sends $request; with OPTION -2 as from inetd, with -- as from tcpserver
request=
said()
{
  inetd "$@"
  # shellcheck disable=SC2086
  peer 127.0.0.1 "$port" $request | tr -d '\r'
  wait_for test -s "$work/inetd.status"
}
# each NAME HEARD STATUS LOG program...: what the client hears, the exit status; and what tcpserver's log would have had
each()
{
  each_name=$1 each_heard=$2 each_status=$3 each_log=$4
  shift 4
  is "$each_name: the client of inetd hears the protocol only" "$(said -2 "$@")" "$each_heard"
  is '... the exit status is the same' "$(status)" "$each_status"
  said -- "$@" > "$work/got"
  like '... a log has the message' "$(cat "$work/inetd.log")" "$each_log"
}

request='hello\r\n'
each recordio 'hello' 0 '^[0-9]+ < hello' recordio cat
request='RCPT\r\nQUIT\r\n'
RBLSMTPD=no
export RBLSMTPD
each 'rblsmtpd that refuses' '220 rblsmtpd.local
451 no
221 rblsmtpd.local' 0 '^rblsmtpd: .* pid [0-9]+: 451 no$' rblsmtpd false
unset RBLSMTPD
each 'rblsmtpd whose lists fail' '220 rblsmtpd.local
451 temporary RBL lookup error
221 rblsmtpd.local' 0 '^rblsmtpd: warning: \$TCPREMOTEIP' rblsmtpd -c -r list.test false
request='works\r\n'
each 'tcpmuxd' '+
served
complaint' 0 '^tcpmuxd: ok ' tcpmuxd -v "$work/services"
request='broken\r\n'
each 'tcpmuxd with a service that is broken' '-service not available' 111 '^tcpmuxd: warning: service broken: ' \
  tcpmuxd "$work/services"
# A file that is open for writing passes all checks and can't be executed.
cp "$work/services/works" "$work/services/busy"
exec 8>> "$work/services/busy"
request='busy\r\n'
each 'tcpmuxd with a service that cannot be run after all' '+' 111 '^tcpmuxd: warning: unable to run ' tcpmuxd "$work/services"
exec 8>&-
# Who ends with something unread resets the connection.
request=
for program in recordio fixcrio rblsmtpd; do
  each "$program without its program" '' 111 "^$program: fatal: unable to run /nonexistent: " $program /nonexistent
  each "$program with nothing to run" '' 100 "^$program: usage: " $program
done
each 'tcpmuxd on a wrong command line' '' 100 '^tcpmuxd: usage: ' tcpmuxd -t x /

# What follows is the program's own business.
for before in 'recordio' 'fixcrio' 'rblsmtpd' 'tcp-env -HRl0' 'recordio fixcrio' 'rblsmtpd fixcrio'; do
  request=
  # shellcheck disable=SC2086
  is "$before: what the program itself writes to descriptor 2 is where inetd has it" \
    "$(said -2 $before sh -c 'echo to the client >&2')" 'to the client'
done
done_testing
