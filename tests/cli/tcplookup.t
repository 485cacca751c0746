#!/bin/sh
# tcplookup by hand: what it makes of names and ident replies that strangers' servers make up, and of its settings.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
: "${TCPLOOKUP:=$(dirname "$COMMAND_DIR")/libexec/tcplookup}"
tcplookup=$TCPLOOKUP

# What a run printed on both outputs, lines joined by ';', and its exit status. No run may take 10 seconds.
run()
{
  timeout 10 "$tcplookup" "$@" > "$work/out" 2> "$work/err"
  run_status=$?
  printf '%s%s%s' "$(tr '\n' ';' < "$work/out")" "$(tr '\n' ';' < "$work/err")" "$run_status"
}

# ptr NAME ADDRESS EXPECTED; paranoid …; info …; addresses NAME HOST EXPECTED: one row of the tables below
# Where there is an answer, a machine that has a lot to do may need longer for it than a second.
patiently() { RES_OPTIONS='timeout:8 attempts:1' run "$@"; }
ptr() { is "$1" "$(patiently "$2")" "$3"; }
paranoid() { is "$1" "$(patiently -p "$2")" "$3"; }
info() { is "$1" "$(run -H -t 8 "$2" 40000 25)" "$3"; }

# The same where nothing is known, which is no failure; but the server must have been asked, or nothing was tested.
no_name()
{
  is "$1" "$(run "$2") $(at_least_once "$(asked "$(echo "$2" | awk -F. '{ print $4 "." $3 "." $2 "." $1 }').in-addr.arpa")")" \
    "$quietly_nothing asked"
}
no_info()
{
  opens_before=$(opens)
  is "$1" "$(run -H -t 1 "$2" 40000 25) $(at_least_once $(($(opens) - opens_before)))" "$quietly_nothing asked"
}
at_least_once() { if [ "$1" -gt 0 ]; then echo asked; else echo 'not asked'; fi; }
# How many TCP connections were begun in this namespace (RFC 4022), answered or not.
opens() { awk '$1 == "Tcp:" { n = $6 } END { print n }' /proc/net/snmp; }

addresses() { is "$1" "$(run -a "$2")" "$3"; }

no_address() { printf 'tcplookup: fatal: no IP address for %s;111' "$1"; }
failure() { printf 'tcplookup: fatal: unable to figure out IP address for %s: temporary DNS failure;111' "$1"; }
quietly_nothing=0

# --- peers' names ------------------------------------------------------------------------------------------

long=$(printf 'a%.0s' $(seq 60))
{
  cat <<'ZONE'
127.1.0.1 PTR 60 Good.Test
good.test A 60 127.1.9.9
good.test A 60 127.1.0.1
127.1.0.2 PTR 60 liar.test
liar.test A 60 127.9.9.9
127.1.0.3 PTR 60 nobody.test
127.1.0.4 PTR 60 down.test
down.test !servfail
127.1.0.5 PTR 60 a\032b.test
127.1.0.6 PTR 60 a\027[1m.test
127.1.0.7 PTR 60 a"b'`id`.test
127.1.0.8 PTR 60 a\010TCPREMOTEINFO=root.test
127.1.0.9 PTR 60 a\000b.test
127.1.0.10 PTR 60 a\.b.test
127.1.0.11 PTR 60 /../../x.test
127.1.0.12 PTR 60 .
127.1.0.13 PTR 60 under_score-1.test
127.1.0.14 PTR 60 caf\195\169.test
127.1.0.15 PTR 60 first.test
127.1.0.15 PTR 60 second.test
127.1.0.20 !servfail
127.1.0.21 !refused
127.1.0.22 !silent
127.1.0.23 PTR 60 good.test
127.1.0.23 !truncate
127.1.0.24 PTR 60 good.test
127.1.0.24 !truncate-only
127.1.0.25 PTR 60 good.test
127.1.0.25 !cut 4
127.1.0.26 !empty
127.1.0.27 PTR 60 good.test
127.1.0.27 !loop
127.1.0.28 PTR 60 good.test
127.1.0.28 !loop-data
127.1.0.29 PTR 60 good.test
127.1.0.29 !beyond
127.1.0.30 PTR 60 good.test
127.1.0.30 !wrong-id
127.1.0.31 PTR 60 good.test
127.1.0.31 !wrong-question
127.1.0.32 PTR 60 good.test
127.1.0.32 !wrong-id-first
127.1.0.33 PTR 60 good.test
127.1.0.33 !wrong-owner
127.1.0.34 PTR 60 good.test
127.1.0.34 !wrong-type
127.1.0.35 PTR 60 good.test
127.1.0.35 !wrong-port
127.1.0.36 PTR 60 good.test
127.1.0.36 !rdlength 3
127.1.0.37 PTR 60 good.test
127.1.0.37 !count
127.1.0.38 !garbage
127.1.0.39 PTR 60 good.test
127.1.0.39 !no-question
127.1.0.40 !oversized 2000
127.1.0.41 CNAME 60 41.sub.test
41.sub.test PTR 60 delegated.test
delegated.test A 60 127.1.0.41
127.1.0.42 CNAME 60 loop1.test
loop1.test CNAME 60 loop2.test
loop2.test CNAME 60 loop1.test
::1 PTR 60 six.test
six.test AAAA 60 ::1
plain.test A 60 127.1.0.1
plain.test AAAA 60 ::1
chain.test CNAME 60 chain2.test
chain2.test CNAME 60 plain.test
many.test !oversized 60
fail.test !servfail
mute.test !silent
tcp.test A 60 127.1.0.7
tcp.test !truncate
local.first.test A 60 127.1.0.8
bad.test A 60 127.1.0.1
bad.test !rdlength 3
ZONE
  echo "127.1.0.16 PTR 60 $long$long.test"
  echo "127.1.0.17 PTR 60 $long.$long.$long.$long.$long.test"
} | zone
serve_dns

ptr 'a peer has its name, in small letters' 127.1.0.1 'TCPREMOTEHOST=good.test;0'
ptr 'an IPv6 peer has its name' ::1 'TCPREMOTEHOST=six.test;0'
ptr 'a name that is delegated by CNAME (RFC 2317) counts' 127.1.0.41 'TCPREMOTEHOST=delegated.test;0'
ptr 'letters, digits, - and _ may be in a name' 127.1.0.13 'TCPREMOTEHOST=under_score-1.test;0'
no_name 'a peer without name has none, and that is no failure' 127.1.0.99
like 'of two names it is one' "$(run 127.1.0.15)" '^TCPREMOTEHOST=(first|second)\.test;0$'

paranoid 'a name that has the peer among its addresses is confirmed' 127.1.0.1 'TCPREMOTEHOST=good.test;0'
paranoid 'an IPv6 name is confirmed by its IPv6 address' ::1 'TCPREMOTEHOST=six.test;0'
paranoid 'the name of another host is paranoia' 127.1.0.2 'TCPPARANOID=liar.test;0'
paranoid 'a name that does not exist is paranoia' 127.1.0.3 'TCPPARANOID=nobody.test;0'
paranoid 'a name whose server fails is not confirmed' 127.1.0.4 'TCPPARANOID=down.test;0'

for row in '5 a space' '6 an escape sequence' '7 quotes' '8 a newline' '9 a NUL' '10 a dot within a label' '11 slashes' \
  '12 nothing but the root' '14 octets above 127' '16 a label of 120 octets' '17 more than 255 octets'; do
  no_name "a name with ${row#* } is none" "127.1.0.${row%% *}"
done
for row in '20 SERVFAIL' '21 REFUSED' '22 silence' '24 truncation and silence by TCP' '25 an answer cut short' \
  '26 an empty answer' '27 an owner that points to itself' '28 data that points to itself' '29 a pointer behind the end' \
  '30 a wrong id' '31 a wrong question' '33 records of another name' '34 records of another type' \
  '35 an answer from another port' '36 a wrong length' '37 more records promised than there are' '38 noise' \
  '39 an answer without question' '40 thousands of records of another type' '42 a loop of CNAMEs'; do
  no_name "${row#* } gives no name, and ends" "127.1.0.${row%% *}"
done
ptr 'what does not fit is asked by TCP' 127.1.0.23 'TCPREMOTEHOST=good.test;0'
like 'the question came by TCP' "$(asked_by 1)" tcp
ptr 'the right answer behind one with a wrong id counts' 127.1.0.32 'TCPREMOTEHOST=good.test;0'

is '-H asks for no name' "$(run -H 127.1.0.50)$(asked 50.0.1.127.in-addr.arpa)" 00
is 'a local address has a name, too' "$(run -l 127.1.0.41 127.1.0.1)" \
  'TCPLOCALHOST=delegated.test;TCPREMOTEHOST=good.test;0'

# --- ident -------------------------------------------------------------------------------------------------

serve_ident 127.2.0.1=user:joe 127.2.0.2=error 127.2.0.3=ports:joe 127.2.0.4=silent '127.2.0.5=user:\e[1mx y' \
  127.2.0.6=close 127.2.0.7=full 127.2.0.8=big '127.2.0.9=user:() { :;};' 127.2.0.10=swapped:joe 127.2.0.11=slow:joe \
  127.2.0.12=endless 127.2.0.13=reset 127.2.0.14=pieces:joe 127.2.0.15=unended:joe '127.2.0.16=pairs: : USERID : : \r\n' \
  127.2.0.17=big:900 '127.2.0.18=raw:\xff\x00\r\n' '127.2.0.19=keep:40000, 25 : USERID : UNIX : joe\r\n'

info 'ident tells the user' 127.2.0.1 'TCPREMOTEINFO=joe;0'
like 'it was asked for the right ports' "$(cat "$work/ident.questions")" '^127\.2\.0\.1 40000 25$'
info 'a user id that comes in pieces counts' 127.2.0.14 'TCPREMOTEINFO=joe;0'
info 'a user id whose connection stays open counts' 127.2.0.19 'TCPREMOTEINFO=joe;0'
info 'a user id without end of line counts when the connection ends' 127.2.0.15 'TCPREMOTEINFO=joe;0'
info 'spaces and control characters are dropped from a user id' 127.2.0.5 'TCPREMOTEINFO=[1mxy;0'
info 'what a shell might run is only text' 127.2.0.9 'TCPREMOTEINFO=(){:;};;0'
is 'a long user id is cut to 512 octets' "$(run -H -t 8 127.2.0.17 40000 25 | tr -cd x | wc -c | tr -d ' ')" 512
for row in '2 an ERROR' '3 a reply for other ports' '10 a reply for the ports swapped' '4 silence' '6 a close' \
  '7 a firewall that drops it' '8 ten thousand octets' '11 one octet a second' '12 octets without end' '13 a reset' \
  '16 nothing but blanks' '18 no reply at all' '99 nobody who listens'; do
  no_info "${row#* } is no user id, and ends" "127.2.0.${row%% *}"
done
is 'of those who listen each was asked' "$(for n in 2 3 4 6 8 10 11 12 13 16 18; do ident_asked 127.2.0.$n; done | tr -d '\n')" \
  11111111111
is '-R asks no ident' "$(run -R 127.2.0.1 40000 25)$(ident_asked 127.2.0.1)" 01
ptr 'without port there is nothing to ask ident about' 127.2.0.1 $quietly_nothing

# --- addresses of names ------------------------------------------------------------------------------------

addresses 'a name has its addresses, one a line' plain.test '127.1.0.1;::1;0'
is '-4 asks for IPv4 only' "$(run -a -4 plain.test)" '127.1.0.1;0'
is '-6 asks for IPv6 only' "$(run -a -6 plain.test)" '::1;0'
addresses 'a chain of CNAMEs is followed' chain.test '127.1.0.1;::1;0'
addresses 'a truncated answer is asked for by TCP' tcp.test '127.1.0.7;0'
addresses 'a name that does not exist has none' nobody.test "$(no_address nobody.test)"
addresses 'a loop of CNAMEs has none' loop1.test "$(no_address loop1.test)"
addresses 'SERVFAIL is temporary' fail.test "$(failure fail.test)"
addresses 'silence is temporary' mute.test "$(failure mute.test)"
addresses 'a malformed answer is temporary' bad.test "$(failure bad.test)"
is 'of sixty addresses there are at most 32' "$(timeout 10 "$tcplookup" -a -4 many.test | wc -l | tr -d ' ')" 32

# --- settings ----------------------------------------------------------------------------------------------

is 'a server that is not there (ICMP) gives way to the next' \
  "$(DNSCACHEIP='127.0.0.2 127.0.0.1' run -a -4 plain.test)" '127.1.0.1;0'
is 'blanks around and between servers do not matter' "$(DNSCACHEIP='  127.0.0.1   127.0.0.2 ' run -a -4 plain.test)" \
  '127.1.0.1;0'
is 'the older form with dots counts' "$(DNSCACHEIP=127.0.0.2.127.0.0.1 run -a -4 plain.test)" '127.1.0.1;0'
is 'when nobody listens that is a temporary failure' "$(DNSCACHEIP=127.0.0.2 run -a plain.test)" "$(failure plain.test)"
for junk in junk 127.0.0 127.0.0.1,127.0.0.2 300.0.0.1 127.0.0.1.5 ::g; do
  is "\$DNSCACHEIP=$junk is an error that names it" "$(DNSCACHEIP=$junk run -a plain.test)" \
    "tcplookup: fatal: \$DNSCACHEIP: not an IP address: $junk;111"
done
is 'so it is behind a good one, and for peers' "$(DNSCACHEIP='127.0.0.1 x' run 127.1.0.1)" \
  'tcplookup: fatal: $DNSCACHEIP: not an IP address: x;111'
like 'more than 16 servers are an error' "$(DNSCACHEIP="$(printf '127.0.0.1 %.0s' $(seq 17))" run -a plain.test)" \
  'DNSCACHEIP has more than 16 addresses;111$'

printf '# comment\n=short:plain.test\n?:.first.test\n-.keep:plain.test\n*.old:.test\n' > "$work/rules"
rewritten() { is "$1" "$(DNSREWRITEFILE=$work/rules run -a -4 "$2")" "$3"; }
rewritten '=from:to replaces a name' short '127.1.0.1;0'
rewritten '?suffix:to completes a name without dot' local '127.1.0.8;0'
rewritten '*suffix:to replaces an end' plain.old '127.1.0.1;0'
rewritten '-suffix:to replaces the whole name' any.thing.keep '127.1.0.1;0'
rewritten 'other names stay' plain.test '127.1.0.1;0'
printf '=a:b\nnonsense\n' > "$work/rules"
is 'a line that is no rule is an error with its number' "$(DNSREWRITEFILE=$work/rules run -a plain.test)" \
  "tcplookup: fatal: $work/rules: line 2 is not a rule;111"
is '$LOCALDOMAIN completes a name when there are no rules' \
  "$(DNSREWRITEFILE=$work/none LOCALDOMAIN=first.test run -a -4 local)" '127.1.0.8;0'

# --- use ---------------------------------------------------------------------------------------------------

exits 'an option that there is not is an error of use' 100 "$tcplookup" -Z 127.0.0.1
exits 'so is no argument' 100 "$tcplookup"
exits 'and what is no address' 100 "$tcplookup" 300.1.1.1
exits 'and what is no port' 100 "$tcplookup" 127.0.0.1 65536
exits 'and what is no time limit' 100 "$tcplookup" -t 0 127.0.0.1 25
exits 'and an option of the other kind' 100 "$tcplookup" -a -p plain.test
exits 'and a name with a control character' 100 "$tcplookup" -a "$(printf 'a\033b')"
like 'it says how it is used' "$(cat "$work/err")" '^tcplookup: usage: '
exits '--version is no error' 0 "$tcplookup" --version

done_testing
