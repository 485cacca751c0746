#!/bin/sh
# How connections through TLS end, a thousand times each: nobody loses what was said last, and nobody takes a connection that
# was cut off for one that has ended. tcpserver -n with clients that end one direction, and with tcpclient -n.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/tls.sh"
. "$root/tests/cli/tcpserver-clients.sh"
sizes='0 1 1400 1401 16384 16385 40000 70000 100000 150000'

# statuses SERVER: how often programs ended with which wait status
statuses()
{
  sed -n 's/^tcpserver: end [0-9]* status //p' "$work/$1.log" | sort | uniq -c | tr -s ' \n' ' ' | sed 's/^ //; s/ $//'
}
# serving NAME args…: tcpserver with TLS and the service, as these arguments say
serving()
{
  serving_name=$1
  shift
  serve "$serving_name" -v -HRl0 -c 200 -n "$certs/server.pem" 127.0.0.1 0 "$tools/service" "$@"
}

# hundredfold OPTIONS…: a hundred connections with each of the sizes, two clients at a time; sets $failed, the number of
# clients that were not content
hundredfold()
{
  : > "$work/answers"
  for size in $sizes; do
    echo "$size"
  done | xargs -P 2 -I @@ sh -c 'client=$1; work=$2; shift 2
    "$client" -q -n 100 "$@" -b @@ 127.0.0.1 "$port" > "$work/answer.@@" || echo @@ >> "$work/answers"' \
    sh "$tools/client" "$work" "$@"
  failed=$(sort -n "$work/answers" | tr '\n' ' ')
  answers=$(for size in $sizes; do tail -n 1 "$work/answer.$size"; done | tr '\n' ' ')
}
export port

# --- a client that ends its direction

for version in 3 2; do
  serving "whole$version" whole
  hundredfold -$version
  is "TLS 1.$version: who ends his direction gets the whole answer, each of a thousand times" "$failed" ''
  is '… to the last octet' "$answers" "$(for size in $sizes; do echo $((size + 4)); done | tr '\n' ' ')"
  ok '… all programs have ended' wait_for has_ends "whole$version" 1000
  is '… in order' "$(statuses "whole$version")" '1000 1792'
  stop
done

# --- a program that ends first

for octets in 0 100000; do
  serving "first$octets" first "$octets"
  hundredfold -w keep
  is "A program that ends without reading, after $octets octets, is heard to the last one, each of a thousand times" "$failed" ''
  is '… whatever it is sent meanwhile' "$(echo "$answers" | tr ' ' '\n' | sort -u | tr '\n' ' ')" " $((octets + 5)) "
  ok '… all programs have ended' wait_for has_ends "first$octets" 1000
  is '… in order' "$(statuses "first$octets")" '1000 1792'
  stop
done

# --- a program that ends its output only

serving half half 40000
# shellcheck disable=SC2034
sizes=40000
for round in 1 2 3 4 5 6 7 8 9 10; do
  hundredfold
  [ -z "$failed" ] || break
done
is 'A program that ends its output alone is heard, each of a thousand times' "$failed$answers" '6 '
ok '… all programs have ended' wait_for has_ends half 1000
is '… and has read all that came after' "$(statuses half)" '1000 1792'
stop

# --- a connection that is cut off

serving cut count
sizes='0 1 1400 1401 16384 16385 40000 70000 100000 150000'
for size in $sizes; do
  for how in cut reset; do
    client -n 50 -w $how -b "$size" 127.0.0.1 "$port" > "$work/out" 2>&1
  done
done
ok 'A thousand connections are cut off: the programs have ended' wait_for has_ends cut 1000
[ -n "$portable" ] || is '… and not one has taken it for an end' "$(statuses cut)" '1000 2304'
stop

# --- tcpclient

head -c 52000 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$work/line"
echo >> "$work/line"
{ cat "$work/line"; echo end; } | sort > "$work/expected"
# many COUNT cmd…: runs it so often, in four processes at once; what all of them have printed is in $work/printed
many()
{
  many_count=$(($1 / 4))
  shift
  for lane in 1 2 3 4; do
    sh -c 'count=$1; shift; while [ "$count" -gt 0 ]; do "$@" || echo "status $?"; count=$((count - 1)); done' \
      sh "$many_count" "$@" > "$work/printed.$lane" 2>&1 &
    eval "lane$lane=$!"
  done
  # shellcheck disable=SC2154
  wait "$lane1" "$lane2" "$lane3" "$lane4"
  cat "$work"/printed.? > "$work/printed"
}
serving client whole
many 500 sh -c 'exec tcpclient -RHl0 -n "" -c "$1" 127.0.0.1 "$2" < "$3"' sh "$certs/ca.crt" "$port" "$work/line"
is 'tcpclient ends its direction with its input and brings the whole answer, each of 500 times' "$(wc -l < "$work/printed")" 1000
sort -u "$work/printed" > "$work/got"
ok '… to the last octet' cmp "$work/expected" "$work/got"
ok '… all programs have ended' wait_for has_ends client 500
is '… in order' "$(statuses client)" '500 1792'
stop
serving program first 100000
many 500 tcpclient -RHl0 -n '' -c "$certs/ca.crt" 127.0.0.1 "$port" sh -c 'exec cat <&6'
is 'A program under tcpclient gets what was said last, each of 500 times' "$(sort "$work/printed" | uniq -c | sed 's/\.*last/last/; s/^ *//')" '500 last'
ok '… all programs have ended' wait_for has_ends program 500
is '… in order' "$(statuses program)" '500 1792'
stop
done_testing
