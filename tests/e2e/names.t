#!/bin/sh
# Names and ident with real servers: dnsmasq answers for DNS, oidentd says whose a connection is.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
. "$root/tests/e2e/dnsmasq.sh"
need oidentd oidentd
tcplookup=${COMMAND_DIR%/*}/libexec/tcplookup

me=$($as_user id -un)

# dnsmasq refuses names of its own domain that it doesn't know, and asks nobody else.
serve_dnsmasq <<'CONF'
local=/names.test/
local=/in-addr.arpa/
local=/ip6.arpa/
local-ttl=60
auth-ttl=60
host-record=server.names.test,127.0.0.1,::1
host-record=good.names.test,127.1.0.1
host-record=other.names.test,127.9.9.9
host-record=two.names.test,127.1.0.4
host-record=two.names.test,127.1.0.5
cname=alias.names.test,chain.names.test
cname=chain.names.test,good.names.test
txt-record=text.names.test,"v=spf1 -all"
ptr-record=2.0.1.127.in-addr.arpa,other.names.test
ptr-record=3.0.1.127.in-addr.arpa,nowhere.names.test
CONF
: > "$work/oidentd.conf"
# shellcheck disable=SC2086
background oidentd $as_user oidentd -i -S -C "$work/oidentd.conf" $as_root
ok 'oidentd runs' wait_for sh -c 'ss -ltn | grep -q ":113 "'

# questions TYPE NAME: how many of these dnsmasq has had
questions() { grep -c "query\[$1\] $2 " "$work/dnsmasq.log"; }

# --- tcplookup --------------------------------------------------------------------------------------------------------

# looks ARGUMENTS: what it prints on both outputs, lines joined by ';'
looks() { timeout 10 "$tcplookup" "$@" 2>&1 | tr '\n' ';'; }
is 'a peer has the name of its PTR record' "$(looks 127.1.0.1)" 'TCPREMOTEHOST=good.names.test;'
is 'it is confirmed by its A record' "$(looks -p 127.1.0.1)" 'TCPREMOTEHOST=good.names.test;'
is 'so is an IPv6 peer by AAAA' "$(looks -p ::1)" 'TCPREMOTEHOST=server.names.test;'
is 'a name of another host is paranoia' "$(looks -p 127.1.0.2)" 'TCPPARANOID=other.names.test;'
is 'a name that does not exist, too' "$(looks -p 127.1.0.3)" 'TCPPARANOID=nowhere.names.test;'
is 'who has no name has none' "$(looks 127.1.0.9)" ''
is 'a name has both kinds of addresses' "$(looks -a server.names.test)" '127.0.0.1;::1;'
is 'and all of one kind' "$(timeout 10 "$tcplookup" -a -4 two.names.test | sort | tr '\n' ' ')" '127.1.0.4 127.1.0.5 '
is 'an alias of an alias leads to its address' "$(looks -a alias.names.test)" '127.1.0.1;'
is 'a name that has only text has none' "$(looks -a text.names.test)" \
  'tcplookup: fatal: no IP address for text.names.test;'
is 'nor has one that does not exist' "$(looks -a nowhere.names.test)" \
  'tcplookup: fatal: no IP address for nowhere.names.test;'
is 'what dnsmasq refuses cannot be found out' "$(looks -a www.example)" \
  'tcplookup: fatal: unable to figure out IP address for www.example: temporary DNS failure;'
is 'of a connection that does not exist nobody is known' "$(looks -H 127.0.0.1 9 9)" ''
logs 'although oidentd was asked' oidentd '9 , 9 : ERROR : NO-USER'

# --- tcpserver and tcpclient ------------------------------------------------------------------------------------------

show='echo "${TCPLOCALHOST-none} ${TCPREMOTEHOST-none} ${TCPPARANOID-none} ${TCPREMOTEINFO-none}"'
tcprules "$work/cdb" "$work/tmp" <<RULES
$me@=good.names.test:allow,WHO="known"
=.names.test:allow,WHO="neighbour"
:deny
RULES
serve all -vp -x "$work/cdb" 0 0 sh -c "$show; echo \$WHO"
# from ADDRESS: what the server shows to who comes from there. -k: oidentd knows connections that are open
from() { peer -k -b "$1" 127.0.0.1 "$port" | tr '\n' ';'; }
is 'tcpserver knows names and user of a peer, and finds his rule' "$(from 127.1.0.1)" \
  "server.names.test good.names.test none $me;known;"
logs 'they are in its log' all "ok [0-9]+ server\.names\.test:127\.0\.0\.1:$port good\.names\.test:127\.1\.0\.1:$me:[0-9]+$"
is 'a peer whose name is not confirmed meets no rule for it' "$(from 127.1.0.2)" ''
logs 'its refusal tells the rule' all 'deny 0 server\.names\.test:127\.0\.0\.1:[0-9]+ :127\.1\.0\.2:.* rule '
is 'nor does one without name' "$(from 127.1.0.9)" ''
asked_before=$(questions PTR 127.1.0.1)
for again in 1 2 3; do
  is "who comes again ($again) is known" "$(from 127.1.0.1)" "server.names.test good.names.test none $me;known;"
done
is 'without another question to dnsmasq' "$(questions PTR 127.1.0.1)" "$asked_before"
stop
serve six -vp 0 0 sh -c "$show"
is 'an IPv6 peer has all this, too' "$(peer -k ::1 "$port" | tr '\n' ';')" "server.names.test server.names.test none $me;"
stop
# Its socket is its own only once it has been accepted, and for as long as it is open.
serve stays -HRl0 0 0 cat
knows_server()
{
  known=$(timeout 10 tcpclient server.names.test "$port" sh -c 'echo "$TCPREMOTEIP $TCPREMOTEHOST ${TCPREMOTEINFO-none}"' |
    sed 's/^::1 /127.0.0.1 /')
  [ "$known" = "127.0.0.1 server.names.test $me" ]
}
wait_for knows_server
is 'tcpclient finds its server by name, and knows as much about it' "$known" "127.0.0.1 server.names.test $me"
stop
serve named -HRl0 good.names.test 0 echo hello
is 'tcpserver listens at the address of a name' "$(timeout 10 tcpclient -HRl0 alias.names.test "$port" sh -c 'exec cat <&6')" hello
done_testing
