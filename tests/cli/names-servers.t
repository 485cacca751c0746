#!/bin/sh
# The tests' own DNS and ident servers do what the tests of names believe they do; and there is a namespace for them.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"

ask()
{
  perl "$root/tests/names/ask" "$@"
}

# answer NAME QUESTION ERE: what a question by UDP to port 53 gets, newlines as ';'
answer()
{
  # The question is a name and a type.
  # shellcheck disable=SC2086
  like "$1" "$(ask 127.0.0.1 53 $2 | tr '\n' ';')" "$3"
}

answer_tcp()
{
  # shellcheck disable=SC2086
  like "$1" "$(ask -t 127.0.0.1 53 $2 | tr '\n' ';')" "$3"
}

zone <<'ZONE'
# the usual
good.test A 60 127.0.0.5
good.test A 60 127.0.0.6
good.test AAAA 60 ::5
127.0.0.5 PTR 60 good.test
::5 PTR 60 six.test
alias.test CNAME 60 good.test
around.test CNAME 60 about.test
about.test CNAME 60 around.test
odd.test PTR 60 a\032b\001.te\.st
long.test PTR 60 aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg.test
*.wild.test A 60 127.0.0.7
nowhere !negative 7
servfail.test !servfail
refused.test !refused
silent.test !silent
drop.test A 60 127.0.0.5
drop.test !drop 1
late.test A 60 127.0.0.5
late.test !delay 300
tc.test A 60 127.0.0.5
tc.test !truncate
cut.test A 60 127.0.0.5
cut.test !cut 3
big.test !oversized 200
loop.test A 60 127.0.0.5
loop.test !loop
id.test A 60 127.0.0.5
id.test !wrong-id
idfirst.test A 60 127.0.0.5
idfirst.test !wrong-id-first
question.test A 60 127.0.0.5
question.test !wrong-question
port.test A 60 127.0.0.5
port.test !wrong-port
owner.test A 60 127.0.0.5
owner.test !wrong-owner
noqr.test A 60 127.0.0.5
noqr.test !no-response
count.test A 60 127.0.0.5
count.test !count
ZONE
serve_dns
is 'the DNS server has port 53 of 127.0.0.1' "$port" 53

answer 'all addresses of a name come' 'good.test A' 'code 0, 2 records.*A 60 127.0.0.5;record A 60 127.0.0.6;$'
answer 'IPv6 addresses come' 'good.test AAAA' 'record AAAA 60 ::5;$'
answer 'an address stands for its name in in-addr.arpa' '5.0.0.127.in-addr.arpa PTR' 'PTR 60 good.test;$'
answer 'case makes no difference' 'GOOD.test A' '2 records'
answer 'a CNAME is followed' 'alias.test A' '3 records.*CNAME 60 good.test;record good.test A 60 127.0.0.5;'
answer 'a loop of CNAMEs ends' 'around.test A' 'code 0, 2 records'
answer 'names may hold any octet' 'odd.test PTR' "PTR 60 a b$(printf '\001').te.st;"
answer 'labels may be too long' 'long.test PTR' 'PTR 60 a{10}b{10}c{10}d{10}e{10}f{10}g{10}\.test;'
answer 'a wildcard holds below it' 'x.y.wild.test A' 'A 60 127.0.0.7'
answer 'a name that is not there does not exist' 'nobody.test A' 'code 3, 0 records'
answer 'a name without such a record exists' 'six.alias.wild.test AAAA' 'code 0, 0 records'
answer 'SERVFAIL' 'servfail.test A' 'code 2'
answer 'REFUSED' 'refused.test A' 'code 5'
answer 'silence' 'silent.test A' '^nothing;$'
answer_tcp 'truncated: whole by TCP' 'tc.test A' 'QR, code 0, 1 records'
answer 'truncated: TC and nothing by UDP' 'tc.test A' 'QR TC, code 0, 0 records'
answer 'the first question is dropped' 'drop.test A' '^nothing;$'
answer 'the second question is not' 'drop.test A' '1 records'
answer 'an answer can be late' 'late.test A' '1 records'
answer 'an answer can be cut short' 'cut.test A' 'record \(short\);$'
answer 'an answer can be larger than was allowed' 'big.test A' 'QR, code 0, 200 records, 3226 octets'
answer 'a compression pointer can point to itself' 'loop.test A' 'record \(loop\) '
answer 'the id can be wrong' 'id.test A' '^wrong id, right question[^;]*;record A [^;]*;$'
answer 'the right answer can follow the one with a wrong id' 'idfirst.test A' '^wrong id.*;right id, right'
answer 'the question can be wrong' 'question.test A' '^right id, wrong question'
answer 'an answer from another port is not seen by a connected socket' 'port.test A' '^nothing;$'
answer 'the records can be those of another name' 'owner.test A' 'record elsewhere.example A 60'
answer 'the answer may not say that it is one' 'noqr.test A' 'flags, code'
answer 'more records can be promised' 'count.test A' '65535 records'
is 'nobody listens on 127.0.0.2, and it says so' "$(ask 127.0.0.2 53 good.test A)" 'read: Connection refused'

is 'each question is in the log' "$(asked good.test) $(asked good.test AAAA) $(asked tc.test)" '3 1 2'
is 'so is the transport' "$(asked_by 1 | tr '\n' ' ')" 'tcp udp '
like 'each question has an id of its own in the log' "$(asked_by 3 | wc -l)" '^ *(2[0-9]|3[0-9])$'

zone <<'ZONE'
good.test A 60 127.0.0.9
ZONE
answer 'a new zone holds at once' 'good.test A' '1 records.*127.0.0.9'

serve_ident 127.0.0.1=user:joe 127.0.0.3=error 127.0.0.4=ports:joe 127.0.0.5=silent '127.0.0.6=raw:\e[1m\r\n' \
  127.0.0.7=close 127.0.0.8=full 127.0.0.9=big 127.0.0.10=slow:joe '127.0.0.11=pairs: : USERID : UNIX : () { :;};\r\n'

# ident NAME ADDRESS EXPECTED: what the question "40000, 25" gets there
ident()
{
  is "$1" "$(peer -k "$2" 113 '40000, 25\r\n' | tr '\r\n' '^;')" "$3"
}
ident 'a right ident reply' 127.0.0.1 '40000, 25 : USERID : UNIX : joe^;'
ident 'an ERROR reply' 127.0.0.3 '40000, 25 : ERROR : NO-USER^;'
ident 'a reply for another pair of ports' 127.0.0.4 '40001, 25 : USERID : UNIX : joe^;'
ident 'an escape sequence' 127.0.0.6 "$(printf '\033')[1m^;"
unlike 'closed at once' "$(peer -k 127.0.0.7 113 '40000, 25\r\n')" 'USERID|no end'
ident 'a reply that a shell might run' 127.0.0.11 '40000, 25 : USERID : UNIX : () { :;};^;'
is 'a reply of ten thousand octets' "$(peer -k 127.0.0.9 113 '1,2\r\n' | wc -c | tr -d ' ')" 10025
background slow "$tools/peer" -k 127.0.0.10 113 '40000, 25\r\n'
wait_for grep -q '^40' "$work/slow.out"
like 'one octet a second' "$(cat "$work/slow.out")" '^40{1,4}$'
ok '... and the next one' wait_for grep -q '^400' "$work/slow.out"
stop
is 'silence' "$(timeout 1 "$tools/peer" -k 127.0.0.5 113 '40000, 25\r\n'; echo $?)" 124
is 'a full backlog takes nobody and says nothing' \
  "$(timeout 1 "$tools/peer" -h 127.0.0.8 113 < /dev/null; echo $?)" 124
is 'each connection is in the log' "$(ident_asked 127.0.0.1) $(ident_asked 127.0.0.7)" '1 1'

done_testing
