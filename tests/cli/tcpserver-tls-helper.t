#!/bin/sh
# what tcpserver does when its tcptls or one of its workers dies, stands still, is slow, or sends what none of them sends
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-tls.sh"
need pgrep procps
ulimit -S -n 4096 2> /dev/null
lost()
{
  grep -cE 'warning: unable to go on with TLS worker [0-9]+: ' "$work/$1.log"
}
# the worker that has the nth connection
worker_of()
{
  awk -v n="$1" '$1 == "open" && ++i == n { print $2 }' "$TLS_FOLDER/notes"
}

# --- the longest waits of all are begun here and looked at in the end --------------------------------------------

mkdir "$work/standstill"
TLS_FOLDER=$work/standstill
keeper workers 1
serving standstill -HRl0 -v -n cert 127.0.0.1 0 echo served
standstill=$server
stopped_keeper=$(keepers)
only_worker=$(workers)
kill -STOP "$stopped_keeper"
kill -KILL "$only_worker"
# What a worker was given and has not read ends with it.
wait_for ended "$only_worker"
crowd queued 3 127.0.0.1 "$port" 127.0.0.2
tell queued 'say * hello'
TLS_FOLDER=$work/tls

mkdir "$work/patience"
TLS_FOLDER=$work/patience serve patience -HRl0 -v -S 1 -n cert 127.0.0.1 0 echo served
patience=$pid
crowd unanswered 2 127.0.0.1 "$port" 127.0.0.2
tell unanswered 'say * hold'

# --- a worker is killed -----------------------------------------------------------------------------------------------

keeper workers 2
serving killed -HRl0 -v -c 10 -n cert 127.0.0.1 0 sh -c 'cat; echo served'
before=$(descriptors)
crowd shaking 100 127.0.0.1 "$port" 127.0.0.2
noted 100 '^open'
first=$(worker_of 1)
half=$(notes "^open $first ")
is "handshakes are shared by the workers evenly" "$half" 50
kill -KILL "$first"
wait_for grep -q 'tls tcptls has ended$' "$work/killed.log"
began_new=$(date +%s%N)
is "one is killed under load: new clients are served" "$(peer -b 127.0.0.3 127.0.0.1 "$port" 'hello\n')" served
# Its silence would be noticed after five.
ok "... within three seconds" test "$((($(date +%s%N) - began_new) / 1000000))" -lt 3000
logs_times "... those who shook hands there are refused, and why" killed 'deny 0 .* tls tcptls has ended$' "$half"
logs "... which the log tells with its number" killed "^tcpserver: warning: unable to go on with TLS worker $first: it has ended\$"
is "... once" "$(lost killed)" 1
tell shaking 'say * hello'
tell shaking half
tell shaking read
wait_for grep -q '^done' "$work/shaking.out"
is "... the others go on" "$(grep -o '^[0-9]* served' "$work/shaking.out")" "$half served"
ok "... there is another one" noted 3 '^worker'
round_trips killed
before_new=$(notes '^open')
crowd after 10 127.0.0.1 "$port" 127.0.0.2
noted "$((before_new + 10))" '^open'
ok "... which gets its part" test "$(notes "^open $(awk '$1 == "worker" { w = $2 } END { print w }' "$TLS_FOLDER/notes") ")" -ge 4
tell after reset
ok "no descriptor is left" wait_for has_descriptors "$before"
stop "$server"

keeper workers 1
serving alone -HRl0 -v -n cert 127.0.0.1 0 sh -c 'cat; echo served'
before=$(descriptors)
for n in 1 2 3; do
  peer 127.0.0.1 "$port" 'die\n' > "$work/out"
  is "a worker that dies of what a client sends ($n): the next client is served" "$(peer 127.0.0.1 "$port" 'hello\ntext\n' | tr '\n' ' ')" 'text served '
done
ok "no descriptor is left" wait_for has_descriptors "$before"
is "... nor is tcptls started anew" "$(notes '^start')" 1
crowd running 1 127.0.0.1 "$port" 127.0.0.2
tell running 'say 0 hello'
wait_for grep -q ' ok .*127\.0\.0\.2' "$work/alone.log"
stop "$server"
tell running 'say 0 more'
tell running half
tell running read
ok "who is served stays so when tcpserver ends" wait_for grep -q '^1 more;served;' "$work/running.out"

# --- it sends what it should not ----------------------------------------------------------------------------------------

while read -r how what; do
  serving "bad.$how" -HRl0 -v -n cert 127.0.0.1 0 echo served
  before=$(descriptors)
  worker=$(workers)
  is "a worker that sends $what: who asked is refused" "$(peer -k 127.0.0.1 "$port" "$how\\n")" ''
  logs "... with the reason" "bad.$how" 'deny 0 .* tls tcptls has failed$'
  logs "... and a warning" "bad.$how" "unable to go on with TLS worker $worker: it has sent what is no answer\$"
  is "... the next client is served by another one" "$(peer 127.0.0.1 "$port" 'hello\n')" served
  ok "... that worker is ended" wait_for ended "$worker"
  ok "... no descriptor is left" wait_for has_descriptors "$before"
  stop "$server"
done <<'LIST'
junk what is no message
short one octet
oversized more than a message
unsound a name that is none
unsaid no reason
dirty a reason without an end
kind another kind of message
size another size
descriptor descriptors
LIST
serving empty -HRl0 -v -n cert 127.0.0.1 0 echo served
peer -k 127.0.0.1 "$port" 'empty\n' > "$work/out"
logs "a worker that sends an empty record has ended" empty 'deny 0 .* tls tcptls has ended$'
is "... the next client is served by another one" "$(peer 127.0.0.1 "$port" 'hello\n')" served
stop "$server"

serving ids -HRl0 -v -n cert 127.0.0.1 0 sh -c 'echo $SSL_PROTOCOL'
is "ids that nobody has are passed over" "$(peer 127.0.0.1 "$port" 'unknown\n')" TLSv1.3
is "... and a second answer" "$(peer 127.0.0.1 "$port" 'twice\n')" TLSv1.3
is "... without complaint" "$(lost ids)" 0
like "a worker that ends the pair after its answer: the program sees that" "$(peer 127.0.0.1 "$port" 'cut\n')" '^$'
stop "$server"

keeper workers 2
serving thief -HRl0 -v -n cert 127.0.0.1 0 echo served
crowd one 1 127.0.0.1 "$port" 127.0.0.2
noted 1 '^open'
crowd two 1 127.0.0.1 "$port" 127.0.0.2
noted 2 '^open'
victim=$(worker_of 1)
id=$(awk '$1 == "open" && ++i == 1 { print $3 }' "$TLS_FOLDER/notes")
thief=$(worker_of 2)
tell two "say 0 id $id"
logs "a worker that answers for another's connection is ended" thief "unable to go on with TLS worker $thief: it has sent what is no answer\$"
tell one 'say 0 hello'
tell one read
ok "... and the other's client is served" wait_for grep -q '^1 served;' "$work/one.out"
not_ok "... by the other" ended "$victim"
stop "$server"

# --- it stands still, or is slow ------------------------------------------------------------------------------------------

keeper workers 1
mkdir "$work/mute"
TLS_FOLDER=$work/mute
touch "$TLS_FOLDER/mute"
serving mute -HRl0 -v -n cert 127.0.0.1 0 echo served
mute=$server
crowd silent 2 127.0.0.1 "$port" 127.0.0.2
TLS_FOLDER=$work/tls
serving deaf -HRl0 -v -c 500 -n cert 127.0.0.1 0 sh -c 'echo served'
before=$(descriptors)
touch "$TLS_FOLDER/deaf"
began=$(date +%s%N)
crowd many 500 127.0.0.1 "$port" 127.0.0.2
wait_for sh -c "[ \$(ls /proc/$server/fd | wc -l) -ge $((before + 500)) ]"
is "five hundred connections, more than a channel takes: nobody is refused" "$(grep -c deny "$work/deaf.log")" 0
rm "$TLS_FOLDER/deaf"
tell many 'say * hello'
tell many read
ok "... and all are served when there is room" wait_for grep -q '^500 served;' "$work/many.out"
took=$((($(date +%s%N) - began) / 1000000))
is "... with the same worker" "$(lost deaf) $(notes '^worker')" '0 1'
ok "... no descriptor is left" wait_for has_descriptors "$before"
ok "... one is asked whether it lives only when it has been silent for two seconds" test "$(notes '^ping')" -le "$((took / 1900))"
stop "$server"

serving stopped -HRl0 -v -n cert 127.0.0.1 0 echo served
before=$(descriptors)
began=$(date +%s%N)
crowd still 3 127.0.0.1 "$port" 127.0.0.2
noted 3 '^open'
stopped=$(workers)
tell still 'say 0 stop'
logs "a worker that stands still is found out" stopped "unable to go on with TLS worker $stopped: it does not answer\$"
took=$((($(date +%s%N) - began) / 1000000))
ok "... after it was given five seconds since it had something to do" test "$took" -ge 4900 -a "$took" -le 15000
tell still read
ok "... those who shook hands there are refused" wait_for grep -q '^3 nothing' "$work/still.out"
logs_times "... with the reason" stopped 'deny 0 .* tls tcptls has failed$' 3
is "... the next client is served by another one" "$(peer 127.0.0.1 "$port" 'hello\n')" served
ok "... that one is ended" wait_for ended "$stopped"
ok "... no descriptor is left" wait_for has_descriptors "$before"
stop "$server"
server=$mute
logs "so is one that does not answer when it is asked" mute "unable to go on with TLS worker [0-9]+: it does not answer\$"
ok "... it was asked" test "$(grep -c '^ping' "$work/mute/notes")" -ge 1
stop "$server"

# --- tcptls itself ------------------------------------------------------------------------------------------------------

for how in junk unsound pipe; do
  keeper "$how"
  exits "a tcptls that sends what it should not at the start ($how): tcpserver does not start" 111 \
    tcpserver -HRl0 -n cert 127.0.0.1 0 true
  like "... and says so" "$(cat "$work/err")" '^tcpserver: fatal: unable to speak TLS: tcptls has sent what '
done
keeper workers 150
exits "... nor with too many workers" 111 tcpserver -HRl0 -n cert 127.0.0.1 0 true
like "... and says so" "$(cat "$work/err")" '^tcpserver: fatal: unable to speak TLS: tcptls has sent what is no channel, or too many$'

keeper workers 2
serving left -HRl0 -v -n cert 127.0.0.1 0 sh -c 'cat; echo served'
before=$(descriptors)
crowd others 4 127.0.0.1 "$port" 127.0.0.2
noted 4 '^open'
crowd served 1 127.0.0.1 "$port" 127.0.0.3
tell served 'say 0 hello'
first=$(keepers)
old=$(workers)
kill -KILL "$first"
logs "tcptls is killed: the log tells" left '^tcpserver: warning: unable to keep TLS workers going: tcptls has ended$'
ok "... another one is started" noted 2 '^start'
noted 2 '^ready'
round_trips left
is_no_more()
{
  [ -z "$(ps -o pid= -p "$1")" ]
}
ok "... nothing is left of the first" wait_for is_no_more "$first"
is "... whose workers do what there is to do for new clients" "$(peer 127.0.0.1 "$port" 'hello\n')" served
like "... not those of the first" "$(worker_of 6)" "^($(workers | tr '\n' '|' | sed 's/|$//'))\$"
tell others 'say * hello'
tell others half
tell others read
ok "... but who shook hands with those is served" wait_for grep -q '^4 served;' "$work/others.out"
is "... and nobody is refused" "$(grep -c deny "$work/left.log")" 0
tell served 'say 0 on and on'
tell served half
tell served read
ok "... nor is anybody cut off" wait_for grep -q '^1 on and on;served;' "$work/served.out"
for worker in $old; do
  ok "... then they end" wait_for ended "$worker"
done
ok "... no descriptor is left" wait_for has_descriptors "$before"
is "... and there are no complaints of them" "$(lost left)" 0
kill -HUP "$server"
ok "HUP is for the new one" noted 1 '^reload'
stop "$server"

# One that can't read the keys any more: privileges have been dropped.
keeper workers 1
serving unread -HRl0 -v -n cert 127.0.0.1 0 echo served
keeper exit-begin 111
kill -KILL "$(keepers)"
noted 2 '^start'
is "no new tcptls can be had: the workers that are left go on" "$(peer 127.0.0.1 "$port" 'hello\n')" served
ok "... it is tried again a second later" noted 3 '^start'
is "... and again the workers go on" "$(peer 127.0.0.1 "$port" 'hello\n')" served
logs_times "... which the log tells once" unread 'unable to keep TLS workers going' 1
kill -KILL "$(awk '$1 == "worker" { print $2; exit }' "$TLS_FOLDER/notes")"
wait "$server"
is "... until there are none: it exits 111, so that it is started again with its rights" "$?" 111
is "... and says why" "$(tail -n 1 "$work/unread.log")" \
  'tcpserver: fatal: nothing is left that speaks TLS, and no new tcptls gets ready'

keeper workers 1
serving gone -HRl0 -v -n cert 127.0.0.1 0 echo served
mv "$work/bin/tcptls" "$work/bin/away"
kill -KILL "$(keepers)"
logs "tcptls is there no more" gone 'unable to keep TLS workers going: tcptls has ended$'
is "... the workers go on" "$(peer 127.0.0.1 "$port" 'hello\n')" served
kill -KILL "$(awk '$1 == "worker" { print $2; exit }' "$TLS_FOLDER/notes")"
wait "$server"
is "... until there are none" "$?" 111
mv "$work/bin/away" "$work/bin/tcptls"

keeper workers 2
serving both -HRl0 -v -n cert 127.0.0.1 0 echo served
crowd orphans 4 127.0.0.1 "$port" 127.0.0.2
noted 4 '^open'
kill -STOP "$server"
killed="$(keepers) $(workers)"
# shellcheck disable=SC2086
kill -KILL $killed
for one in $killed; do wait_for ended "$one"; done
crowd between 5 127.0.0.1 "$port" 127.0.0.3
tell between 'say * hello'
kill -CONT "$server"
tell between read
ok "tcptls and all its workers are killed: new clients wait for the new ones" wait_for grep -q '^5 served;' "$work/between.out"
logs_times "... those who shook hands are refused" both 'deny 0 .* tls tcptls has ended$' 4
stop "$server"

keeper ready-twice
serving twice -HRl0 -v -n cert 127.0.0.1 0 echo served
logs "a tcptls that is ready twice is replaced" twice 'unable to keep TLS workers going: tcptls has sent what makes no sense$'
is "... clients are served" "$(peer 127.0.0.1 "$port" 'hello\n')" served
stop "$server"

# --- patience -------------------------------------------------------------------------------------------------------------

server=$patience
logs "a handshake that is not answered when it must be over" patience 'deny 0 .*127\.0\.0\.2::[0-9]+ tls tcptls does not answer$'
logs_times "... is refused" patience deny 2
is "... the worker stays: it has answered all pings" "$(lost patience)" 0
ok "... which there were" test "$(grep -c '^ping' "$work/patience/notes")" -ge 2
tell unanswered read
ok "... the connections have ended" wait_for grep -q '^2 nothing' "$work/unanswered.out"
is "... others are served" "$(peer 127.0.0.1 "$(head -n 1 "$work/patience.out")" 'hello\n')" served
stop "$server"

# --- a tcptls that stands still when its last worker ends ------------------------------------------------------------------

server=$standstill
for i in 1 2 3 4 5; do
  wait_for grep -q 'unable to keep TLS workers going' "$work/standstill.log" && break
done
logs "a tcptls that does not replace its last worker is given up" standstill \
  'unable to keep TLS workers going: tcptls starts no worker$'
tell queued read
ok "... the next one serves those who have waited" wait_for grep -q '^3 served;' "$work/queued.out"
ok "... and the old one is ended" wait_for ended "$stopped_keeper"
stop "$server"
done_testing
