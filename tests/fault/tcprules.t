#!/bin/sh
# tcprules when another run comes between the making of tmp and its lock: nobody publishes or removes what is
# another's. Not for sanitized programs: their run-time must be loaded first.
. "$(dirname "$0")/../lib.sh"
cd "$work" || exit 111

. "$root/tests/fault/shim.sh"

says()
{
  tcprulescheck cdb "$1" | tail -n 1
}

# Starts a run with the rule 10.:deny that stops when it has made tmp, before its lock; sets $held
hold_run()
{
  rm -f mark go
  printf '10.:deny\n' > held.txt
  LD_PRELOAD=$shim FAULT_CALL=flock FAULT_MARK=$work/mark FAULT_HOLD=$work/go tcprules cdb tmp < held.txt 2> held.err &
  held=$!
  started="$started $held"
  ok 'a run has made tmp, and not locked it' wait_for test -s mark
}

printf '9.:deny\n' | tcprules cdb tmp
before=$(cksum < cdb)

hold_run
mkfifo rules
tcprules cdb tmp < rules 2> second.err &
second=$!
started="$started $second"
exec 3> rules
awk 'BEGIN { for (i = 0; i < 5000; i++) print "12." i % 256 "." int(i / 256) ".:deny" }' >&3
ok 'a second run takes it away and writes its own' wait_for test -s tmp
: > go
wait "$held"
is 'the first one gives up' $? 111
like '... because of the second' "$(cat held.err)" 'unable to create tmp: another tcprules is writing it'
is '... and publishes nothing' "$(cksum < cdb)" "$before"
ok '... nor removes what is not its own' test -s tmp
printf '11.:deny\n' >&3
exec 3>&-
wait "$second"
is 'the second one ends well' $? 0
is '... and its rules are in place' "$(says 11.1.1.1)" 'deny connection'

hold_run
printf '13.:deny\n' | tcprules cdb tmp
is 'a second run that comes and goes has its rules in place' "$(says 13.1.1.1)" 'deny connection'
: > go
wait "$held"
is '... and the first one begins again' $? 0
is '... with its own' "$(says 10.1.1.1) $(says 13.1.1.1)" 'deny connection allow connection'
ok 'no tmp is left' test ! -e tmp
done_testing
