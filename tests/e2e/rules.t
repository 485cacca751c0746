#!/bin/sh
# One source address in 127/8 is admitted and another refused: by tcpserver, and by tcpmuxd for one service.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"

compile()
{
  tcprules "$1" "$1.tmp"
}
from()
{
  tcpclient -RHl0 -i "$1" 127.0.0.1 "$port" sh -c 'exec cat <&6' < /dev/null 2> "$work/err"
}
log_has()
{
  grep -Eq -e "$2" "$work/$1.log"
}

printf '%s\n' '127.0.0.2:deny' '127.0.0.3:allow,GREETING="friend"' '127.:allow' ':deny' | compile "$work/rules.cdb"
serve rules -v -RHl0 -x "$work/rules.cdb" 0 0 sh -c 'echo "hello ${GREETING-stranger}"'

is 'an admitted source is served' "$(from 127.0.0.1)" 'hello stranger'
is 'a source whose rule sets a variable is served with it' "$(from 127.0.0.3)" 'hello friend'
is 'a refused source gets nothing' "$(from 127.0.0.2)" ''
ok 'the log has the admission' wait_for log_has rules '^tcpserver: ok [1-9][0-9]* 0:127\.0\.0\.1:[0-9]+ :127\.0\.0\.3::[0-9]+$'
ok 'the log has the refusal, its rule and no process' \
  wait_for log_has rules '^tcpserver: deny 0 0:127\.0\.0\.1:[0-9]+ :127\.0\.0\.2::[0-9]+ rule 127\.0\.0\.2$'

printf '%s\n' '127.0.0.2:allow' ':deny' | compile "$work/rules.cdb"
is 'replaced rules admit who was refused, without a restart' "$(from 127.0.0.2)" 'hello stranger'
is 'replaced rules refuse who was admitted, without a restart' "$(from 127.0.0.1)" ''

# The same two sources, one level up: the server admits both, one service does not.
mkdir "$work/services/private"
printf '#!/bin/sh\necho "private for ${GREETING-nobody}"\n' > "$work/services/private/run"
chmod 755 "$work/services/private/run"
mux_service public echo public
printf '%s\n' '127.0.0.1:allow,GREETING="me"' ':deny' | compile "$work/services/private/rules.cdb"
serve_mux

# asks SOURCE SERVICE
asks()
{
  tcpclient -RHl0 -i "$1" -X -P "$mux_port" 127.0.0.1 "$2" sh -c 'exec cat <&6' < /dev/null 2> "$work/err"
}
help_from()
{
  port=$mux_port
  tcpclient -RHl0 -i "$1" 127.0.0.1 "$port" sh -c 'printf "HELP\r\n" >&7; exec cat <&6' | tr -d '\r'
}
is 'tcpmuxd serves a service to a source that its rules admit' "$(asks 127.0.0.1 private)" 'private for me'
is 'tcpmuxd refuses the service to another source' "$(asks 127.0.0.2 private)" ''
like 'the refused client is told' "$(cat "$work/err")" '^tcpclient: fatal: '
is 'the other source has the other service' "$(asks 127.0.0.2 public)" public
ok 'tcpmuxd logged the refusal and its rule' \
  wait_for log_has mux '^tcpmuxd: deny [0-9]+ private from 127\.0\.0\.2 rule '
is 'HELP lists both services to who may use both' "$(help_from 127.0.0.1)" "private
public"
is 'HELP leaves out what the asker may not use' "$(help_from 127.0.0.2)" public
done_testing
