#!/bin/sh
# tcprulescheck: what it says about a peer, and that a dump compiles back to the same rules.
. "$(dirname "$0")/../lib.sh"
cd "$work" || exit 111

rules()
{
  tcprules cdb tmp
}

rules << 'R'
joe@127.0.0.1:allow,WHO="joe"
joe@=mail.example.org:allow,WHO="joe at mail"
127.0.0.1:allow,A="b",C="",!OLD
=mail.example.org:deny
10.1.2.2/31:deny,DIEMSG="go away"
10.1.:allow
10.0.0.0/8:deny
2001:db8::/32:deny
2001:db8::1:allow
=.example.org:allow,WHO="example"
=:allow,WHO="named"
:deny
R

# --- what it says ---------------------------------------------------------------------------------------------
is 'without a peer it is 0.0.0.0' "$(tcprulescheck cdb)" 'rule :
deny connection'
is 'the peer is in the environment' "$(TCPREMOTEIP=127.0.0.1 tcprulescheck cdb)" 'rule 127.0.0.1:
set environment variable A=b
set environment variable C=
unset environment variable OLD
allow connection'
is 'so are its name' "$(TCPREMOTEIP=9.9.9.9 TCPREMOTEHOST=x.example.org tcprulescheck cdb | head -n 1)" 'rule =.example.org:'
is '... and what ident says' "$(TCPREMOTEIP=127.0.0.1 TCPREMOTEINFO=joe tcprulescheck cdb | head -n 1)" 'rule joe@127.0.0.1:'
is 'or the peer is in the arguments' "$(TCPREMOTEIP=1.1.1.1 tcprulescheck cdb 10.1.2.3)" 'rule 10.1.2.2/31:
deny connection'
is 'with its name' "$(tcprulescheck cdb 9.9.9.9 Mail.Example.ORG)" 'rule =mail.example.org:
deny connection'
is 'with what ident says' "$(tcprulescheck cdb 9.9.9.9 mail.example.org joe)" 'rule joe@=mail.example.org:
set environment variable WHO=joe at mail
allow connection'
is 'without a name, but with ident' "$(tcprulescheck cdb 127.0.0.1 '' joe | head -n 1)" 'rule joe@127.0.0.1:'
is 'arguments do not mix with the environment' \
  "$(TCPREMOTEHOST=mail.example.org TCPREMOTEINFO=joe tcprulescheck cdb 127.0.0.1 | head -n 1)" 'rule 127.0.0.1:'
is 'a name that no other rule has' "$(tcprulescheck cdb 9.9.9.9 elsewhere.example | head -n 1)" 'rule =:'
is 'an IPv6 peer' "$(tcprulescheck cdb 2001:DB8::0:1 | head -n 1)" 'rule 2001:db8::1:'
is '... in a network' "$(tcprulescheck cdb 2001:db8::2 | head -n 1)" 'rule 2001:db8::/32:'
is 'a mapped peer is an IPv4 peer' "$(tcprulescheck cdb ::ffff:10.2.0.1 | head -n 1)" 'rule 10.:'
is '-v shows every key in the order of lookup' "$(tcprulescheck -v cdb 10.1.2.3 a.example.org jim)" 'look up jim@10.1.2.3:
look up jim@=a.example.org:
look up 10.1.2.3:
look up =a.example.org:
look up 10.1.2.2/31:
rule 10.1.2.2/31:
set environment variable DIEMSG=go away
deny connection'
is '... down to the empty one' "$(tcprulescheck -v cdb 9.9.9.9 | sed -n 's/^look up \(.*\):$/\1/p' | tr '\n' ' ')" '9.9.9.9 9.9.9.8/31 9.9. 9.  '
echo '10.:deny' | rules
is 'no rule is the default' "$(tcprulescheck cdb 11.1.1.1)" 'default:
allow connection'
is '-v does not look up what no rule has' "$(tcprulescheck -v cdb 10.1.1.1 a.b c | head -n 2)" 'look up 10.:
rule 10.:'
exits 'a refusal is no failure' 0 tcprulescheck cdb 10.1.1.1

# --- what it can't read ---------------------------------------------------------------------------------------
# unreadable NAME FILE PATTERN
unreadable()
{
  exits "$1 is a failure" 111 tcprulescheck "$2" 1.2.3.4
  like '... and the message says why' "$(cat err)" "^tcprulescheck: fatal: unable to read $2: $3"
  is '... and no answer is given' "$(cat out)" ''
  exits '... with -d, too' 111 tcprulescheck -d "$2"
}
unreadable 'a missing cdb' none 'No such file'
unreadable 'a folder' . 'Is a directory'
: > empty
unreadable 'an empty cdb' empty 'it is no sound cdb of rules$'
head -c 2100 /dev/zero > zeros
unreadable 'a cdb of zeros' zeros 'it is no sound cdb of rules$'
head -c "$(($(wc -c < cdb) - 1))" cdb > cut
unreadable 'a cdb that was cut off' cut 'it is no sound cdb of rules$'
{ cat cdb; printf x; } > long
unreadable 'a cdb with a byte too many' long 'it is no sound cdb of rules$'
awk 'BEGIN { for (i = 0; i < 1000; i++) print "10." i ":deny" }' > text
unreadable 'a text file' text 'it is no sound cdb of rules$'
mkfifo fifo
exits 'a FIFO does not block' 111 timeout 10 tcprulescheck fifo 1.2.3.4
echo '10.:deny,A="b"' | rules
tr D X < cdb > damaged
exits 'a rule of an unknown form is a failure' 111 tcprulescheck damaged 10.1.1.1
is '... and no answer is given' "$(cat out)" ''

# --- back to text ---------------------------------------------------------------------------------------------
# round NAME: rules on standard input are compiled, dumped and compiled again
round()
{
  cat > text
  rules < text || diag "the rules of '$1' do not compile"
  tcprulescheck -d cdb > dumped
  tcprules again tmp < dumped
  ok "a dump gives the same file again: $1" cmp -s cdb again
}
round 'no rules' < /dev/null
round 'every kind of key' << 'R'
joe@1.2.3.4:allow
a:b@1.2.3.4:deny
=x@::1:deny
joe@=Host.Example:allow
1.2.3.4:deny
[2001:DB8::2]:deny
1.2.3.37-53:deny
10.2-3.:accept
11./8:allow
172.16.0.0/12:allow
0.0.0.0/0:deny
2001:db8::/33:deny
::/0:allow
=host.example:deny
=.example:deny
=:deny
:deny
R
round 'values that need care' << 'R'
1.1.1.1:allow,A="",B="x y",C=/"/,D=|"/'|
1.1.1.2:deny,A=":deny",B=",!C,",!D,E="x:allow"
1.1.1.3:allow,A=1"/'|%@#+~^1
1.1.1.4:deny,DIEMSG="grüß dich"
1.1.1.5:allow,TAB="	",END=x  x
R
is 'the dump is in the order of the rules' "$(printf ':deny\n10.:allow\n1.1.1.1:deny\n' | rules; tcprulescheck -d cdb | tr '\n' ' ')" \
  ':deny 10.:allow 1.1.1.1:deny '
is 'the record that tcprules adds is no rule' "$(printf '' | rules; tcprulescheck -d cdb)" ''

printf '10.1.2.3/8:deny\n10.:deny\n10.:allow\nname:deny\n1.1.1.1:allow,MAXPERIP="x"\n' | tcprules -w cdb tmp 2> err
is 'what matches nobody becomes a comment' "$(tcprulescheck -d cdb)" '# matches no peer: 10.1.2.3/8
10.:deny
# never reached, because an earlier line has the same key: 10.
# matches no peer: name
# the next line needs tcprules -w: 1.1.1.1
1.1.1.1:allow,MAXPERIP="x"'

printf '1.1.1.1:allow,MAXRATE="soon"\n1.1.1.2:allow,HOURS="always"\n1.1.1.3:allow,HOURS="08:00-18:00",MAXRATE="5/60:300"\n' |
  tcprules -w cdb tmp 2> err
is 'tcprules -w names each rate and all hours that are none' "$(grep -c "line [12]: .*'soon' is no rate\|line [12]: .*'always' are no hours" err)" 2
is '... and takes them' "$(tcprulescheck cdb 1.1.1.1; tcprulescheck cdb 1.1.1.2)" 'rule 1.1.1.1:
set environment variable MAXRATE=soon
allow connection
rule 1.1.1.2:
set environment variable HOURS=always
allow connection'
is '... with a remark where they are shown as text' "$(tcprulescheck -d cdb)" '# the next line needs tcprules -w: 1.1.1.1
1.1.1.1:allow,MAXRATE="soon"
# the next line needs tcprules -w: 1.1.1.2
1.1.1.2:allow,HOURS="always"
1.1.1.3:allow,HOURS="08:00-18:00",MAXRATE="5/60:300"'

printf '10.:allow,A="bXc"\n11.:deny\n' | rules
tr X '\n' < cdb > newline
exits 'a value that no line can hold is a failure' 111 tcprulescheck -d newline
is '... which the dump names' "$(cat out)" '# has no text form: 10.
11.:deny'
like '... and so does the message' "$(cat err)" '^tcprulescheck: fatal: some rules of newline have no text form'

# --- usage ----------------------------------------------------------------------------------------------------
rules < text
for arguments in '' '-x cdb' '-d cdb 1.2.3.4' '-d -v cdb' '-d' 'cdb 1.2.3.4 a b c'; do
  # shellcheck disable=SC2086
  exits "usage: '$arguments'" 100 tcprulescheck $arguments
  like '... says so' "$(cat err)" '^tcprulescheck: usage: '
done
exits 'an argument that is no address is misuse' 100 tcprulescheck cdb 1.2.3
like '... and is named' "$(cat err)" '^tcprulescheck: usage: not an IP address: 1\.2\.3$'
exits 'so is a variable' 100 env TCPREMOTEIP=300.1.1.1 tcprulescheck cdb
like '... and is named' "$(cat err)" '^tcprulescheck: usage: \$TCPREMOTEIP is not an IP address: 300\.1\.1\.1$'
echo 'joe@1.2.3.4:deny' | rules
exits 'a long ident is an error, not a wrong answer' 111 tcprulescheck cdb 1.2.3.4 host "$(printf '%0900d' 0)"
exits 'output that can not be written is a failure' 111 sh -c 'tcprulescheck cdb 1.2.3.4 > /dev/full'
exits '... with -d, too' 111 sh -c 'tcprulescheck -d cdb > /dev/full'
exits '--help' 0 tcprulescheck --help
like '... goes to standard output' "$(cat out)" '^usage: tcprulescheck '
exits '--version' 0 tcprulescheck --version
like '... goes to standard output, too' "$(cat out)" '^tcprulescheck \(ucspi-tcpmux\) [0-9]'
done_testing
