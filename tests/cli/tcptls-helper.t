#!/bin/sh
# tcptls -H: the keeper and its workers, with a program that plays tcpserver (tests/tls/helped.c).
. "$(dirname "$0")/../lib.sh"
. "$root/tests/tls.sh"
need ps procps

good=$certs/server.pem

# helped NAME [-u uid -g gid] [tcptls option…] -- program…: starts it; sets $server (its pid), $port, $keeper, $workers, $first
helped()
{
  helped_name=$1
  shift
  helped_ids=
  case $1 in -u) helped_ids="-u $2 -g $4"; shift 4 ;; esac
  # shellcheck disable=SC2086
  background "$helped_name" "$tools/helped" $helped_ids tcptls -H "$@"
  server=$pid
  wait_for grep -qE '^(ready|keeper)' "$work/$helped_name.out"
  port=$(sed -n 's/^ready //p' "$work/$helped_name.out")
  keeper=$(ps -o pid= --ppid "$server" | head -n 1 | tr -d ' ')
  find_workers "$helped_name"
}

find_workers()
{
  workers=$(sed -n 's/^worker //p' "$work/$1.out")
  first=$(echo "$workers" | head -n 1)
}

# tells NAME SERVER ERE [COUNT]: passes when so many lines match
tells()
{
  if wait_for sh -c '[ "$(grep -cE -e "$1" "$2")" -ge "$3" ]' sh "$3" "$work/$2.out" "${4:-1}"; then
    result 0 "$1"
  else
    result 1 "$1"
    diag "should match ${4:-1} times: $3"
    diag "$(tail -n 20 "$work/$2.out" "$work/$2.log")"
  fi
}

gone()
{
  [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# talk NAME: a client whose words are what is written to descriptor 4, and what it hears is in $work/NAME.out
talk()
{
  mkfifo "$work/$1.words"
  openssl s_client -quiet -connect "127.0.0.1:$port" < "$work/$1.words" > "$work/$1.out" 2> "$work/$1.err" &
  talker=$!
  started="$started $talker"
  exec 4> "$work/$1.words"
}

# heard NAME TALK WORD: says it and passes when it comes back
heard()
{
  # In a process of its own: nobody may be there to hear it any more.
  (echo "$3" >&4) 2> "$work/err"
  ok "$1" wait_for grep -q "$3" "$work/$2.out"
}

# --- The start

exits 'Descriptor 0 must be a socket' 111 sh -c 'exec tcptls -H -n "$1" < /dev/null' sh "$good"
like '… and that is said' "$(cat "$work/err")" '^tcptls: fatal: descriptor 0 is not a socket for messages: '
for bad in garbage.pem cut.pem server-mismatch.pem no-key.pem none.pem; do
  helped "bad-$bad" -n "$certs/$bad" -- cat
  is "With $bad there is no start" "$(cat "$work/bad-$bad.out")" 'keeper exit 111'
  like '… and it is said why' "$(cat "$work/bad-$bad.log")" "^tcptls: fatal: .*$bad"
done
helped usage -f NONSENSE -n "$good" -- cat
is 'A mistake on the command line is another matter' "$(cat "$work/usage.out")" 'keeper exit 100'

helped plain -j 3 -n "$good" -- sh -c 'echo "$SSL_PROTOCOL $SSL_TLS_SNI_SERVERNAME"; cat'
is 'As many workers as were asked for' "$(echo "$workers" | wc -l)" 3
is 'A connection is served' "$(client -C "$certs/ca.pem" -s www.example.org 127.0.0.1 "$port" 'hello\n' | tr '\n' ' ')" \
  'TLSv1.3 www.example.org hello '
tells 'What is known of it is told' plain "^done [0-9]+ TLSv1\\.3 TLS_[A-Z0-9_]+ server TLSv1\\.3 bits (128|256) new sni 'www\\.example\\.org' alpn '' peer '' \$"
client -v 0x0302 127.0.0.1 "$port" > "$work/out"
tells 'A refusal is told with its reason' plain '^refused [0-9]+ .*(version|protocol)'
peer 127.0.0.1 "$port" 'EHLO there\r\n' > "$work/out"
tells '… whatever it is' plain '^refused [0-9]+ wrong version number'
peer 127.0.0.1 "$port" > "$work/out"
tells '… even nothing at all' plain '^refused [0-9]+ ' 3
not_ok 'No message was unsound' grep -q BAD "$work/plain.out"
kill -USR1 "$server"
tells 'Workers answer pings' plain '^pong 100[0-2]' 3
is 'The last octets arrive each of 300 times' "$(client -n 300 127.0.0.1 "$port" 'x\n' | tail -n 1)" x

# --- Tickets

for version in 2 3; do
  is "A session goes on with any worker, TLS 1.$version" "$(client -$version -i -r -n 9 127.0.0.1 "$port" | grep -c resumed)" 8
done
stop "$server"
# What is encrypted, and so may look like anything, is not taken for a hello that is too long.
helped often -j 1 -n "$good" -- true
is '… each of 1000 times' "$(client -2 -i -r -n 1000 127.0.0.1 "$port" | grep -c resumed)" 999
stop "$server"
helped count -j 1 -n "$good" -- sh -c 'wc -c; head -c 10000000 /dev/zero'
is 'Ten million octets arrive, and come back' "$(client -q -b 10000000 127.0.0.1 "$port")" 10000009
stop "$server"
# A process of its own each time.
helped tickets -j 2 -n "$good" -- cat
timeout 10 openssl s_client -connect "127.0.0.1:$port" -tls1_2 -sess_out "$work/session" < /dev/null > "$work/out" 2>&1
for turn in 1 2; do
  like "… also for openssl, with worker $turn" \
    "$(timeout 10 openssl s_client -connect "127.0.0.1:$port" -tls1_2 -sess_in "$work/session" < /dev/null 2>&1)" '^Reused, TLSv1.2'
done
stop "$server"
helped nothing -Z -j 1 -n "$good" -- cat
is 'With -Z it never does, TLS 1.2' "$(client -2 -i -r -n 5 127.0.0.1 "$port" | grep -c new)" 5
is '… nor TLS 1.3' "$(client -3 -i -r -n 5 127.0.0.1 "$port" | grep -c new)" 5
stop "$server"

# --- Reloading

mkdir "$work/live"
cp "$certs/server.pem" "$work/live/default.pem"
helped reload -j 2 -n "$work/live" -- cat
is 'It begins with one certificate' "$(subject)" mail.example.org
keep_client held "$tools/client" -h 127.0.0.1 "$port" before
held=$pid
is 'A connection is held' "$(grep -c connected "$work/held.out")" 1
old_session()
{
  timeout 10 openssl s_client -connect "127.0.0.1:$port" -tls1_2 "$1" "$work/old" < /dev/null 2>&1 | grep -E '^(New|Reused), '
}
old_session -sess_out > "$work/out"
like 'A session can be resumed as long as the files are the same' "$(old_session -sess_in)" '^Reused'
cp "$certs/server-wrong-host.pem" "$work/live/default.pem"
kill -HUP "$server"
ok 'After a reload both workers have the new one' wait_for is_now wrong.example.org
like '… and no session of before is resumed' "$(old_session -sess_in)" '^New'
cp "$certs/cut.pem" "$work/live/default.pem"
kill -HUP "$server"
logs 'A bad file is reported' reload '^tcptls: warning: .*stay as they were: .*default.pem'
is '… and the old ones serve' "$(subject)" wrong.example.org
rm "$work/live/default.pem"
kill -HUP "$server"
logs 'A missing file is reported' reload 'stay as they were: .*no file in it'
is '… and the old ones serve' "$(subject)" wrong.example.org
cp "$certs/server.pem" "$work/live/default.pem"
kill -HUP "$server"
ok 'The next good one is taken' wait_for is_now mail.example.org
for turn in 1 2 3 4 5 6 7 8 9; do
  kill -HUP "$server"
done
ok 'Many reloads at a time do no harm' wait_for is_now mail.example.org
ok 'The connection that was held through all this is alive' kill -0 "$held"
stop "$server"

# ticks: of processor time that the worker has had
ticks()
{
  sed 's/.*) //' "/proc/$first/stat" | awk '{ print $12 + $13 }'
}

mkdir "$work/several"
for i in 1 2 3 4 5 6 7 8 9; do
  for j in 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t; do
    cp "$certs/server-rsa.pem" "$work/several/$i$j.pem"
  done
done
helped again -j 1 -n "$work/several" -- cat
cost=$(ticks)
for i in 1 2 3 4 5 6 7 8 9 10; do
  kill -HUP "$server"
  sleep 0.1
done
echo garbage > "$work/several/10.pem"
kill -HUP "$server"
logs 'A reload is over' again 'stay as they were'
ok 'What has not changed is not parsed again' test "$(ticks)" -lt "$((cost * 4 + 10))"
diag "the first time: $cost, with ten reloads $(ticks)"
stop "$server"

# --- Deaths

helped death -j 1 -n "$good" -- sh -c 'cat; cat >&2'
keep_client victim "$tools/client" -h 127.0.0.1 "$port" before
kill -KILL "$first"
tells 'When a worker is killed tcpserver learns it' death "^channel $first ended"
logs '… and what it was' death "tcptls: warning: worker $first was killed by signal 9"
resets '… and the program sees a reset' death '-: .*reset'
tells 'Another takes its place' death '^worker ' 2
ok '… within a second' wait_for sh -c '"$1" 127.0.0.1 "$2" x | grep -q x' sh "$tools/client" "$port"
find_workers death
second=$(echo "$workers" | tail -n 1)
kill -KILL "$second"
tells '… also when that is killed' death '^worker ' 3
is '… and connections are served' "$(client 127.0.0.1 "$port" x)" x
find_workers death
third=$(echo "$workers" | tail -n 1)
talk survivor
heard 'A connection is there' survivor early
kill -KILL "$keeper"
tells 'When the keeper is killed tcpserver learns it' death '^keeper signal 9'
is '… and the workers go on' "$(client 127.0.0.1 "$port" x)" x
stop "$server"
heard 'A worker goes on with its connections when both have gone' survivor late
heard '… for as long as they last' survivor later
exec 4>&-
stop "$talker"
ok '… and ends when they do' wait_for gone "$third"

# --- What it is not

if [ "$(id -u)" = 0 ]; then
  cp "$good" "$work/secret.pem"
  chmod 600 "$work/secret.pem"
  chmod 755 "$work"
  helped rights -u 65534 -g 65533 -j 1 -n "$work/secret.pem" -- cat
  is 'Keys that only root can read serve' "$(client 127.0.0.1 "$port" x)" x
  like 'A worker has the ids that it was told to have' "$(grep -E '^(Uid|Gid|Groups)' "/proc/$first/status" | tr '\t\n' '  ')" \
    '^Uid: 65534 65534 65534 65534 Gid: 65533 65533 65533 65533 Groups: 65533 *$'
  like '… and no way back' "$(grep -E '^(CapPrm|CapEff|NoNewPrivs)' "/proc/$first/status" | tr '\t\n' '  ')" \
    '^CapPrm: 0+ CapEff: 0+ NoNewPrivs: 1 *$'
  is '… and nobody of its user can look into it' "$(setpriv --reuid 65534 --regid 65533 --clear-groups cat "/proc/$first/environ" 2> "$work/err" | wc -c)" 0
  has_its_own()
  {
    [ "$(cd "/proc/$first/fd" && echo [0-9]*)" = "0 1 2$( [ "$portable" ] || echo " 3" )" ]
  }
  # Those of the connection before are closed a little later than the client has its end.
  ok 'A worker has no descriptors but its own' wait_for has_its_own
  is 'The keeper is what it was' "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$keeper/status")" 0
else
  helped rights -u 1 -g 1 -j 1 -n "$good" -- cat
  is 'Who has no rights to change ids does not start' "$(cat "$work/rights.out")" 'keeper exit 111'
  logs '… and it is said why' rights 'fatal: unable to set groups'
  helped rights -j 1 -n "$good" -- cat
  case $COMMAND_DIR in
    */san/*) ;; # not there, for the search for leaks
    *) not_ok 'Nobody of its user can look into a worker' cat "/proc/$first/environ" 2> "$work/err" ;;
  esac
fi
like '… and leaves no core' "$(grep '^Max core' "/proc/$first/limits")" '^Max core file size +0 +0 '
is '… and may have as many descriptors as there are' "$(awk '/^Max open files/ { print $4 == $5 }' "/proc/$first/limits")" 1
for signal in HUP ALRM USR1 USR2; do
  kill -s "$signal" "$keeper" "$first"
done
is 'Signals that are for tcpserver do not end it' "$(client 127.0.0.1 "$port" x)" x
stop "$server"
ok 'All end with tcpserver' wait_for gone "$keeper"
ok '… the workers, too' wait_for gone "$first"

# --- Time

helped slow -S 1 -j 1 -n "$good" -- cat
is 'Who never begins with the handshake is sent away' "$(peer -k 127.0.0.1 "$port")" ''
tells '… for that reason' slow '^refused [0-9]+ no handshake in time'
stop "$server"
helped idle -T 3 -j 1 -n "$good" -- sh -c 'cat; cat > /dev/null'
is 'A connection on which nothing moves is ended' "$(client -w keep 127.0.0.1 "$port" hello)" hello
resets '… which the program sees as a reset' idle '-: .*reset'
stop "$server"

# --- Crowds

# A tcpserver that is slow: more answers than its socket has room for. The worker must not wait for it.
cat > "$work/crowd" <<'SCRIPT'
use Socket;
my @all;
for (1 .. 600) {
  socket(my $s, AF_INET, SOCK_STREAM, 0) or die;
  connect($s, pack_sockaddr_in($ARGV[0], inet_aton("127.0.0.1"))) or die;
  push @all, $s;
}
$| = 1;
print "connected\n";
<STDIN>;
SCRIPT
helped crowd -j 1 -n "$good" -- cat
talk slow
heard 'A connection is there' slow early
keep_client many perl "$work/crowd" "$port"
many=$pid
wait_for sh -c '[ "$(ls "/proc/$1/fd" | wc -l)" -gt 600 ]' sh "$server"
# When it has answered this it has taken all that came before.
kill -USR1 "$server"
tells 'Six hundred that say nothing' crowd '^pong 1000'
kill -STOP "$server"
stop "$many"
heard 'A worker whose answers nobody takes goes on with its connections' slow late
kill -CONT "$server"
tells '… and keeps the answers' crowd '^refused [0-9]+ ' 600
heard '… to the end' slow end
exec 4>&-
stop "$server"
background few "$tools/helped" sh -c 'ulimit -n 40 && exec tcptls "$@"' sh -H -j 1 -n "$good" -- cat
server=$pid
wait_for grep -q '^ready' "$work/few.out"
port=$(sed -n 's/^ready //p' "$work/few.out")
sed -i s/600/20/ "$work/crowd"
keep_client twenty perl "$work/crowd" "$port"
tells 'Those that are too many are refused' few '^refused [0-9]+ too many connections' 8
stop
ok 'Others are served when there is room again' wait_for sh -c '[ "$("$1" 127.0.0.1 "$2" x)" = x ]' sh "$tools/client" "$port"
stop "$server"

# --- Messages that make no sense

# poison NAME HEX [-k]: what a worker (with -k the keeper) is sent
poison()
{
  background poison "$tools/helped" ${3:-} -x "$2" tcptls -H -j 1 -n "$good" -- cat
  poisoned=$pid
  logs "$1" poison "^tcptls: fatal: got .* (no connection|no sense)"
  stop "$poisoned"
}
poison 'A worker does not take a message of no kind' 6300000000000000
poison '… nor a short one' 0100
poison '… nor one without its descriptors' "01000001000000$(printf '%0514d' 0)"
poison '… nor one for somebody else' 0700000000000000
poison 'The keeper does not take a message of no kind' 6300000000000000 -k
poison '… nor a short beginning' 06000c00000000000000000000000000 -k
poison '… nor one with more groups than there are' "06000c1000000000$(printf '0000000000000000ffffffff%08192d' 0)" -k

done_testing
