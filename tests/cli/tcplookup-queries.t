#!/bin/sh
# How tcplookup -s asks: no more than it must, so that answers can't be made up by others, and with no more in its hands
# than it needs; what it takes for an answer; and that it ends with who started it.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"

# helper COMMAND…: see tcplookup-helper.pl; a line each, joined by ';'
helper()
{
  perl "$root/tests/cli/tcplookup-helper.pl" "${COMMAND_DIR%/*}/libexec/tcplookup" "$@" 2> "$work/helper.err" |
    tr '\n' ';'
}

# patiently COMMAND…: the same on a machine that has a lot to do
patiently() { RES_OPTIONS='timeout:10 attempts:1' helper "$@"; }

forget() { : > "$work/dns.queries"; }
lines() { grep -c . "$1"; }

{
  cat <<'ZONE'
127.0.0.5 PTR 60 a.test
127.0.0.5 !delay 300
127.0.0.6 !silent
*.10.in-addr.arpa PTR 60 ten.test
*.11.in-addr.arpa !silent
a.test A 60 127.0.0.5
slow.test A 60 127.0.0.1
slow.test !delay 2000
tcp.test A 60 127.0.0.7
tcp.test !truncate
half.test !truncate-only
ZONE
  # Every kind of nonsense, and what is no nonsense but of no use.
  for mode in servfail refused notimp formerr 'cut 4' empty loop loop-data beyond wrong-id wrong-question wrong-owner \
    wrong-type wrong-port no-response no-question count 'rdlength 3' 'rdlength 5' class garbage silent; do
    echo "$(echo "$mode" | tr -d ' ').bad.test A 60 127.0.0.1
$(echo "$mode" | tr -d ' ').bad.test !$mode"
  done
  echo 'first.test A 60 127.0.0.9
first.test !wrong-id-first
second.test A 60 127.0.0.9
second.test !wrong-question-first
six.test AAAA 60 ::5
six.test !rdlength 15
text.test TXT 60 text
loop1.test CNAME 60 loop2.test
loop2.test CNAME 60 loop1.test
c1.test CNAME 60 c2.test
c2.test CNAME 60 c3.test
c3.test CNAME 60 c4.test
c4.test A 60 127.0.0.4
away.test CNAME 60 nowhere.test'
} | zone
serve_dns

# --- one query for all who wait -----------------------------------------------------------------------------------

is 'Fifty questions about one address at a time are answered' "$(helper same 1 50 127.0.0.5 1 drain 50)" \
  '50 times 1;'
is '… with one query' "$(lines "$work/dns.queries")" 1
forget
WAITING=3000
export WAITING
is 'A thousand that wait for one silent server are cancelled at once, others are answered, and the last one gets its end' \
  "$(helper same 1 1001 127.0.0.6 1 cancels 1 1000 peer 5000 10.0.0.1 1 127.0.0.1 answers 1 ping 7 answers 1 answers 1 quiet)" \
  "peer 5000 known 1 'ten.test' '' '';kind 7 id 7;peer 1001 known 0 '' '' '';quiet;"
is '… and there was one query' "$(asked 6.0.0.127.in-addr.arpa PTR)" 1
set --
for n in 1 2 3 4 5 6 7 8; do
  set -- "$@" spread 1 10 "11.2.$n.0" 1 cancels 1 10
done
is 'Those who ask and go away, whose servers are silent, leave room for others' \
  "$(WAITING=10 helper "$@" peer 5000 10.0.0.2 1 127.0.0.1 answers 1)" "peer 5000 known 1 'ten.test' '' '';"
is 'A host that is cancelled gets no answer' \
  "$(patiently host 1 4 slow.test host 2 4 slow.test cancel 1 answers 1 quiet)" 'host 2 family 4 status 0 127.0.0.1;quiet;'

# --- who wants to forge an answer must guess ------------------------------------------------------------------------

forget
is 'A thousand questions, fifty at a time, are answered' "$(patiently flood 1 1000 10.1.0.0 1 50)" '1000 of 1000 known;'
is '… with a thousand queries' "$(lines "$work/dns.queries")" 1000
ids=$(asked_by 3 | grep -c .)
ok "… whose numbers are random ($ids different ones)" test "$ids" -gt 970
next=$(awk 'NR > 1 && ($3 == last + 1 || $3 == last - 1) { n++ } { last = $3 } END { print n + 0 }' "$work/dns.queries")
ok "… and not one behind the other ($next are)" test "$next" -lt 10
ports=$(asked_by 2 | grep -c .)
ok "… from ports that change all the time ($ports different ones)" test "$ports" -ge $((1000 / 64))
most=$(awk '{ n[$2]++ } END { for (port in n) if (n[port] > most) most = n[port]; print most }' "$work/dns.queries")
ok "… at the latest after 64 queries (after $most)" test "$most" -le 64
forget
patiently flood 1 200 10.2.0.0 1 1 > "$work/out"
ports=$(asked_by 2 | grep -c .)
ok "Two hundred questions one after the other come from as many ports ($ports)" test "$ports" -gt 180

# Of each 64 questions one gets no answer for as long as this takes.
set --
for n in $(seq 100); do
  set -- "$@" spread "$n" 1 "11.1.0.$n" 1 flood 1000 63 "10.3.$n.0" 1 20
done
sockets=$(patiently "$@" ping 1 answers 1 shell 'ls /proc/$HELPER/fd | wc -l' | tr ';' '\n' | tail -n 1)
ok "A hundred silent servers among others don't keep a hundred ports open ($sockets)" test "$sockets" -le 70 -a "$sockets" -gt 20

# Answers are slow to come for thousands, and one by one for others: each of these must not look at each of those.
cpu="cut -d ' ' -f 14 /proc/\$HELPER/stat"
set --
for n in $(seq 60); do
  set -- "$@" spread "$((1000000 + n * 200))" 200 "11.3.$n.0" 1 flood 1 1 "10.4.$n.0" 1 1
done
RES_OPTIONS='timeout:25 attempts:1' WAITING=20000 helper flood 1 2000 10.5.0.0 1 1 shell "$cpu" "$@" shell "$cpu" \
  flood 1 2000 10.6.0.0 1 1 shell "$cpu" | tr ';' '\n' > "$work/answers"
is 'Two thousand questions beside twelve thousand that wait for silent servers are answered' \
  "$(tail -n 2 "$work/answers" | head -n 1)" '2000 of 2000 known'
grep '^[0-9]*$' "$work/answers" | tr '\n' ' ' > "$work/cpu"
read -r alone before after < "$work/cpu"
ok "… for about as much as alone ($alone ticks alone, $((after - before)) so)" test "$((after - before))" -le "$((3 * alone + 12))"

# --- what is an answer ----------------------------------------------------------------------------------------------

# hosts NAME…: asks for all at a time; the answers in the order of the names
hosts()
{
  hosts_questions=
  hosts_id=0
  for hosts_name; do
    hosts_id=$((hosts_id + 1))
    hosts_questions="$hosts_questions host $hosts_id ${hosts_family:-4} $hosts_name"
  done
  # shellcheck disable=SC2086
  helper $hosts_questions answers "$hosts_id" | tr ';' '\n' | sort -k 2n | sed 's/^host [0-9]* family [46] status //'
}
forget
# The names end in a digit sometimes, which "bad.test" keeps from looking like an address.
set -- servfail refused notimp formerr cut4 empty loop loop-data beyond wrong-id wrong-question wrong-owner wrong-type \
  wrong-port no-response no-question count rdlength3 rdlength5 class garbage silent
hosts $(printf '%s.bad.test ' "$@") > "$work/statuses"
n=0
for mode; do
  n=$((n + 1))
  is "An answer with $mode is a failure, not \"none\"" \
    "$(sed -n "${n}p" "$work/statuses") $([ "$(asked "$mode.bad.test" A)" -gt 0 ] && echo asked)" '2 asked'
done
is 'An IPv6 address of 15 octets is a failure' "$(hosts_family=6 hosts six.test)" 2
is 'The right answer behind one with the wrong id, or for another question, is taken' \
  "$(hosts first.test second.test | tr '\n' ' ')" '0 127.0.0.9 0 127.0.0.9 '
is 'An answer that is truncated is asked for by TCP; if none comes that way it is a failure' \
  "$(hosts tcp.test half.test | tr '\n' ' ') $(grep -c '^tcp .* tcp.test A' "$work/dns.queries")" '0 127.0.0.7 2  1'
is 'A chain of aliases leads to its address' "$(hosts c1.test)" '0 127.0.0.4'
is 'A loop of aliases, one that leads nowhere, no name and a name without address are none' \
  "$(hosts loop1.test away.test nobody.test text.test | tr '\n' ' ')" '1 1 1 1 '

# --- what it has in its hands -----------------------------------------------------------------------------------------

# A descriptor that is not close-on-exec, as an inattentive starter would leave it.
exec 9< "$0"
descriptors='ls /proc/$HELPER/fd | tr "\n" " "; echo'
like 'Between questions it has its socket, its standard error and no more than one descriptor to wait with' \
  "$(helper ping 1 answers 1 shell "$descriptors" flood 1 100 10.5.0.0 1 10 shell "$descriptors" | tr ';' '\n' | grep -v k | sort | uniq -c)" \
  '^ *2 0 1 2 (3 )?$'
exec 9<&-
# helper_limits NAME: what the limit is, soft and hard
limits=$(helper ping 1 answers 1 shell 'cat /proc/$HELPER/limits /proc/$HELPER/status' | tr ';' '\n')
like 'It can dump no core' "$limits" '^Max core file size +0 +0 '
like '… start no process' "$limits" '^Max processes +0 +0 '
like '… gain no privileges' "$limits" '^NoNewPrivs:.1$'
rss="awk '/VmRSS/ { print \$2 }' /proc/\$HELPER/status"
used=$(patiently ping 1 answers 1 shell "$rss" spread 1 2000 11.0.0.0 1 ping 1 answers 1 shell "$rss" |
  tr ';' '\n' | awk '/^[0-9]+$/ { if (n++) print ($1 - first) * 1024 / 2000; first = $1 }')
case $COMMAND_DIR in
  */san/*) ;; # they take more
  *)
    ok "A question that waits for DNS takes less than 3 KiB ($used octets)" test "${used%.*}" -lt 3072
    like '… nor take more memory than its questions need' "$limits" '^Max data size +[0-9]{8} +[0-9]{8} ' ;;
esac
(ulimit -S -n 64 && helper ping 1 answers 1 shell 'grep "open files" /proc/$HELPER/limits') > "$work/limits"
like 'It raises the number of files it may open as far as its questions need' "$(cat "$work/limits")" \
  'Max open files +([4-9][0-9]{3}|[0-9]{5,}) '

# --- ident ---------------------------------------------------------------------------------------------------------------

serve_ident 127.2.0.1=silent 127.2.0.2=user:joe
until_closed="for try in \$(seq 200); do n=\$(grep -c '^127.2.0.1 closed' $work/ident.questions); [ \$n = 499 ] && break; sleep 0.05; done; echo \$n"
closed() { [ "$(grep -c '^127.2.0.1 closed' "$work/ident.questions")" = "$1" ]; }
is 'Five hundred who wait for a silent ident server keep nobody from being answered' \
  "$(helper ping 1 answers 1 shell "$rss" same 1 500 127.2.0.1 4 ping 1 answers 1 shell "$rss" peer 1000 127.2.0.2 4 127.0.0.1 answers 1 \
    cancels 1 499 peer 1000 127.2.0.2 4 127.0.0.1 answers 1 shell "$until_closed" \
    shell 'ls /proc/$HELPER/fd | wc -l' cancel 500 | tr ';' '\n' > "$work/answers"; grep joe "$work/answers" | tr '\n' ';')" \
  "peer 1000 known 4 '' '' 'joe';peer 1000 known 4 '' '' 'joe';"
used=$(awk '/^[0-9]+$/ { if (++n == 2) print int(($1 - first) * 1024 / 500); if (n == 1) first = $1 }' "$work/answers")
case $COMMAND_DIR in
  */san/*) ;;
  *) ok "Such a question takes less than 3 KiB ($used octets)" test "$used" -lt 3072 ;;
esac
is 'Who cancels closes the connections' "$(tail -n 2 "$work/answers" | head -n 1)" 499
like '… and all descriptors but the last one of them' "$(tail -n 1 "$work/answers")" '^[45]$'
ok 'An end closes the last one' wait_for closed 500

# --- its end ------------------------------------------------------------------------------------------------------------

perl "$root/tests/cli/tcplookup-helper.pl" "${COMMAND_DIR%/*}/libexec/tcplookup" same 1 200 127.0.0.6 1 \
  shell "echo \$HELPER > $work/helper.pid" sleep 30 > "$work/out" 2>&1 &
asker=$!
started="$started $asker"
ok 'It waits as long as who asks lives' wait_for test -s "$work/helper.pid"
gone() { ! kill -0 "$(cat "$work/helper.pid")"; }
not_ok '… and is there' gone
kill -KILL "$asker"
wait "$asker" 2> "$work/err"
ok 'It ends when that is killed, although questions wait' wait_for gone

done_testing
