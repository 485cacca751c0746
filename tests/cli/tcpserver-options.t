#!/bin/sh
# What tcpserver's command line accepts, and what it says to the rest.
. "$(dirname "$0")/../lib.sh"

exits "no arguments are a usage error" 100 tcpserver
like "... that shows the usage" "$(cat "$work/err")" '^tcpserver: usage: tcpserver \['
exits "host and port without a program are a usage error" 100 tcpserver 127.0.0.1 0
exits "an unknown option is a usage error" 100 tcpserver -W 127.0.0.1 0 true
like "... that names it" "$(cat "$work/err")" '^tcpserver: usage: -W is not an option: tcpserver \['
exits "an option without its argument is a usage error" 100 tcpserver -c
like "... that names it" "$(cat "$work/err")" '^tcpserver: usage: -c needs an argument: tcpserver \['
exits "--help exits 0" 0 tcpserver --help
like "... and prints the usage on standard output" "$(cat "$work/out")" '^usage: tcpserver \['
exits "--version exits 0" 0 tcpserver --version
like "... and prints the version" "$(cat "$work/out")" '^tcpserver \(ucspi-tcpmux\) [0-9]+\.[0-9]+'

for bad in "-c 0" "-c 99999999999" "-C 0" "-C x" "-C 3/0" "-C 3/129" "-C 3/" "-b x" "-b -1" "-t x" "-t 86401" \
  "-t -1" "-T x" "-T 86401" "-T -1" "-w 0" "-w x" "-w 1000001" "-k 5" "-k 0/5" "-k 5/0" "-k 1000001/1" "-k 5/86401" \
  "-k 5/1:" "-k 5/1:86401" "-k 5/1:2:3" "-K x" "-K 5" "-K 5/-1" "-K 5/10:0"; do
  # shellcheck disable=SC2086
  exits "$bad is a usage error" 100 tcpserver $bad 127.0.0.1 0 true
  like "... that names the option and its range" "$(cat "$work/err")" \
    "^tcpserver: usage: option ${bad%% *} takes a number from [01] to [0-9]+"
done
for bad in '' , 127.0.0.1, ,::1 127.0.0.1,,::1 '127.0.0.1, ::1' 127.0.0.1:25 127.1 10.0.0.1/8 ::1/127 10.0.0.0/33 10. '[::1]' fe80::1%lo \
  localhost; do
  exits "-Y '$bad' is a usage error" 100 tcpserver -Y "$bad" 127.0.0.1 0 true
  like "... that says what is wanted" "$(cat "$work/err")" '^tcpserver: usage: option -Y takes IP addresses and networks'
done
exits "host - without port - is a usage error" 100 tcpserver - 25 true
exits "port - without host - is a usage error" 100 tcpserver 0 - true
exits "a banner of 4097 bytes is a usage error" 100 tcpserver -B "$(printf '%4097s' x)" 127.0.0.1 0 true

exits "a -l name of 256 bytes is a usage error" 100 tcpserver -l "$(printf '%0256d' 0)" 127.0.0.1 0 true
exits "a missing -c file is fatal" 111 tcpserver -c "$work/none" 127.0.0.1 0 true
like "... and named with the reason" "$(cat "$work/err")" "^tcpserver: fatal: .*$work/none: No such file"
printf 'forty\n' > "$work/limit"
exits "a -c file without a number is fatal" 111 tcpserver -c "$work/limit" 127.0.0.1 0 true
like "... and the message says what is wanted" "$(cat "$work/err")" 'its first line is not a number from 1 to 2147483647'
: > "$work/limit"
exits "an empty -c file is fatal" 111 tcpserver -c "$work/limit" 127.0.0.1 0 true
printf '0\n' > "$work/limit"
exits "a -c file with 0 is fatal" 111 tcpserver -c "$work/limit" 127.0.0.1 0 true
exits "a missing banner file is fatal" 111 tcpserver -B "@$work/none" 127.0.0.1 0 true
like "... and named with the reason" "$(cat "$work/err")" "^tcpserver: fatal: .*$work/none: No such file"

exits "a port name that no database knows is fatal" 111 tcpserver 127.0.0.1 no-such-service true
is "... in ucspi-tcp's words" "$(cat "$work/err")" \
  "tcpserver: fatal: unable to figure out port number for no-such-service"
exits "port 65536 is fatal" 111 tcpserver 127.0.0.1 65536 true
exits "an empty port is fatal" 111 tcpserver 127.0.0.1 '' true
exits "an address that is not this machine's is fatal" 111 tcpserver ::2 0 true
like "... and named with the reason" "$(cat "$work/err")" '^tcpserver: fatal: unable to bind to ::2 port 0: '
for host in 1.2.3 300.1.1.1 127.1 0x7f000001 ' '; do
  exits "host '$host' is not taken for an address" 111 tcpserver "$host" 0 true
done
exits "an IPv6 address with -4 is fatal" 111 tcpserver -4 ::1 0 true
exits "an unknown interface is fatal" 111 tcpserver -I no-such-if 127.0.0.1 0 true
serve first -HRl0 127.0.0.1 0 true
exits "a port in use is fatal" 111 tcpserver 127.0.0.1 "$port" true
like "... and named with the reason" "$(cat "$work/err")" \
  "^tcpserver: fatal: unable to bind to 127.0.0.1 port $port: Address already in use"

serve quiet -HRPdOQqvVo -X -l0 -b 5 -- 127.0.0.1 0 echo served
is "the options of classic run scripts are taken, in any order" "$(peer 127.0.0.1 "$port")" "served"
stop
serve names -hpPrRhH -t 0 -t 86400 -w 1 -w 1000000 -l0 127.0.0.1 0 echo served
is "those of names and ident, too, and of the first and the last the last counts" \
  "$(cat "/proc/$pid/task/$pid/children") $(peer 127.0.0.1 "$port")" " served"
stop
done_testing
