#!/bin/sh
# tcpserver with the real tcplookup, DNS and ident: what programs see, and who has to wait for whom
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
need pgrep procps
ulimit -S -n 4096 2> /dev/null
. "$root/tests/cli/tcpserver-clients.sh"
show='echo "${TCPLOCALHOST-none} ${TCPREMOTEHOST-none} ${TCPREMOTEINFO-none} ${TCPPARANOID-none}"'
from()
{
  peer -b "127.0.0.$1" 127.0.0.1 "$port"
}

long=$(printf 'a%.0s' $(seq 60))
zone <<ZONE
127.0.0.1 PTR 60 local.test
127.0.0.2 PTR 60 Known.Test
known.test A 60 127.0.0.2
127.0.0.3 PTR 60 liar.test
liar.test A 60 127.0.0.1
127.0.0.5 PTR 60 broken.test
broken.test !servfail
127.0.0.6 PTR 60 several.test
several.test A 60 127.9.9.9
several.test A 60 127.0.0.6
127.0.0.10 PTR 60 a\\032b.test
127.0.0.11 PTR 60 a\\010TCPREMOTEINFO=root.test
127.0.0.12 PTR 60 a\\027[1m.test
127.0.0.13 PTR 60 a"b';\$(id)\`id\`.test
127.0.0.14 PTR 60 $long.$long.$long.$long.$long.test
127.0.0.15 PTR 60 a/../b.test
127.0.0.16 !loop
127.0.0.16 PTR 60 known.test
127.0.0.17 !wrong-question
127.0.0.17 PTR 60 known.test
127.0.0.18 !servfail
127.0.0.19 !refused
127.0.0.20 PTR 60 under_score.test
::1 PTR 60 six.test
*.2.127.in-addr.arpa !silent
listen.test A 60 127.0.0.5
alias.test CNAME 60 listen.test
six.test AAAA 60 ::1
both.test A 60 127.0.0.6
both.test AAAA 60 ::1
down.test !servfail
silent.test !silent
ZONE
serve_dns
crowded=$(for n in 1 2 3 4 5 6 7 8 9 10; do echo "127.2.0.$n"; done)
# The addresses are words.
# shellcheck disable=SC2046
serve_ident 127.0.0.2=user:joe 127.0.0.3=error:NO-USER 127.0.0.4=silent 127.0.0.6=user:six \
  '127.0.0.10=pairs: : USERID : UNIX : () { :;}; echo x\r\n' '127.0.0.11=raw:\e[1m\r\n' 127.0.0.12=ports:joe \
  127.0.0.13=big:10000 '127.0.0.14=pairs: : USERID : UNIX : a\e\x07\x80b\r\n' 127.0.0.15=close \
  $(printf '%s=full ' $crowded)

# --- what programs see ---------------------------------------------------------------------------------------

serving all -v 127.0.0.1 0 sh -c "$show"
is "names and ident reach the program" "$(from 2)" 'local.test known.test joe none'
logs "... and the log" all 'ok [0-9]+ local\.test:127\.0\.0\.1:[0-9]+ known\.test:127\.0\.0\.2:joe:[0-9]+$'
is "ident that says ERROR, and a name that nobody confirms: believed without -p" "$(from 3)" 'local.test liar.test none none'
is "no name, and an ident server that refuses" "$(from 7)" 'local.test none none none'
is "an underscore may be in a name" "$(from 20)" 'local.test under_score.test none none'
stop "$server"

serving wild -v -p 0 0 sh -c 'echo "$TCPLOCALHOST $TCPREMOTEHOST ${TCPREMOTEINFO-none} $TCP6REMOTEHOST"'
is "on every address: IPv6" "$(peer ::1 "$port")" 'six.test six.test none six.test'
is "... and IPv4, by the address that the client has reached" "$(peer -b 127.0.0.2 127.0.0.6 "$port")" \
  'several.test known.test joe known.test'
logs "... the log has its name and its own address in brackets" wild ' ok [0-9]+ six\.test:\[::1\]:[0-9]+ six\.test:\[::1\]::[0-9]+$'
stop "$server"

serving paranoid -p -l 0 127.0.0.1 0 sh -c "$show"
is "-p -l 0: a name that has the address" "$(from 2)" '0 known.test joe none'
is "-p: one of several addresses is enough" "$(from 6)" '0 several.test six none'
is "-p: a name of another host is in TCPPARANOID only" "$(from 3)" '0 none none liar.test'
is "-p: a name that could not be confirmed likewise" "$(from 5)" '0 none none broken.test'
is "-p: no name at all" "$(from 7)" '0 none none none'
stop "$server"
before=$(asked 1.0.0.127.in-addr.arpa)
serving given -H -R -l given.test 127.0.0.1 0 sh -c "$show"
is "-H -R -l: as given" "$(from 2)" 'given.test none none none'
is "... without a question" "$(asked 1.0.0.127.in-addr.arpa)" "$before"
stop "$server"

milliseconds()
{
  date +%s%N | sed 's/......$//'
}
serving slow -t 1 127.0.0.1 0 sh -c "$show"
began=$(milliseconds)
is "-t 1: an ident server that says nothing costs the ident" "$(from 4)" 'local.test none none none'
took=$(($(milliseconds) - began))
ok "... after a second" test "$took" -ge 950 -a "$took" -lt 9000
stop "$server"

# --- hostile names and ident ---------------------------------------------------------------------------------

serving hostile -v -t 8 -l 0 127.0.0.1 0 sh -c 'env | grep -a "^TCP6*REMOTE[HI][ON]" | grep -av TCP6'
while read -r host what expected; do
  is "$(echo "$what" | tr _ ' ')" "$(from "$host" | tr '\n' ' ' | cut -c 1-40)" "${expected:+$expected }"
done <<'LIST'
10 a_name_with_a_space,_a_function_as_ident TCPREMOTEINFO=(){:;};echox
11 a_name_with_a_newline_and_a_variable,_an_escape_sequence_as_ident
12 a_name_with_an_escape_sequence,_ident_for_other_ports
15 a_name_that_is_a_path,_an_ident_server_that_hangs_up
16 an_answer_with_a_loop
17 an_answer_to_another_question
18 a_DNS_server_that_fails
19 a_DNS_server_that_refuses
LIST
is "a name that a shell might run, ident without end" "$(from 13)" ''
is "a name that is too long; of an ident what can be shown" "$(from 14)" 'TCPREMOTEINFO=ab'
unlike "nothing of it is in the log" "$(cat "$work/hostile.log")" "[^a-zA-Z0-9_.:/ (){};?-]"
stop "$server"

# --- the cache -----------------------------------------------------------------------------------------------

zone_asked()
{
  echo "$(asked 2.0.0.127.in-addr.arpa) $(asked known.test A)"
}
# Both were asked for before: by other helpers.
before=$(zone_asked)
serving cached -p -R -l 0 127.0.0.1 0 sh -c "$show"
for n in 1 2 3 4 5 6 7 8 9 10; do
  from 2
done > "$work/cached"
is "a peer that comes again and again has his name" "$(sort -u "$work/cached")" '0 known.test none none'
is "... for one question of each kind" "$(zone_asked)" "$(echo "$before" | awk '{ print $1 + 1, $2 + 1 }')"
stop "$server"

# --- three hundred who have to wait --------------------------------------------------------------------------

RES_OPTIONS='timeout:10 attempts:2'
export RES_OPTIONS
# The addresses are words.
# shellcheck disable=SC2086
{
serving crowd -v -c 2 -p 127.0.0.1 0 sh -c "$show"
is "a client that will be known" "$(from 2)" 'local.test known.test joe none'
has_children() { [ "$(pgrep -P "$server" | wc -l)" = "$1" ]; }
# All that is left of that client is in tcplookup's cache.
wait_for has_children 1
round_trips crowd
before=$(descriptors)
crowd waits 300 127.0.0.1 "$port" $crowded
wait_for has_descriptors "$((before + 300))"
is "three hundred wait for silent servers: there is no process for any of them" "$(pgrep -P "$server" | wc -l)" 1
for n in 1 2 3 4 5 6 7 8 9 10; do
  from 2
done > "$work/meanwhile"
is "... and a client that is known is served meanwhile, each time" "$(sort "$work/meanwhile" | uniq -c | tr -s ' ')" \
  ' 10 local.test known.test joe none'
is "... and none of them yet" "$(wait_for has_descriptors "$((before + 300))"; descriptors) $(grep -c 'from 127\.2\.' "$work/crowd.log")" "$((before + 300)) 0"

helper=$(pgrep -P "$server" -f tcplookup)
kill -KILL "$helper"
tell waits read
ok "tcplookup is killed: all are served" wait_for grep -q '^done' "$work/waits.out"
is "... without names" "$(grep '^[0-9]' "$work/waits.out")" '300 none none none none;'
is "... and it works again" "$(from 2)" 'local.test known.test joe none'
logs_times "... with one line in the log" crowd 'unable to look up names: tcplookup has ended' 1
ok "... and no descriptor left" wait_for has_descriptors "$before"

crowd still 300 127.0.0.1 "$port" $crowded
wait_for has_descriptors "$((before + 300))"
helper=$(pgrep -P "$server" -f tcplookup)
kill -STOP "$helper"
tell still read
ok "tcplookup is stopped: all are served" wait_for grep -q '^done' "$work/still.out"
is "... without names" "$(grep '^[0-9]' "$work/still.out")" '300 none none none none;'
ok "... it is killed" wait_for ended "$helper"
works_again()
{
  [ "$(from 2)" = 'local.test known.test joe none' ]
}
ok "... and one works again" wait_for works_again
logs_times "... with one line in the log" crowd 'unable to look up names: tcplookup does not answer' 1
ok "... and no descriptor left" wait_for has_descriptors "$before"

crowd gone 300 127.0.0.1 "$port" $crowded
wait_for has_descriptors "$((before + 300))"
tell gone reset
ok "clients that go need no answer" wait_for has_descriptors "$before"
helper=$(pgrep -P "$server" -f tcplookup)
lets_go()
{
  [ "$(find "/proc/$helper/fd" -type l | wc -l)" -lt 20 ]
}
ok "... and tcplookup asks for them no more" wait_for lets_go
is "... and answers" "$(from 2)" 'local.test known.test joe none'
stop "$server"
ok "tcplookup ends with tcpserver" wait_for ended "$helper"
}
RES_OPTIONS='timeout:1 attempts:1'

# --- the host argument ---------------------------------------------------------------------------------------

# at NAME HOST EXPECTED [options]: where a server listens that is started so
at()
{
  at_name=$1
  at_host=$2
  at_expected=$3
  shift 3
  serve "$at_host" "$@" -HRl0 "$at_host" 0 sh -c 'echo "$TCPLOCALIP"'
  case $at_expected in *:*) at_to=::1 ;; *) at_to=$at_expected ;; esac
  is "$at_name" "$(peer "$at_to" "$port")" "$at_expected"
  stop
}
at "the host argument may be a name" listen.test 127.0.0.5
at "... an alias" alias.test 127.0.0.5
at "... one with an IPv6 address" six.test ::1
at "... with both: the IPv4 one" both.test 127.0.0.6
at "... or the IPv6 one with -6" both.test ::1 -6
printf '%s\n' '# ours' '=short:listen.test' '?:.test' '*.elsewhere:.test' '*.a:' > "$DNSREWRITEFILE"
at "it is rewritten: =" short 127.0.0.5
at "... ?" listen 127.0.0.5
at "... *" listen.elsewhere 127.0.0.5
while read -r code host expected; do
  exits "it does not listen on $host" 111 timeout 15 tcpserver -HRl0 "$host" 0 true
  like "... and says why" "$(cat "$work/err")" "^tcpserver: fatal: $expected"
done <<'LIST'
111 nobody.test no IP address for nobody.test$
111 down.test temporarily unable to figure out IP address for down.test: no DNS server could tell$
111 silent.test temporarily unable to figure out IP address for silent.test: no DNS server could tell$
111 127.1 no IP address for 127.1$
LIST
exits "-4 and a name with an IPv6 address only" 111 timeout 15 tcpserver -4 -HRl0 six.test 0 true
printf 'nonsense\n' > "$DNSREWRITEFILE"
exits "rules for rewriting that are none" 111 timeout 15 tcpserver -HRl0 listen.test 0 true
like "... are complained of, with their line" "$(cat "$work/err")" "dnsrewrite.*line 1|dnsrewrite.*1:"
: > "$DNSREWRITEFILE"
DNSCACHEIP='127.0.0.1 junk'
exits "\$DNSCACHEIP that is no address" 111 timeout 15 tcpserver -HRl0 listen.test 0 true
like "... is complained of" "$(cat "$work/err")" 'junk'
printf '=liar.test:deny\n:allow\n' | tcprules "$work/liar.cdb" "$work/liar.tmp"
serve junk -v -R -x "$work/liar.cdb" 127.0.0.1 0 echo admitted
for again in once again; do
  is "nobody is let in whose name a rule needs ($again)" "$(peer 127.0.0.1 "$port")" ''
done
logs "... which is the reason" junk 'deny 0 .* lookup$'
stop
serve junk2 -v 127.0.0.1 0 sh -c 'echo ${TCPREMOTEHOST-no name}'
is "but all are if no rule does, without a name" "$(peer 127.0.0.1 "$port")" 'no name'
stop
DNSCACHEIP=127.0.0.1
done_testing
