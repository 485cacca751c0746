#!/bin/sh
# what tcpserver does when its tcplookup dies, stands still, is slow, or sends what no tcplookup sends
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-names.sh"
need pgrep procps
ulimit -S -n 4096 2> /dev/null
show='echo "${TCPREMOTEHOST-none} ${TCPREMOTEINFO-none}"'
outages()
{
  grep -c 'warning: unable to look up names: ' "$work/$1.log"
}
has_outages()
{
  [ "$(outages "$1")" -ge "$2" ]
}
# nothing_left PID
nothing_left()
{
  [ -z "$(ps -o pid= -p "$1")" ]
}
# when the helper was started for the nth time, in milliseconds
nth_start()
{
  awk -v n="$1" '$1 == "start" && ++i == n { print $3 }' "$NAMES_FOLDER/asked"
}
tcprules "$work/host.cdb" "$work/tmp" <<'RULES'
=good.example:allow
:deny
RULES

# --- a helper that never answers: the longest wait of all, so it is begun here and looked at in the end --------

behave <<'TABLE'
127.0.0.2 hold
127.0.0.3 answer host=good.example
TABLE
mkdir "$work/patience"
cp "$NAMES_FOLDER/behaviour" "$work/patience/behaviour"
: > "$work/patience/asked"
NAMES_FOLDER=$work/patience serve patience -v -R 127.0.0.1 0 sh -c "$show"
patience=$pid
began=$(date +%s%3N)
crowd unanswered 2 127.0.0.1 "$port" 127.0.0.2
tell unanswered half
NAMES_FOLDER=$work/patience serve impatience -v -R -x "$work/host.cdb" 127.0.0.1 0 sh -c "$show"
impatience=$pid
crowd unjudged 1 127.0.0.1 "$port" 127.0.0.2

# --- killed ------------------------------------------------------------------------------------------------

serving killed -v -c 300 127.0.0.1 0 sh -c "$show"
before=$(descriptors)
crowd load 300 127.0.0.1 "$port" 127.0.0.2
wait_asked 300 '^peer'
first=$(helpers)
kill -KILL "$first"
tell load read
wait_for grep -q '^done' "$work/load.out"
is "a helper is killed under load: everybody is served without a name" "$(grep '^[0-9]' "$work/load.out")" '300 none none;'
ok "... another one is started" wait_asked 2 '^start'
is "... and is asked from then on" "$(peer -b 127.0.0.3 127.0.0.1 "$port")" 'good.example none'
is "... the log tells it once" "$(outages killed)" 1
logs "... and why" killed 'unable to look up names: tcplookup has ended$'
ok "... nothing is left of the first one" wait_for nothing_left "$first"
ok "... and no descriptor" wait_for has_descriptors "$before"
kill -KILL "$(helpers)"
ok "the log tells of the next outage" wait_for has_outages killed 2
stop "$server"

serving refused -v -c 300 -x "$work/host.cdb" 127.0.0.1 0 sh -c "$show"
before=$(descriptors)
crowd judged 300 127.0.0.1 "$port" 127.0.0.2
wait_asked 300 '^peer'
kill -KILL "$(helpers)"
tell judged read
wait_for grep -q '^done' "$work/judged.out"
is "... if a rule needs the name everybody is refused" "$(grep '^[0-9]' "$work/judged.out")" '300 nothing'
logs_times "... with the reason lookup" refused 'deny 0 .*127\.0\.0\.2::[0-9]* lookup$' 300
is "... and no process" "$(grep -c ' pid ' "$work/refused.log")" 0
wait_asked 2 '^start'
is "... then names count again" "$(peer -b 127.0.0.3 127.0.0.1 "$port")" 'good.example none'
ok "... no descriptor is left" wait_for has_descriptors "$before"
stop "$server"

# --- it can't be started any more --------------------------------------------------------------------------

serving backoff -v 127.0.0.1 0 sh -c "$show"
peer -b 127.0.0.3 127.0.0.1 "$port" > "$work/out"
behave <<'TABLE'
start die
TABLE
kill -KILL "$(helpers)"
backoff=$server
# It dies for some seconds: what follows is tested meanwhile, by another server.
mkdir "$work/others"
backoff_folder=$NAMES_FOLDER
is "a helper that dies at once again: service goes on, without names" "$(peer -b 127.0.0.3 127.0.0.1 "$port")" 'none none'
NAMES_FOLDER=$work/others
export NAMES_FOLDER

# --- it sends what it should not ---------------------------------------------------------------------------

behave <<'TABLE'
127.0.0.3 answer host=good.example info=joe
127.0.0.10 junk
127.0.0.11 short
127.0.0.12 oversized
127.0.0.13 empty
127.0.0.14 unsound
127.0.0.15 dirty
127.0.0.16 kind
127.0.0.17 size
127.0.0.18 question
127.0.0.20 hold
127.0.0.21 unknown host=right.example
127.0.0.22 later host=right.example
127.0.0.23 stale host=right.example
TABLE
while read -r host what; do
  serving "bad.$host" -v 127.0.0.1 0 sh -c "$show"
  is "a helper that sends $what: who asked is served without a name" \
    "$(peer -b "127.0.0.$host" 127.0.0.1 "$port")" 'none none'
  ok "... it is replaced" wait_asked 2 '^start'
  is "... and the next one is believed" "$(peer -b 127.0.0.3 127.0.0.1 "$port")" 'good.example joe'
  is "... the log tells it once" "$(outages "bad.$host")" 1
  stop "$server"
done <<'LIST'
10 what is no message
11 one octet
12 more than a message
13 an empty record
14 a name that is none
15 a name that it does not mention
16 another kind of answer
17 another size
18 a question
LIST
serving ids -v 127.0.0.1 0 sh -c "$show"
crowd left 3 127.0.0.1 "$port" 127.0.0.20
wait_asked 3 '^peer'
tell left 'reset 1'
wait_asked 1 '^cancel'
is "what was meant for one who has left is not for the next one" "$(peer -b 127.0.0.23 127.0.0.1 "$port")" 'right.example none'
tell left read
wait_for grep -q '^done' "$work/left.out"
is "... though for those who are there it is" "$(grep '^[0-9]' "$work/left.out")" '2 wrong.example wrong;'
is "ids that nobody has are passed over" "$(peer -b 127.0.0.21 127.0.0.1 "$port")" 'right.example none'
crowd again 20 127.0.0.1 "$port" 127.0.0.22
wait_asked 20 '^peer 127\.0\.0\.22'
# So that it finds both answers at once.
pause
release twice
wait_for test ! -e "$NAMES_FOLDER/release"
go_on
tell again read
wait_for grep -q '^done' "$work/again.out"
is "... and a second answer" "$(grep '^[0-9]' "$work/again.out")" '20 right.example none;'
is "... without complaint" "$(outages ids)" 0
stop "$server"

# --- it stands still ---------------------------------------------------------------------------------------

serving stopped -v -c 300 127.0.0.1 0 sh -c "$show"
stopped=$server
stopped_before=$(descriptors)
crowd still 300 127.0.0.1 "$port" 127.0.0.20
wait_asked 300 '^peer'
first=$(helpers)
kill -STOP "$first"
tell still read

# Meanwhile: a queue that is full because nobody reads it. The helper goes on before it is taken for dead, which takes the
# server 5 seconds from the first question: all are there before that.
mkdir "$work/queue"
NAMES_FOLDER=$work/queue
behave <<'TABLE'
start wait
127.0.0.20 hold
127.0.0.30 answer host=queued.example
127.0.0.31 answer host=queued.example
127.0.0.32 hold
127.0.0.33 hold
TABLE
serving queue -v -c 30 127.0.0.1 0 sh -c "$show"
before=$(descriptors)
pause
crowd sent 2 127.0.0.1 "$port" 127.0.0.32
crowd long 1000 127.0.0.1 "$port" 127.0.0.30 127.0.0.31
crowd unsent 2 127.0.0.1 "$port" 127.0.0.33
go_on
wait_for has_descriptors "$((before + 1004))"
tell sent 'reset'
tell unsent 'reset'
wait_for has_descriptors "$((before + 1000))"
touch "$NAMES_FOLDER/go"
tell long read
wait_for grep -q '^done' "$work/long.out"
is "a thousand questions, more than the socket takes: none is lost" "$(grep '^[0-9]' "$work/long.out")" '1000 queued.example none;'
is "... nor asked twice, nor out of turn" \
  "$(awk '$1 == "peer" && $2 != before { n++; before = $2 } END { print n }' "$NAMES_FOLDER/asked")" 1001
wait_asked 2 '^cancel'
is "... those who were asked about and are gone are cancelled" "$(questions '^cancel') $(questions '^cancel 127.0.0.32')" '2 2'
is "... the others are not even asked about" "$(questions '^peer 127.0.0.33')" 0
is "... and nothing is wrong with the helper" "$(outages queue) $(questions '^start')" '0 1'
stop "$server"

rm "$NAMES_FOLDER/go"
serving unread -v -c 500 127.0.0.1 0 sh -c "$show"
before=$(descriptors)
pause
crowd queued 500 127.0.0.1 "$port" 127.0.0.30
crowd leaving 50 127.0.0.1 "$port" 127.0.0.30
go_on
wait_for has_descriptors "$((before + 550))"
tell leaving reset
# One that was asked about, so that there is a cancellation that can't be sent either.
tell queued 'reset 0'
wait_for has_descriptors "$((before + 499))"
behave < /dev/null
kill -KILL "$(helpers)"
tell queued read
ok "it is killed before it has read any question: everybody is served" wait_for grep -q '^done' "$work/queued.out"
is "... without a name" "$(grep '^[0-9]' "$work/queued.out")" '499 none none;'
ok "... no descriptor is left" wait_for has_descriptors "$before"
kill -ALRM "$server"
ok "... and nobody is left waiting" wait_for ended "$server"

server=$stopped
wait_for grep -q '^done' "$work/still.out"
is "a helper that is stopped is noticed: everybody is served without a name" "$(grep '^[0-9]' "$work/still.out")" '300 none none;'
logs "... the log tells why" stopped 'unable to look up names: tcplookup does not answer$'
is "... once" "$(outages stopped)" 1
ok "... it is killed" wait_for ended "$first"
ok "... no descriptor is left" wait_for has_descriptors "$stopped_before"
stop "$server"

serving hanging -v 127.0.0.1 0 sh -c "$show"
wait_asked 1 '^start'
first=$(helpers)
kill -STOP "$first"
stop "$server"
ok "a helper that is stopped ends with the server" wait_for ended "$first"

# --- back-off, once it has gone on for long enough ---------------------------------------------------------

server=$backoff
NAMES_FOLDER=$backoff_folder
wait_asked 5 '^start'
gap()
{
  echo $(($(nth_start "$(($1 + 1))") - $(nth_start "$1")))
}
ok "starting again: at once, then not before 1 second" test "$(gap 2)" -ge 900
ok "... then 2" test "$(gap 3)" -ge 1900
ok "... then 4" test "$(gap 4)" -ge 3900
is "... and the log tells it once" "$(outages backoff)" 1
behave <<'TABLE'
127.0.0.3 answer host=good.example
TABLE
stop "$server"

# --- patience ----------------------------------------------------------------------------------------------

NAMES_FOLDER=$work/patience
wait_asked 1 '^cancel' || wait_asked 1 '^cancel' || wait_asked 1 '^cancel' || wait_asked 1 '^cancel'
cancelled=$(awk '$1 == "time" && $2 == "cancel" { print $3; exit }' "$NAMES_FOLDER/asked")
# However late the helper came to read it.
ok "a question is waited for as long as DNS may take" test "$((cancelled - began))" -ge 34000
asked=$(awk '$1 == "time" && $2 == "peer" { print $3; exit }' "$NAMES_FOLDER/asked")
ok "... and not much longer" test "$((cancelled - asked))" -le 45000
ticks=$(awk '{ print $14 + $15 }' "/proc/$patience/stat")
ok "... without work, also for who has closed for writing" test "$ticks" -lt "$((3 * $(getconf CLK_TCK)))"
tell unanswered read
tell unjudged read
wait_for grep -q '^done' "$work/unanswered.out"
is "... then they are served without a name" "$(grep '^[0-9]' "$work/unanswered.out")" '2 none none;'
ok "... the helper is told" wait_asked 3 '^cancel'
is "... and stays: it has answered all pings" "$(questions '^start') $(outages patience)" '2 0'
ok "... which there were" test "$(questions '^ping')" -gt 5
wait_for grep -q '^done' "$work/unjudged.out"
is "if a rule needs the name he is refused" "$(grep '^[0-9]' "$work/unjudged.out")" '1 nothing'
logs "... with the reason lookup" impatience 'deny 0 .*127\.0\.0\.2::[0-9]* lookup$'
stop "$patience"
stop "$impatience"
done_testing
