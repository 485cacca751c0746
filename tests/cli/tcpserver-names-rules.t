#!/bin/sh
# rules by host name and ident in tcpserver, who is asked about for their sake, and what of names prog may believe
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-names.sh"

# rules NAME: compiles them from stdin to $work/NAME.cdb
rules()
{
  tcprules "$work/$1.cdb" "$work/tmp"
}
# from N: what a client from 127.0.0.N gets
from()
{
  peer -b "127.0.0.$1" 127.0.0.1 "$port" | tr -d '\r'
}
rule='echo "rule ${RULE-none}"'

behave <<'TABLE'
127.0.0.2 answer host=mail.good.example info=joe
127.0.0.3 answer host=bad.example info=mallory
127.0.0.4 answer
127.0.0.5 answer unconfirmed=mail.good.example info=joe
127.0.0.6 answer host=other.example info=joe
127.0.0.7 answer info=mallory
127.0.0.8 answer host=mail.good.example
127.0.0.9 die
TABLE

# --- which rule decides ------------------------------------------------------------------------------------

rules all <<'RULES'
joe@127.0.0.2:allow,RULE="info at address"
joe@=mail.good.example:allow,RULE="info at host"
127.0.0.8:allow,RULE="address"
127.0.0.11:deny
=mail.good.example:allow,RULE="host"
=bad.example:deny,DIEMSG="no bad.example here"
127.0.0.:allow,RULE="network"
127.0.1.:deny
=.example:allow,RULE="suffix"
:deny
RULES
serving all -v -x "$work/all.cdb" 127.0.0.1 0 sh -c "$rule"
is "ident at an address comes first" "$(from 2)" 'rule info at address'
is "an address comes before a host name" "$(from 8)" 'rule address'
is "a host name comes before a network" "$(from 3)" 'no bad.example here'
logs "... and refuses with its rule as the reason" all 'deny 0 .* bad\.example:127\.0\.0\.3:mallory:[0-9]+ rule =bad\.example$'
is "a network is for those without a name, too" "$(from 4)" 'rule network'
is "an address that is refused has to wait for a rule by ident" "$(from 11)$(questions '^peer 127\.0\.0\.11 ')" 1
behave <<'TABLE'
127.0.1.2 answer host=mail.good.example
127.0.1.3 answer host=else.example
127.0.0.9 die
TABLE
is "a network that is refused has to wait for a rule of a host name that would allow" \
  "$(peer -b 127.0.1.2 127.0.0.1 "$port")" 'rule host'
is "... and is refused if none does" "$(peer -b 127.0.1.3 127.0.0.1 "$port")" ''
logs "... with the network's rule as the reason" all 'deny 0 .* else\.example:127\.0\.1\.3::[0-9]+ rule 127\.0\.1\.$'
is "no answer, and a rule that needs one: refused" "$(from 9)" ''
logs "... with the reason lookup" all 'deny 0 .*127\.0\.0\.9::[0-9]+ lookup$'
is "no answer, and an address rule that is the first: served" "$(wait_asked 2 '^start'; from 8)" 'rule address'
stop "$server"

behave <<'TABLE'
127.0.0.2 answer host=mail.good.example info=joe
127.0.0.3 answer host=bad.example info=mallory
127.0.0.5 answer unconfirmed=mail.good.example info=joe
127.0.0.6 answer host=other.example info=joe
127.0.0.7 answer info=mallory
127.0.0.9 die
* answer
TABLE
rules more <<'RULES'
joe@=mail.good.example:allow,RULE="info at host"
mallory@127.0.0.7:deny
=.good.example:allow,RULE="suffix"
=:allow,RULE="any name"
:allow,RULE="nobody"
RULES
rules first <<'RULES'
127.0.0.11:deny,DIEMSG="not you"
=mail.good.example:allow
127.0.1.:deny
RULES
serving first -v -x "$work/first.cdb" 127.0.0.1 0 sh -c "$rule"
is "an address rule that refuses decides before anybody is asked" "$(from 11),$(questions '^peer')" 'not you,0'
logs "... with itself as the reason" first 'deny 0 .*127\.0\.0\.11::[0-9]+ rule 127\.0\.0\.11$'
stop "$server"
serving more -v -x "$work/more.cdb" 127.0.0.1 0 sh -c "$rule"
is "ident at a host name needs both" "$(from 2)" 'rule info at host'
is "... the same ident elsewhere is another's" "$(from 6)" 'rule any name'
is "a suffix that is another's does not match" "$(from 3)" 'rule any name'
is "who has no name is not for = either" "$(from 5)" 'rule nobody'
is "ident refuses" "$(from 7)" ''
logs "... with its rule as the reason" more 'deny 0 .* :127\.0\.0\.7:mallory:[0-9]+ rule mallory@127\.0\.0\.7$'
stop "$server"

# --- -p ----------------------------------------------------------------------------------------------------

shown='echo "${TCPREMOTEHOST-none} ${TCPPARANOID-none} ${RULE-none}"'
rules host <<'RULES'
=mail.good.example:allow,RULE="host"
=:allow,RULE="any name"
:allow,RULE="nobody"
RULES
serving paranoid -v -p -x "$work/host.cdb" 127.0.0.1 0 sh -c "$shown"
is "-p: a name that is confirmed is one" "$(from 2)" 'mail.good.example none host'
is "-p: one that is not is none, matches no rule, and is in TCPPARANOID" "$(from 5)" 'none mail.good.example nobody'
logs "... nor is it in the log" paranoid ' ok [0-9]+ :127\.0\.0\.1:[0-9]+ :127\.0\.0\.5:joe:[0-9]+$'
is "-p: without any name TCPPARANOID is unset" "$(from 4)" 'none none nobody'
stop "$server"
rules deny <<'RULES'
=mail.good.example:allow
:deny
RULES
serving closed -v -p -x "$work/deny.cdb" 127.0.0.1 0 sh -c "$shown"
is "-p: a name that is not confirmed lets nobody in" "$(from 5)" ''
stop "$server"
serving credulous -v -P -x "$work/host.cdb" 127.0.0.1 0 sh -c "$shown"
is "-P: the helper's doubts, which were not asked for, are passed over" "$(from 5)" 'none none nobody'
stop "$server"
serving twin -p 127.0.0.1 0 sh -c 'echo "${TCP6REMOTEHOST-none} ${TCP6PARANOID-none} ${TCP6REMOTEINFO-none}"'
is "the TCP6 twins are the same" "$(from 2),$(from 5)" 'mail.good.example none joe,none mail.good.example joe'
stop "$server"
serving four -4 -p 127.0.0.1 0 sh -c 'echo "${TCP6REMOTEHOST-none} ${TCP6PARANOID-none} ${TCP6REMOTEINFO-none}"'
is "... and there are none with -4" "$(from 2),$(from 5)" 'none none none,none none none'
stop "$server"

# --- what is not asked for -----------------------------------------------------------------------------------

serving nobody -v -HRl0 -x "$work/all.cdb" 127.0.0.1 0 sh -c "$rule"
is "with -HRl0 rules by name match nobody" "$(from 3)" 'rule network'
is "... nobody is asked" "$(questions .)" 0
ok "... and there is no helper, nor anything else" wait_for sh -c '! pgrep -P "$1" > "$2"' sh "$server" "$work/children"
logs "... which the log tells" nobody 'warning: unable to apply all rules of .*: some are by host name, which -H does not look up$'
stop "$server"
serving info -v -Hl0 -x "$work/more.cdb" 127.0.0.1 0 sh -c "$rule"
is "with -H ident alone is asked for" "$(from 2)" 'rule nobody'
is "... for 26 seconds" "$(questions '^peer 127\.0\.0\.2 wanted 4 timeout 26 ')" 1
is "... and refuses" "$(from 7)" ''
stop "$server"
serving short -t 3 127.0.0.1 0 true
from 2
is "-t 3: for 3 seconds" "$(questions 'wanted 7 timeout 3 ')" 1
stop "$server"
serving zero -t 0 127.0.0.1 0 sh -c 'echo "${TCPREMOTEINFO-none}"'
is "-t 0: not at all, and none is believed" "$(from 2) $(questions 'wanted 3 timeout 0 ')" 'none 1'
stop "$server"
serving name -H -R 127.0.0.1 0 sh -c 'echo "${TCPREMOTEHOST-none} ${TCPREMOTEINFO-none}"'
is "what was not asked for is not believed" "$(from 2)" 'none none'
stop "$server"

# --- the helper can't be had -----------------------------------------------------------------------------------

behave <<'TABLE'
start die
127.0.0.2 answer host=mail.good.example
TABLE
serving down -v -p -x "$work/host.cdb" 127.0.0.1 0 sh -c "$shown"
wait_asked 2 '^start'
is "no helper, and a rule that needs one: refused" "$(from 2)" ''
logs "... with the reason lookup" down 'deny 0 .*127\.0\.0\.2::[0-9]+ lookup$'
stop "$server"
rules plain <<'RULES'
127.0.0.3:deny
:allow,RULE="everybody"
RULES
serving plain -v -p -x "$work/plain.cdb" 127.0.0.1 0 sh -c "$shown"
wait_asked 2 '^start'
is "no helper, and rules by address: they hold" "$(from 2),$(from 3)" 'none none everybody,'
stop "$server"
rm "$work/libexec/tcplookup"
exits "without tcplookup it does not start" 111 timeout 30 tcpserver 127.0.0.1 0 true
like "... and says what is missing" "$(cat "$work/err")" "^tcpserver: fatal: unable to run $work/libexec/tcplookup: No such file"
serve none -HRl0 127.0.0.1 0 echo served
is "... unless nobody has to be asked" "$(from 2)" served
stop
cp "$root/tests/cli/tcpserver-names-helper.pl" "$work/libexec/tcplookup"
chmod 755 "$work/libexec/tcplookup"

# --- inherited variables -----------------------------------------------------------------------------------

behave <<'TABLE'
127.0.0.5 answer unconfirmed=fake.example
127.0.0.9 die
* answer
TABLE
variables='TCPREMOTEHOST TCPREMOTEINFO TCPPARANOID TCPLOCALHOST TCP6REMOTEHOST TCP6REMOTEINFO TCP6PARANOID TCP6LOCALHOST'
for variable in $variables; do
  export "$variable=inherited"
done
serving inherited -v -p 127.0.0.1 0 sh -c 'env | grep inherited; echo end'
is "no inherited fact passes through when there is none" "$(from 4)" end
is "... nor when a name is not confirmed" "$(from 5)" end
is "... nor when the helper is dead" "$(from 9)" end
stop "$server"
serving unasked -H -R 127.0.0.1 0 sh -c 'env | grep inherited; echo end'
is "... nor when nobody is asked" "$(from 4)" end
stop "$server"
serving paranoia -P 127.0.0.1 0 sh -c 'env | grep inherited; echo end'
is "... nor without -p" "$(from 5)" end
stop "$server"
serving local -HR -l given.example 127.0.0.1 0 sh -c 'env | grep inherited; echo $TCPLOCALHOST'
is "... and -l is what it says" "$(from 5)" given.example
stop "$server"
done_testing
