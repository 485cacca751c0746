#!/bin/sh
# tcpserver -Y and names: who is asked about the client of a proxy, and that nobody is asked for its ident
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-names.sh"

sends()
{
  timeout 60 perl "$root/tests/cli/tcpserver-proxy.pl" 127.0.0.1 "$port" send "$@"
}
show='echo "${TCPREMOTEHOST-none} ${TCPREMOTEINFO-none} ${TCPLOCALHOST-none}"'

behave <<'TABLE'
192.0.2.7 answer host=client.example local=server.example
192.0.2.11 answer host=client.example info=joe
127.0.0.1 answer host=proxy.example info=joe local=own.example
* hold
TABLE
serving names -v -Y 127.0.0.1 127.0.0.1 0 sh -c "$show"
is "the client's name and that of what it reached are known" "$(sends v1)" 'client.example none server.example'
is "... and nobody was asked for its ident" "$(sed -n 's/^peer //p' "$NAMES_FOLDER/asked")" '192.0.2.7 wanted 3 timeout 0 local 198.51.100.1'
logs "... the log has the name" names '^tcpserver: ok [0-9]+ server\.example:198\.51\.100\.1:25 client\.example:192\.0\.2\.7::4242$'
is "ident that nobody asked for is not believed" "$(sends v1-11)" 'client.example none none'
is "the proxy's own connection is like any other" "$(sends local)" 'proxy.example joe own.example'
is "... with ident" "$(questions '^peer 127\.0\.0\.1 wanted 7 timeout 26 local 127\.0\.0\.1$')" 1
stop "$server"

tcprules "$work/cdb" "$work/tmp" << 'RULES'
joe@192.0.2.7:deny
=client.example:allow,RULE="name"
joe@127.0.0.1:allow,RULE="ident"
192.0.2.10:deny
RULES
serving ident -v -Hl0 -Y 127.0.0.1 -x "$work/cdb" 127.0.0.1 0 sh -c 'echo "${RULE-none}"'
is "where only ident is wanted nobody is asked, and a rule that wants it matches nobody" "$(sends v1) $(questions '^peer')" 'none 0'
is "... but the proxy itself" "$(sends local)" ident
stop "$server"

behave <<'TABLE'
192.0.2.7 answer host=client.example
* later host=late.example
TABLE
serving place -v -R -l0 -Y 127.0.0.1 -x "$work/cdb" -c 1 127.0.0.1 0 sh -c 'echo "${RULE-none} $TCPREMOTEHOST"; read -r line'
# Two that are accepted while there is a place, and send their headers when there is none; within 3 seconds of that.
pause
keep_client later perl "$root/tests/cli/tcpserver-proxy.pl" 127.0.0.1 "$port" later v1-12 v1-10
keep_client first perl "$root/tests/cli/tcpserver-proxy.pl" 127.0.0.1 "$port" hold v1
go_on
wait_for grep -q name "$work/first.out"
tell later go
ok "who has no place yet is asked about all the same" wait_asked 1 '^peer 192\.0\.2\.12 '
logs "... or refused by a rule at once" place 'rule 192\.0\.2\.10$'
is "... and not asked about then" "$(questions '^peer 192\.0\.2\.10 ')" 0
release forward
wait_for test ! -e "$NAMES_FOLDER/release"
round_trips place
is "... an answer does not make a place" "$(cat "$work/later.out")" connected
echo > "$work/first.in"
ok "... another's end does" wait_for grep -q '^v1-12: none late\.example$' "$work/later.out"
unlike "... never were there two" "$(cat "$work/place.log")" 'status: 2/'
stop "$server"
done_testing
