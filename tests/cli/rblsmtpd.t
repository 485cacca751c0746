#!/bin/sh
# rblsmtpd with lists: which of them decides, what the client is told, and how long it takes, whatever the DNS server
# does. Where ucspi-tcp's rblsmtpd does the same it is asked, too.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../names.sh"
reference=/usr/bin/rblsmtpd
[ -x "$reference" ] || need "$reference" ucspi-tcp
serve_dns

unset RBLSMTPD GREETDELAY

# mail PROGRAM ADDRESS args…: the SMTP session of a client there; what it gets is in $work/mail, the log in $work/log
mail()
{
  mail_program=$1
  mail_ip=$2
  shift 2
  printf 'HELO there\r\nRCPT TO:<root>\r\nQUIT\r\n' |
    TCPREMOTEIP=$mail_ip timeout 30 "$mail_program" "$@" echo served > "$work/mail" 2> "$work/log"
  mail_status=$?
  sed 's/ pid [0-9]*: / pid N: /' "$work/log" > "$work/log.plain"
}

# told ADDRESS args…: "served", or the refusal that the client got
told()
{
  mail rblsmtpd "$@"
  tr -d '\r' < "$work/mail" | sed -n '/^served/p; /^[45]/p'
  [ "$mail_status" = 0 ] || echo "status $mail_status"
}

# as_ever NAME EXPECTED ADDRESS args…: ours tells the client what is expected; ucspi-tcp's says, logs and returns the same
# (it says nothing of lists that fail)
as_ever()
{
  as_ever_name=$1
  as_ever_expected=$2
  shift 2
  is "$as_ever_name" "$(told "$@")" "$as_ever_expected"
  mail rblsmtpd "$@"
  sed -i '/ pid N: lookup error: /d' "$work/log.plain"
  for as_ever_file in mail log.plain; do mv "$work/$as_ever_file" "$work/$as_ever_file.ours"; done
  as_ever_status=$mail_status
  mail "$reference" "$@"
  is '... octet by octet as ucspi-tcp, in its log too' \
    "$as_ever_status $(od -c "$work/mail.ours") $(cat "$work/log.plain.ours")" \
    "$mail_status $(od -c "$work/mail") $(cat "$work/log.plain")"
}

now_ms()
{
  perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000'
}

# takes NAME MIN MAX cmd…: the command's time in milliseconds is between them
takes()
{
  takes_name=$1
  takes_min=$2
  takes_max=$3
  shift 3
  takes_start=$(now_ms)
  "$@" > "$work/takes"
  takes_ms=$(($(now_ms) - takes_start))
  if [ "$takes_ms" -ge "$takes_min" ] && [ "$takes_ms" -le "$takes_max" ]; then
    result 0 "$takes_name"
  else
    result 1 "$takes_name"
    diag "took $takes_ms ms, not $takes_min to $takes_max"
  fi
}

long=$(printf '%0250d' 0)
zone <<END
7.2.0.192.text.test TXT 60 Go away; see http://list.test/?192.0.2.7
7.2.0.192.second.test TXT 60 second list
7.2.0.192.strings.test TXT 60 one, \\|two, \\|three
7.2.0.192.records.test TXT 60 first record
7.2.0.192.records.test TXT 60 second record
7.2.0.192.hostile.test TXT 60 Bye.\\013\\010250 OK\\013\\010\\000\\009\\127\\233\\255\\027[2J
7.2.0.192.long.test TXT 60 $long$long
7.2.0.192.big.test TXT 60 $long$long$long$long$long
7.2.0.192.empty.test TXT 60 \\0
7.2.0.192.alias.test CNAME 60 target.test
target.test TXT 60 through an alias
7.2.0.192.loop.test CNAME 60 7.2.0.192.loop.test
7.2.0.192.nothing.test A 60 127.0.0.2
7.2.0.192.white.test A 60 127.0.0.3
7.2.0.192.whiteother.test A 60 192.0.2.1
$(for n in $(seq 60); do echo "7.2.0.192.crowd.test TXT 60 a$n \\|\\013\\010\\| b"; done)
7.2.0.192.servfail.test TXT 60 unseen
7.2.0.192.servfail.test !servfail
7.2.0.192.whitecut.test A 60 127.0.0.2
7.2.0.192.whitecut.test !cut 2
7.2.0.192.refused.test !refused
7.2.0.192.silent.test !silent
7.2.0.192.truncated.test TXT 60 only by TCP
7.2.0.192.truncated.test !truncate
7.2.0.192.dripped.test TXT 60 never
7.2.0.192.dripped.test !truncate-only
7.2.0.192.endless.test TXT 60 never
7.2.0.192.endless.test !truncate-always
7.2.0.192.chaos.test TXT 60 of another class
7.2.0.192.chaos.test !class
7.2.0.192.garbage.test !garbage
7.2.0.192.cut.test TXT 60 this text is cut off
7.2.0.192.cut.test !cut 5
7.2.0.192.lies.test TXT 60 more than there is
7.2.0.192.lies.test !rdlength 6
7.2.0.192.forged.test TXT 60 forged
7.2.0.192.forged.test !wrong-id
7.2.0.192.address.test A 60 127.0.0.4
7.2.0.192.many.test A 60 192.0.2.1
7.2.0.192.many.test A 60 127.0.0.4
7.2.0.192.parked.test A 60 192.0.2.1
7.2.0.192.overused.test A 60 127.255.255.254
7.2.0.192.nearly1.test A 60 127.255.254.255
7.2.0.192.nearly2.test A 60 127.254.255.255
7.2.0.192.nearly3.test A 60 126.0.0.2
7.2.0.192.slow1.test TXT 60 slow 1
7.2.0.192.slow1.test !delay 700
7.2.0.192.slowest.test TXT 60 slowest
7.2.0.192.slowest.test !delay 3000
$(for n in 2 3 4 5; do echo "7.2.0.192.slow$n.test !delay 700"; done)
7.2.0.192.later.test TXT 60 later but first
7.2.0.192.later.test !delay 500
7.2.0.192.laterwhite.test A 60 127.0.0.2
7.2.0.192.laterwhite.test !delay 500
$(printf '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2').six.test TXT 60 listed by IPv6
$(printf '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2').white.test A 60 127.0.0.2
END

# --- no lists -------------------------------------------------------------------------------------------------
is 'without lists and without $RBLSMTPD the program runs' "$(told 192.0.2.7)" served
is 'nobody was asked' "$(wc -l < "$work/dns.queries")" 0

# --- one list -------------------------------------------------------------------------------------------------
as_ever 'who is not listed is served' served 192.0.2.7 -r no.test
as_ever 'who is listed is refused for now, with the list'"'"'s words' \
  '451 Go away; see http://list.test/?192.0.2.7' 192.0.2.7 -r text.test
is 'the log says so in one line' "$(cat "$work/log.plain")" \
  'rblsmtpd: 192.0.2.7 pid N: 451 Go away; see http://list.test/?192.0.2.7'
as_ever '... for good with -b' '553 Go away; see http://list.test/?192.0.2.7' 192.0.2.7 -b -r text.test
as_ever '... or not, after -B' '451 Go away; see http://list.test/?192.0.2.7' 192.0.2.7 -bB -r text.test
as_ever '-b does not hold for lists before it' '451 Go away; see http://list.test/?192.0.2.7' 192.0.2.7 -r text.test -b
as_ever 'another address is not listed' served 192.0.2.8 -r text.test
as_ever 'a name without TXT records lists nobody' served 192.0.2.7 -r nothing.test
as_ever 'nor does a text that is empty' served 192.0.2.7 -r empty.test
as_ever 'an alias leads to the text' '451 through an alias' 192.0.2.7 -r alias.test
as_ever 'an answer that has no room in a datagram is fetched by TCP' '451 only by TCP' 192.0.2.7 -r truncated.test
as_ever 'capitals and a final dot make no difference' '451 second list' 192.0.2.7 -r Second.TEST.

# --- hostile texts ---------------------------------------------------------------------------------------------
as_ever 'the strings of a record are one text' '451 one, two, three' 192.0.2.7 -r strings.test
as_ever 'the records are, too' '451 first recordsecond record' 192.0.2.7 -r records.test
as_ever 'so are those of sixty records with three strings each' \
  "$(printf '451 '; for n in $(seq 60); do printf 'a%s ?? b' "$n"; done | cut -c 1-200)" 192.0.2.7 -r crowd.test
as_ever 'CR, LF, NUL and all else that is not printable ASCII become question marks' \
  '451 Bye.??250 OK????????[2J' 192.0.2.7 -r hostile.test
as_ever 'a text ends after 200 octets' "451 $(printf %.200s "$long")" 192.0.2.7 -r long.test
as_ever '... even if it came by TCP' "451 $(printf %.200s "$long")" 192.0.2.7 -r big.test

# --- several lists ---------------------------------------------------------------------------------------------
as_ever 'the first list that has the client decides' '451 second list' 192.0.2.7 -r no.test -r second.test -r text.test
as_ever '... with its own severity' '553 second list' 192.0.2.7 -r no.test -b -r second.test -B -r text.test
as_ever 'a list that exempts comes before what follows it' served 192.0.2.7 -a white.test -r text.test
as_ever '... and after what precedes it' '451 second list' 192.0.2.7 -r second.test -a white.test
as_ever '... with whatever address it has' served 192.0.2.7 -a whiteother.test -r text.test
as_ever 'a list that does not exempt leaves it to the others' '451 second list' 192.0.2.7 -a no.test -r second.test

# --- lists that fail -------------------------------------------------------------------------------------------
# ucspi-tcp's goes on asking for eleven seconds after SERVFAIL, but takes an answer that is cut off for a failure.
failure='temporary RBL lookup error'
as_ever 'a list that fails lists nobody' served 192.0.2.7 -r cut.test
as_ever '... but with -c everybody' "451 $failure" 192.0.2.7 -c -r cut.test
as_ever '... for now, even with -b' "451 $failure" 192.0.2.7 -cb -r cut.test
as_ever '-C takes -c back' served 192.0.2.7 -cC -r cut.test
as_ever '-c does not hold for lists before it' served 192.0.2.7 -r cut.test -c -r no.test
as_ever 'what follows a failure is not for good' '451 second list' 192.0.2.7 -r cut.test -b -r second.test
as_ever '... what precedes it may be' '553 second list' 192.0.2.7 -b -r second.test -r cut.test
as_ever 'a list that should exempt and fails exempts' served 192.0.2.7 -a whitecut.test -r second.test
as_ever '... with -c it does not' '451 second list' 192.0.2.7 -c -a whitecut.test -b -r second.test
as_ever '... and then there may be nothing against the client' served 192.0.2.7 -c -a whitecut.test -r no.test
for list in servfail refused garbage cut lies silent dripped endless chaos forged loop; do
  case $list in loop) expected=served ;; *) expected="451 $failure" ;; esac
  is "an answer that is of no use ($list) is a failure" "$(told 192.0.2.7 -c -r $list.test)" "$expected"
done
is 'so is a server that is not there' "$(DNSCACHEIP=127.0.0.2 told 192.0.2.7 -c -r text.test)" "451 $failure"
is 'so is a name that is too long' "$(told 2001:db8::1 -c -r "$(printf '%050d.' 1 2 3 4)test")" "451 $failure"
is 'so are wrong settings' "$(DNSCACHEIP=nonsense told 192.0.2.7 -c -r text.test)" "451 $failure"
like '... which are complained of' "$(DNSCACHEIP=nonsense told 192.0.2.7 -r text.test; cat "$work/log")" \
  'rblsmtpd: warning: \$DNSCACHEIP: not an IP address: nonsense'
is '... unless no list is asked' "$(DNSCACHEIP=nonsense told 192.0.2.7; cat "$work/log")" served

# failures ADDRESS args…: what is logged of lists that failed, and then how the client fares
failures()
{
  failures_told=$(told "$@")
  sed -n 's/^rblsmtpd: 192\.0\.2\.7 pid N: lookup error: //p' "$work/log.plain"
  echo "$failures_told"
}
while IFS='|' read -r list reason; do
  is "a list that fails is logged, and why ($list)" "$(failures 192.0.2.7 -r "$list")" "${list%%:*}: $reason
served"
done <<'END'
silent.test|no answer in time
garbage.test|no answer in time
forged.test|no answer in time
dripped.test|no answer in time
servfail.test|every server failed
refused.test|every server failed
cut.test|broken answer
lies.test|broken answer
servfail.test:no|every server failed
parked.test:no|192.0.2.1 is no listing
overused.test:no|127.255.255.254 is no listing
END
is '... so is a server that is not there' "$(DNSCACHEIP=127.0.0.2 failures 192.0.2.7 -r text.test)" 'text.test: every server failed
served'
is '... so is a list that should exempt, before it does' "$(failures 192.0.2.7 -a servfail.test -r second.test)" \
  'servfail.test: every server failed
served'
is 'each list has a line, in the order of the command line' \
  "$(failures 192.0.2.7 -r silent.test -r no.test -r cut.test -c -a servfail.test -r no.test)" 'silent.test: no answer in time
cut.test: broken answer
servfail.test: every server failed
served'
is 'with -c, too, before the refusal' "$(failures 192.0.2.7 -c -r cut.test; tail -n 1 "$work/log.plain")" "cut.test: broken answer
451 $failure
rblsmtpd: 192.0.2.7 pid N: 451 $failure"
is 'lists after the one that decides have none' "$(failures 192.0.2.7 -r cut.test -r second.test -r cut.test -r silent.test)" \
  'cut.test: broken answer
451 second list'
is '... even if they had failed by then' "$(failures 192.0.2.7 -r later.test -r cut.test)" '451 later but first'
is '... nor has one that does not know the client, or whose alias leads nowhere' "$(failures 192.0.2.7 -r no.test -r loop.test)" served
is 'what is wrong for all lists is told once' \
  "$(DNSCACHEIP=nonsense told 192.0.2.7 -r one.test -r two.test; grep -c . "$work/log")" 'served
1'

# --- lists by address, with a text of ours -----------------------------------------------------------------------
is 'an A record lists the client' "$(told 192.0.2.7 -r 'address.test:No mail from %IP%, %IP%%IP, 100%')" \
  '451 No mail from 192.0.2.7, 192.0.2.7%IP, 100%'
is '... for good with -b' "$(told 192.0.2.7 -b -r 'address.test:no: never')" '553 no: never'
is '... it is the only question' "$(asked 7.2.0.192.address.test TXT)" 0
is 'the text is cleaned and cut, too' "$(told 192.0.2.7 -r "address.test:$(printf 'a\r\nb')$long")" \
  "$(printf '451 a??b%.196s' "$long")"
is 'no A record, not listed' "$(told 192.0.2.7 -r 'text.test:no')" served
is 'an address outside of 127.0.0.0/8 is no listing but a failure' \
  "$(told 192.0.2.7 -r parked.test:no) $(told 192.0.2.7 -c -r parked.test:no)" "served 451 $failure"
is '... one beside it may be a listing' "$(told 192.0.2.7 -r many.test:yes)" '451 yes'
is '127.255.255.0/24 means that the list does not want to be asked' \
  "$(told 192.0.2.7 -r overused.test:no) $(told 192.0.2.7 -c -r overused.test:no)" "served 451 $failure"
is '... and nothing beside it does' \
  "$(told 192.0.2.7 -r nearly1.test:no) $(told 192.0.2.7 -r nearly2.test:no) $(told 192.0.2.7 -r nearly3.test:no)" \
  '451 no 451 no served'
is 'failures count as with texts' "$(told 192.0.2.7 -c -r servfail.test:no)" "451 $failure"

# --- who the client is -----------------------------------------------------------------------------------------
nibbles=1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2
is 'an IPv6 address is looked for digit by digit' "$(told 2001:db8::1 -r six.test)" '451 listed by IPv6'
is '... under this name' "$(asked $nibbles.six.test TXT)" 1
like '... and logged in its usual spelling' "$(told 2001:DB8:0::1 -r six.test; cat "$work/log")" \
  '^rblsmtpd: 2001:db8::1 pid [0-9]+: 451 listed by IPv6$'
is '... and exempted by an A record' "$(told 2001:db8::1 -a white.test -r six.test)" served
is 'an IPv4 address that is mapped is looked for as IPv4' "$(told ::ffff:192.0.2.7 -r second.test)" '451 second list'
like '... and logged so' "$(told ::ffff:192.0.2.7 -r second.test; cat "$work/log")" '^rblsmtpd: 192\.0\.2\.7 pid'
for address in 192.0.2 192.0.2.7.8 300.1.1.1 '' x '192.0.2.7 '; do
  is "\"$address\" is no address: lists fail" \
    "$(told "$address" -r second.test) $(told "$address" -c -r second.test)" "served 451 $failure"
done
like '... with a warning' "$(cat "$work/log")" 'warning: \$TCPREMOTEIP is unset or not an IP address'
printf 'QUIT\r\n' | env -u TCPREMOTEIP rblsmtpd -c -r second.test false > "$work/mail" 2> "$work/log"
like 'so they do if it is unset' "$(cat "$work/log")" "^rblsmtpd:  pid [0-9]+: 451 $failure"

# --- at the same time ------------------------------------------------------------------------------------------
RES_OPTIONS='timeout:5 attempts:1'
export RES_OPTIONS
# Their sum is 3.5 seconds. What else is too long takes 5, or 20.
takes 'five lists take the time of the slowest, not their sum' 700 3400 \
  told 192.0.2.7 -r slow5.test -r slow4.test -r slow3.test -r slow2.test -r slow1.test
is '... and the right one decides' "$(cat "$work/takes")" '451 slow 1'
takes 'a list that answers later than those after it decides all the same' 500 4900 \
  told 192.0.2.7 -r later.test -r second.test -r text.test
is '... as the first' "$(cat "$work/takes")" '451 later but first'
takes 'one that exempts late, too' 500 4900 told 192.0.2.7 -a laterwhite.test -r second.test
is '... exempts' "$(cat "$work/takes")" served
takes 'nobody waits for lists that can not matter any more' 0 4900 \
  told 192.0.2.7 -r second.test -r silent.test -a silent.test -r slow1.test
is '... once the client is refused' "$(cat "$work/takes")" '451 second list'
takes '... nor' 0 4900 told 192.0.2.7 -r no.test -a white.test -r silent.test -c -r silent.test
is '... once it is exempt' "$(cat "$work/takes")" served
RES_OPTIONS='timeout:1 attempts:1'
takes 'lists that never answer are given up together' 900 4900 \
  told 192.0.2.7 -r silent.test -r silent.test -r silent.test -r silent.test -c -r silent.test
is '... and have failed' "$(cat "$work/takes")" "451 $failure"
: > "$work/dns.queries"
is 'a hundred lists can be asked' \
  "$(told 192.0.2.7 $(for n in $(seq 1 99); do echo "-r l$n.no.test"; done) -r second.test)" '451 second list'
is '... each once' "$(awk '{ print $4 }' "$work/dns.queries" | sort | uniq -c | awk '$1 == 1 { n++ } END { print n }')" 100

# --- -i --------------------------------------------------------------------------------------------------------
informed()
{
  TCPREMOTEIP=192.0.2.7 rblsmtpd -i "$@" sh -c 'echo "${RBLSMTPD-unset}"' < /dev/null 2> "$work/log"
}
is 'with -i the program learns what the list says' "$(informed -b -r hostile.test)" '[RBL info] Bye.??250 OK????????[2J'
like '... and so does the log' "$(cat "$work/log")" '^rblsmtpd: 192\.0\.2\.7 pid [0-9]+: \[RBL info\] Bye\.\?\?250 OK\?+\[2J$'
is '... or that a list has failed' "$(informed -c -r servfail.test)" "[RBL info] $failure"
is '... and nothing about a client that is not listed' "$(informed -r no.test)$(cat "$work/log")" unset
is '... or exempt' "$(informed -a white.test -r second.test)$(cat "$work/log")" unset
is '-i may come last' "$(TCPREMOTEIP=192.0.2.7 rblsmtpd -r second.test -i printenv RBLSMTPD < /dev/null 2> "$work/log")" \
  '[RBL info] second list'

# --- delays and lists --------------------------------------------------------------------------------------------
takes '-w lets the client wait' 1000 15000 told 192.0.2.7 -w 1 -r second.test
is '... whatever it is told then' "$(cat "$work/takes")" '451 second list'
is '... and logs it' "$(cat "$work/log.plain")" "rblsmtpd: 192.0.2.7 pid N: greetdelay: 1
rblsmtpd: 192.0.2.7 pid N: 451 second list"
takes '... but not if a list before it has decided' 0 15000 told 192.0.2.7 -a white.test -w 20 -r second.test
RES_OPTIONS='timeout:10 attempts:1'
takes 'lists are asked meanwhile' 3000 5900 told 192.0.2.7 -w 3 -r slowest.test
RES_OPTIONS='timeout:1 attempts:1'

# --- what the program gets -----------------------------------------------------------------------------------------
is 'the program has no descriptor of ours' \
  "$(TCPREMOTEIP=192.0.2.7 rblsmtpd -r no.test -r silent.test sh -c 'ls /proc/self/fd | wc -l' < /dev/null 2> "$work/log")" \
  "$(sh -c 'ls /proc/self/fd | wc -l' < /dev/null)"
is 'the program gets every octet of the client' "$(printf 'a\nb' | TCPREMOTEIP=192.0.2.7 rblsmtpd -r no.test cat)" "$(printf 'a\nb')"
need strace strace
# The list has answered, so what is waited for is the deadline of all lists, after which the delay goes on.
background delayed env TCPREMOTEIP=192.0.2.7 ASAN_OPTIONS=detect_leaks=0 strace -o "$work/waits" -e trace=/epoll_p?wait \
  rblsmtpd -r no.test -w 3600 false
wait_for grep -q greetdelay "$work/delayed.log"
tracee=$(pgrep -P "$pid")
waits() { kill -STOP "$tracee" && kill -CONT "$tracee" && grep -Eq ', (5[5-9][0-9]{3}|60000)(, NULL, 8)?\) *= -1 EINTR' "$work/waits"; }
ok 'lists are given up after 60 seconds' wait_for waits
kill "$tracee"
wait "$pid" 2> "$work/err"
# So many lists that the socket of the one that answers is almost surely that of one that never does, too, and still open
# when the client is greeted. No leak is looked for below strace.
TCPREMOTEIP=192.0.2.7 ASAN_OPTIONS=detect_leaks=0 strace -o "$work/strace" -e trace=write \
  rblsmtpd -r second.test $(printf '%0.s-r silent.test ' $(seq 20)) false <&- >&- 2> "$work/log"
like 'where there is no client, no socket of ours takes its place' "$(cat "$work/strace")" '^write\(1, "220 .*EBADF'
done_testing
