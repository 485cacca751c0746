#!/bin/sh
# What tcplookup -s keeps of DNS, for how long and how much of it.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"

# helper COMMAND…: see tcplookup-helper.pl; a line each, joined by ';'
helper()
{
  perl "$root/tests/cli/tcplookup-helper.pl" "${COMMAND_DIR%/*}/libexec/tcplookup" "$@" 2> "$work/helper.err" |
    tr '\n' ';'
}

# known ID NAME, unknown ID: what an answer is
known() { printf "peer %s known 1 '%s' '' '';" "$1" "$2"; }
unknown() { printf "peer %s known 0 '' '' '';" "$1"; }

# asked_address A.B.C.D
asked_address()
{
  asked "$(echo "$1" | awk -F. '{ print $4 "." $3 "." $2 "." $1 ".in-addr.arpa" }')" PTR
}

# --- how long ----------------------------------------------------------------------------------------------------

{
  cat <<'ZONE'
127.0.0.10 PTR 0 zero.test
127.0.0.11 PTR 3 short.test
127.0.0.12 PTR 60 long.test
127.0.0.13 CNAME 3 alias.test
alias.test PTR 60 aliased.test
127.0.0.14 PTR 60 confirmed.test
confirmed.test A 3 127.0.0.14
127.0.0.15 PTR 60 gone.test
127.0.0.15 !rdlength 3
127.0.0.16 PTR 60 gone.test
127.0.0.16 !servfail
127.0.0.17 PTR 60 gone.test
127.0.0.17 !silent
127.0.0.18 TXT 60 text
x.test !negative 2
ZONE
} | zone
serve_dns

# Asked twice, and again a moment later than three seconds.
helper peer 1 127.0.0.10 1 127.0.0.1 answers 1 peer 2 127.0.0.10 1 127.0.0.1 answers 1 \
  peer 3 127.0.0.11 1 127.0.0.1 answers 1 peer 4 127.0.0.11 1 127.0.0.1 answers 1 \
  peer 5 127.0.0.12 1 127.0.0.1 answers 1 peer 6 127.0.0.13 1 127.0.0.1 answers 1 \
  peer 7 127.0.0.13 1 127.0.0.1 answers 1 peer 8 127.0.0.14 9 127.0.0.1 answers 1 \
  peer 9 127.0.0.14 9 127.0.0.1 answers 1 \
  shell "cp $work/dns.queries $work/before" sleep 3.2 \
  peer 3 127.0.0.11 1 127.0.0.1 answers 1 peer 5 127.0.0.12 1 127.0.0.1 answers 1 \
  peer 6 127.0.0.13 1 127.0.0.1 answers 1 peer 8 127.0.0.14 9 127.0.0.1 answers 1 > "$work/answers"
is 'Every one of these is answered' "$(tr ';' '\n' < "$work/answers" | grep -c ' known 1 ')" 13
cp "$work/dns.queries" "$work/after"

# in_log FILE ADDRESS
in_log() { (cp "$work/$1" "$work/dns.queries" && asked_address "$2"); }
is 'An answer that lives 0 seconds is asked for each time' "$(in_log after 127.0.0.10)" 2
is 'One that lives three seconds is asked for once within them' "$(in_log before 127.0.0.11)" 1
is '… and again after them' "$(in_log after 127.0.0.11)" 2
is 'One that lives a minute is not' "$(in_log after 127.0.0.12)" 1
is 'An alias that lives three seconds shortens the life of its name' \
  "$(in_log before 127.0.0.13) $(in_log after 127.0.0.13)" '1 2'
is 'So does an address that confirms it' "$(in_log before 127.0.0.14) $(in_log after 127.0.0.14)" '1 2'

# "There is none" for as long as the SOA record says, which are 2 seconds; failures for 5, whatever it says.
: > "$work/dns.queries"
ask_failures='peer 1 127.0.0.15 1 127.0.0.1 answers 1 peer 2 127.0.0.16 1 127.0.0.1 answers 1 peer 3 127.0.0.17 1 127.0.0.1 answers 1'
ask_none='peer 4 127.0.0.19 1 127.0.0.1 answers 1'
mend="grep -v '^127.0.0.1[567] !' $work/zone > $work/mended; echo '127.0.0.19 PTR 60 new.test' >> $work/mended; mv $work/mended $work/zone"
count="awk '{ n[\$4]++ } END { print n[\"15.0.0.127.in-addr.arpa\"], n[\"16.0.0.127.in-addr.arpa\"], n[\"17.0.0.127.in-addr.arpa\"], n[\"19.0.0.127.in-addr.arpa\"] }' $work/dns.queries"
# shellcheck disable=SC2086
is 'None is believed for as long as its SOA record says, failures for five seconds' \
  "$(helper $ask_failures $ask_none shell "$mend" $ask_failures $ask_none shell "$count" sleep 2.2 $ask_none $ask_failures \
    shell "$count" sleep 3.2 $ask_failures shell "$count")" \
  "$(unknown 1)$(unknown 2)$(unknown 3)$(unknown 4)$(unknown 1)$(unknown 2)$(unknown 3)$(unknown 4)1 1 1 1;$(
    known 4 new.test)$(unknown 1)$(unknown 2)$(unknown 3)1 1 1 2;$(
    known 1 gone.test)$(known 2 gone.test)$(known 3 gone.test)2 2 2 2;"

# A machine that has a lot to do may need longer than a second.
RES_OPTIONS='timeout:10 attempts:1'

# --- how much ----------------------------------------------------------------------------------------------------

# Every address in 10.0.0.0/8 and 11.0.0.0/8 has a name, one short, one as long as can be.
label=$(printf 'a%.0s' $(seq 60))
{
  echo '*.10.in-addr.arpa PTR 3600 a.test'
  echo "*.11.in-addr.arpa PTR 3600 $label.$label.$label.$label.test"
} | zone
rm -f "$work/dns.queries"
: > "$work/dns.queries"
rss="awk '/VmRSS/ { print \$2 }' /proc/\$HELPER/status"
# 10.0.0.1 is asked for again before there are ten thousand others, 10.0.0.2 is not.
helper flood 1 2 10.0.0.1 1 1 flood 1 9990 10.1.0.0 1 50 peer 1 10.0.0.1 1 127.0.0.1 answers 1 flood 1 20 10.2.0.0 1 10 \
  peer 1 10.0.0.1 1 127.0.0.1 peer 2 10.0.0.2 1 127.0.0.1 answers 2 shell "$rss" \
  flood 1 12000 10.3.0.0 1 50 shell "$rss" > "$work/answers"
answers=$(tr ';' '\n' < "$work/answers")
is 'Every one of 22012 addresses has its name' "$(echo "$answers" | awk '/ of / { n += $1 } END { print n }')" 22012
is 'Of more than 10000 names that which was used last is kept' "$(asked_address 10.0.0.1)" 1
is '… and that which was not used for the longest time is asked for anew' "$(asked_address 10.0.0.2)" 2
grown=$(echo "$answers" | awk '/^[0-9]+$/ { rss[++n] = $1 } END { print rss[2] - rss[1] }')
# ASan keeps what was freed.
case $COMMAND_DIR in
  */san/*) ;;
  *) ok "As many again take no more memory (grown by $grown KiB)" test "$grown" -lt 400 ;;
esac

: > "$work/dns.queries"
helper flood 1 1 11.0.0.1 1 1 flood 1 7000 11.1.0.0 1 50 peer 1 11.0.0.1 1 127.0.0.1 answers 1 > "$work/answers"
is 'Of the longest names less than 7000 are kept' "$(asked_address 11.0.0.1)" 2
: > "$work/dns.queries"
helper flood 1 4000 11.1.0.0 1 50 flood 1 4000 11.1.0.0 1 50 > "$work/answers"
is '… but 4000 are' "$(grep -c . "$work/dns.queries")" 4000

done_testing
