#!/bin/sh
# Rates and hours where names decide which rule counts: who is asked for, and that a connection is counted once.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-names.sh"

ask()
{
  peer "$@" 127.0.0.1 "$port"
}

behave <<'TABLE'
127.0.0.2 answer host=known.example
127.0.0.3 answer host=closed.example
127.0.0.4 later host=slow.example
127.0.0.5 answer host=quick.example
TABLE
tcprules -w "$work/cdb" "$work/tmp" 2> /dev/null <<'R'
=known.example:allow,MAXRATE="1/3600"
=closed.example:allow,HOURS="never"
=slow.example:allow,MAXRATE="2/3600"
127.0.0.:allow,MAXRATE="2/7200",HOURS="never"
127.1.:allow,MAXRATE="9/3600"
:allow
R
serving named -v -k 3/3600 -x "$work/cdb" 127.0.0.1 0 sh -c 'echo "${MAXRATE-none}"'
for n in 1 2 3 4 5; do
  ask -b 127.0.0.2
done > "$work/replies"
is "the rate of a rule by name counts" "$(cat "$work/replies")" 1/3600
is "... for those that -k lets in, and only they are asked for" "$(questions '^peer 127\.0\.0\.2')" 3
logs_times "... once each" named 'deny 0 .*known\.example:127\.0\.0\.2::[0-9]* rate$' 2
logs_times "... the others are refused before" named 'deny 0 [^ ]* :127\.0\.0\.2::[0-9]* rate$' 2
ask -b 127.0.0.3 > "$work/out"
logs "so do the hours of a rule by name, and not those of the address" named 'deny 0 .*closed\.example:127\.0\.0\.3::[0-9]+ time$'
for n in 1 2 3 4 5; do
  ask -b 127.1.0.1
done > "$work/replies"
is "a rule that admits more than -k does so before names are known" "$(grep -c 9/3600 "$work/replies")" 5
stop "$server"

serving paused -v -K 2/7200 127.0.0.1 0 sh -c 'echo "${TCPREMOTEHOST-none}"; cat > /dev/null'
crowd slow 2 127.0.0.1 "$port" 127.0.0.4
wait_asked 2 '^peer 127\.0\.0\.4'
crowd quick 1 127.0.0.1 "$port" 127.0.0.5
logs "-K counts those that wait for names" paused '^tcpserver: pause rate 2/7200$'
round_trips paused
is "... nobody else is taken" "$(questions '^peer')" 2
release forward
logs "... and they go on in the pause" paused ' ok .*slow\.example'
stop "$server"

# Judged when they come, when their names are known and no place is free, and when one is.
serving once -v -R -c 1 -x "$work/cdb" 127.0.0.1 0 sh -c 'echo "${MAXRATE-none}"; cat > /dev/null'
crowd three 3 127.0.0.1 "$port" 127.0.0.4
wait_asked 3 '^peer 127\.0\.0\.4'
release forward
logs "of three that have waited one is served" once ' ok .*slow\.example'
round_trips once
logs_times "... and the third is refused at once" once 'deny 0 .*slow\.example.* rate$' 1
tell three half
tell three read
wait_for grep -q '^done' "$work/three.out"
is "... the second when there is a place: it is counted once" "$(grep -v done "$work/three.out" | sed 1d)" '2 2/3600;
1 nothing'
stop "$server"
done_testing
