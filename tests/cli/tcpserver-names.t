#!/bin/sh
# names and ident in tcpserver: what is asked, what is done with the answers, and what without any
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-names.sh"
cat > "$NAMES_FOLDER/behaviour" <<'END'
127.0.0.1 answer host=a.example local=l.example info=joe
127.0.0.2 hold
127.0.0.3 die
127.0.0.4 junk
127.0.0.5 unknown host=right.example
127.0.0.6 unsound
127.0.0.7 stop
127.0.0.8 answer unconfirmed=fake.example
127.0.0.9 answer
END
show='echo "${TCPLOCALHOST-none} ${TCPREMOTEHOST-none} ${TCPREMOTEINFO-none} ${TCPPARANOID-none}"'

serve all -v -p 127.0.0.1 0 sh -c "$show"
is "names and ident are in prog's environment" "$(peer 127.0.0.1 "$port")" 'l.example a.example joe none'
logs "... and in the log" all 'ok [0-9]+ l\.example:127\.0\.0\.1:[0-9]+ a\.example:127\.0\.0\.1:joe:[0-9]+$'
is "an unconfirmed name is in TCPPARANOID only" "$(peer -b 127.0.0.8 127.0.0.1 "$port")" 'none none none fake.example'
is "answers for other ids are passed over" "$(peer -b 127.0.0.5 127.0.0.1 "$port")" 'none right.example none none'
is "who has no names is served without" "$(peer -b 127.0.0.9 127.0.0.1 "$port")" 'none none none none'
for bad in 3 4 6; do
  is "a helper that fails ($bad) costs the names" "$(peer -b "127.0.0.$bad" 127.0.0.1 "$port")" 'none none none none'
done
logs "... and the log says so" all 'warning: unable to look up names: tcplookup has ended'
stop

: > "$NAMES_FOLDER/asked"
serve held -R -l0 127.0.0.1 0 sh -c 'ls -l /proc/self/fd | grep -c socket'
server=$pid
hold waits -b 127.0.0.2 127.0.0.1 "$port"
hold waits2 -b 127.0.0.2 127.0.0.1 "$port"
wait_for sh -c '[ "$(grep -c "^peer 127\.0\.0\.2 " "$1")" = 2 ]' sh "$NAMES_FOLDER/asked"
is "a program has its own connection and none of those that wait" "$(peer 127.0.0.1 "$port")" 1
stop "$server"

: > "$NAMES_FOLDER/asked"
serve nothing -HRl0 127.0.0.1 0 sh -c "$show"
is "with -HRl0 nobody is asked" "$(peer 127.0.0.1 "$port")$(cat "$NAMES_FOLDER/asked")" '0 none none none'
stop
while read -r options wanted; do
  : > "$NAMES_FOLDER/asked"
  serve some $options 127.0.0.1 0 true
  peer 127.0.0.1 "$port"
  like "$options asks for $wanted" "$(cat "$NAMES_FOLDER/asked")" "wanted $wanted "
  stop
done <<'END'
-H 6
-R 3
-l0 5
-HR 2
-Hl0 4
-pRl0 9
END

# again ADDRESS…: one connection from each, one after the other; prints how many questions that took
again()
{
  again_before=$(questions '^peer ')
  for again_from; do
    is "from $again_from" "$(peer -b "$again_from" 127.0.0.1 "$port")" "$again_wanted"
  done
  again_took=$(($(questions '^peer ') - again_before))
}
asked_anew()
{
  again_before=$(questions '^peer ')
  peer 127.0.0.1 "$port" > "$work/again" && [ "$(questions '^peer ')" -gt "$again_before" ]
}
serving recent -pRv 127.0.0.1 0 sh -c "$show"
again_wanted='l.example a.example none none'
again 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1
ok "a peer that comes again at once is not asked for again ($again_took questions for 5)" [ "$again_took" -lt 5 ]
again_wanted='none none none fake.example'
again 127.0.0.8 127.0.0.8 127.0.0.8 127.0.0.8
ok "... nor one whose name is not confirmed ($again_took for 4)" [ "$again_took" -lt 4 ]
again_wanted='none none none none'
again 127.0.0.9 127.0.0.9 127.0.0.9 127.0.0.9
ok "... nor one without a name ($again_took for 4)" [ "$again_took" -lt 4 ]
ok "... but later he is" wait_for asked_anew
stop
serving always -p 127.0.0.1 0 sh -c "$show"
again_wanted='l.example a.example joe none'
again 127.0.0.1 127.0.0.1 127.0.0.1
is "ident is asked for each connection" "$again_took" 3
stop
serving everywhere -6R 0 0 sh -c "$show"
again_wanted='l.example a.example none none'
is "where a name of the local address is wanted" "$(peer 127.0.0.1 "$port")" "$again_wanted"
again_before=$(questions '^peer ')
is "... it is that of the one that was reached" "$(peer -b 127.0.0.1 127.0.0.20 "$port")" "$again_wanted"
is "... for which another question is needed" "$(($(questions '^peer ') - again_before))" 1
stop

tcprules "$work/cdb" "$work/tmp" <<'END'
127.0.0.10:deny
=a.example:allow,RULE="host"
:deny
END
tcprules "$work/info.cdb" "$work/tmp" <<'END'
joe@127.0.0.12:allow,RULE="info"
:deny
END
echo '127.0.0.12 answer info=joe' >> "$NAMES_FOLDER/behaviour"
: > "$NAMES_FOLDER/asked"
serve ruled -v -x "$work/cdb" 127.0.0.1 0 sh -c 'echo $RULE'
is "a rule by host name matches" "$(peer 127.0.0.1 "$port")" host
is "who is refused by address is" "$(peer -b 127.0.0.10 127.0.0.1 "$port")" ''
not_ok "... and nobody is asked for him" grep -q 127.0.0.10 "$NAMES_FOLDER/asked"
for unasked in 16 48; do
  echo "127.0.0.$unasked answer unasked=$unasked" >> "$NAMES_FOLDER/behaviour"
  is "who needs an answer that was not asked for is refused ($unasked)" "$(peer -b "127.0.0.$unasked" 127.0.0.1 "$port")" ''
  logs "... and the log says why" ruled "deny 0 .*127\\.0\\.0\\.$unasked::[0-9]+ lookup\$"
done
echo '127.0.0.32 answer host=a.example unasked=32' >> "$NAMES_FOLDER/behaviour"
is "a rule by name needs no ident" "$(peer -b 127.0.0.32 127.0.0.1 "$port")" host
peer -b 127.0.0.3 127.0.0.1 "$port" > "$work/dead"
logs "who needs an answer that can't be had is refused" ruled 'deny 0 .*127\.0\.0\.3::[0-9]+ lookup$'
stop
tcprules "$work/limits.cdb" "$work/tmp" << 'END'
=a.example:allow,RULE="host"
127.0.0.3:allow,MAXPERIP="0",DIEMSG="not for you"
:allow,MAXPERIP="0",DIEMSG="strangers"
END
serve limits -v -x "$work/limits.cdb" 127.0.0.1 0 sh -c 'echo $RULE'
is "the limits of a rule count only once it is known to be the one that decides" "$(peer 127.0.0.1 "$port")" host
is "... and then they do" "$(peer -b 127.0.0.9 127.0.0.1 "$port" | tr -d '\r')" strangers
logs "... with their reason" limits 'deny 0 .*127\.0\.0\.9::[0-9]+ perip 0$'
is "an address rule decides without a name" "$(peer -b 127.0.0.3 127.0.0.1 "$port" | tr -d '\r')" 'not for you'
is "who can't be judged is no stranger: he is told nothing" \
  "$(echo '127.0.0.13 die' >> "$NAMES_FOLDER/behaviour"; peer -b 127.0.0.13 127.0.0.1 "$port")" ''
logs "... and refused" limits 'deny 0 .*127\.0\.0\.13::[0-9]+ lookup$'
stop
serve info -v -x "$work/info.cdb" 127.0.0.1 0 sh -c 'echo $RULE'
is "a rule by ident matches" "$(peer -b 127.0.0.12 127.0.0.1 "$port")" info
is "... and nobody else" "$(peer 127.0.0.1 "$port")" ''
stop
done_testing
