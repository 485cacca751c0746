#!/bin/sh
# Services in shared objects for those that can't load any themselves: libexec/ucspi-service, and tcpmuxd by it; and the
# example of ucspi-service(3), doc/counter.c.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-clients.sh"
need cc gcc
cd "$work" || exit 1
chmod 755 .
service=$(dirname "$COMMAND_DIR")/libexec/ucspi-service
compile()
{
  cc -shared -fPIC -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$root/src/service" "$@"
}
compile -o all.so "$root/tests/cli/tcpserver-objects.c"
cp all.so shows.so
cp all.so seven.so
cp all.so served.so

# --- The program
exits 'ucspi-service runs a service, and its return value is the exit status' 7 "$service" ./seven.so
exits '... with its arguments' 0 "$service" ./shows.so one two
like '... and the object as the first' "$(cat out)" '^argc 3: <./shows.so> <one> <two> <end>$'
exits '-n only looks' 0 "$service" -n ./seven.so
exits '... but well' 111 "$service" -n ./all.so
like '... and says what is wrong' "$(cat err)" '^ucspi-service: fatal: unable to run ./all.so: it has no function all$'
is '-m says + first' "$("$service" -m ./served.so | od -An -c | tr -d ' \n')" '+\r\nserved\n'
is '... or - if there is nothing to call' "$("$service" -m ./all.so 2> err | od -An -c | tr -d ' \n')" '-servicenotavailable\r\n'
for bad in '' '-m' 'served.so' './served' '-x ./served.so'; do
  # shellcheck disable=SC2086 # words
  exits "'ucspi-service $bad' is misuse" 100 "$service" $bad
done

# --- tcpmuxd
mkdir -p services/deep services/own services/full
cp all.so services/seven.so
cp all.so services/shows.so
cp all.so services/nothing.so
echo text > services/text.so
printf '#!/bin/sh\necho program\n' > services/both
chmod 755 services/both
cp all.so services/both.so
printf '#include "ucspi-service.h"\n#include <stdio.h>\nUCSPI_SERVICE ucspi_service run;\n' > run.c
# shellcheck disable=SC2016 # C
printf 'int run(int argc, char **argv, char **envp) { (void)argc, (void)envp; printf("%%s\\n", argv[0]); return 0; }\n' >> run.c
compile -o run.so run.c
cp run.so services/deep
cp run.so services/own
cp run.so services/full
touch services/own/own-reply
printf '127.0.0.2:deny\n' | tcprules services/deep/rules.cdb rules.tmp
echo 1 > services/full/limit
# request NAME [command]: in $reply what tcpmuxd answers, without carriage returns
request()
{
  reply=$(printf '%s\r\n' "$1" | TCPREMOTEIP=${2:-127.0.0.1} tcpmuxd -v services 2> err | tr -d '\r')
}
request shows
like 'NAME.so is the service NAME' "$reply" '^argc 1: <services/shows.so> <end>$'
is '... and + comes first' "$(printf '%s\n' "$reply" | head -n 1)" +
like '... and it knows its name' "$reply" '^TCPMUXSERVICE=shows$'
like '... and is in the log' "$(cat err)" '^tcpmuxd: ok [0-9]* shows from 127.0.0.1$'
request shows.so
is 'nobody gets it as NAME.so' "$reply" '-service not available'
request both
is 'a program of that name goes before' "$(printf '%s' "$reply" | tail -n 1)" program
request nothing
is 'what can not be called is refused, and not first accepted' "$reply" '-service not available'
like '... and the log says why' "$(cat err)" 'unable to run services/nothing.so: it has no function nothing'
request text
is '... as is what is no object' "$reply" '-service not available'
request deep
is 'run.so in a directory is called in that directory' "$reply" "+
./run.so"
request deep 127.0.0.2
is '... unless its rules deny' "$reply" '-service not available'
request own
is '... and replies itself if it has own-reply' "$reply" './run.so'
request full
is '... and may have a limit' "$reply" "+
./run.so"
request help
is 'HELP has their names without .so, each once' "$(echo $reply)" 'both deep full nothing own seven shows text'
exits 'tcpmuxd -n tries to load them' 100 tcpmuxd -n services
is '... lists those that are sound' "$(tr '\n' ';' < out)" \
  'both file;deep directory object rules.cdb;full directory object limit 1;own directory object own-reply;seven file object;shows file object;'
like '... and names those that are not' "$(cat err)" '^tcpmuxd: warning: service text: text.so: can.t be loaded'
like '... with the reason' "$(cat err)" '^ucspi-service: fatal: unable to run ./text.so: '
mkdir bin
cp "$(command -v tcpmuxd)" bin
is 'without ucspi-service the client hears -' \
  "$(printf 'seven\r\n' | bin/tcpmuxd services 2> err | tr -d '\r')" '-service not available'
serving mux -v -HRl0 127.0.0.1 0 tcpmuxd services
is 'all of it below tcpserver' "$(tcpclient -HRl0 -X -P "$port" 127.0.0.1 shows < /dev/null | grep -c '^TCPREMOTEIP=127.0.0.1$')" 1
stop

# --- The example
compile -Wpedantic -o counter.so "$root/doc/counter.c"
mkdir conf
echo good morning > conf/greeting
PLUGIN0=$work/counter.so PLUGIN0_dir=conf PLUGIN0_init=counter_init
export PLUGIN0 PLUGIN0_dir PLUGIN0_init
serving init -HRl0 127.0.0.1 0 "$work/counter.so"
ask()
{
  peer 127.0.0.1 "$port" | tr -d '\r'
}
is 'the example greets and counts' "$(ask)" 'good morning, client 1'
is '... over connections' "$(ask)" 'good morning, client 2'
echo good night > conf/greeting
kill -HUP "$server"
round_trips init
is '... has another greeting after SIGHUP, and goes on counting' "$(ask)" 'good night, client 3'
rm conf/greeting
kill -HUP "$server"
round_trips init
is '... and keeps it when the file is gone' "$(ask)" 'good night, client 4'
like '... as the log says' "$(cat init.log)" "unable to prepare $work/counter.so: init has failed"
stop
exits '... which is fatal at the start' 111 tcpserver -HRl0 127.0.0.1 0 "$work/counter.so"
unset PLUGIN0 PLUGIN0_dir PLUGIN0_init

# --- The examples of the pages (doc/)
. "$root/tests/examples.sh"
# runs NAME PAGE WORDS: the example with these words, with a free port, as a server; $port
runs()
{
  example "$2" "$3" | sed -e 's/^\$ //' -e 's/^tcpserver \|^exec tcpserver /exec tcpserver -1 /; s/ 7000 / 0 /; s/ 0 smtp / 127.0.0.1 0 /; s/ -u [a-z]* -g [a-z]* / /' \
    -e "s|^cc |cc -I$root/src/service |; s|/usr/local/libexec/|$(dirname "$service")/|; s|/usr/lib/indimail/plugins/|$work/|" \
    -e "s|/etc/indimail|$work/conf|" > "$1.sh"
  background "$1" sh -e "$1.sh"
  serve_wait "$1"
}
rm -rf conf counter.so
cp "$root/doc/counter.c" .
runs example ucspi-service.3 counter_init
is 'the example of ucspi-service(3) does what it says' "$(ask)" 'good morning, client 1'
stop
runs recorded ucspi-service.3 recordio.so
is '... also with a record' "$(ask)" 'welcome, client 0'
logs '... of what is said' recorded '^[0-9]+ > welcome, client 0'
stop
sed 's/counter_init/smtp_init/g; s/counter/qmail_smtpd/g' counter.c > qmail_smtpd.c
compile -o qmail_smtpd.so qmail_smtpd.c
runs mail tcpserver.1 smtp_init
is 'the example of tcpserver(1) with a plug-in does' "$(ask)" 'good morning, client 1'
ok '... with a record' wait_for grep -q '^[0-9]* > good morning' mail.out
stop
done_testing
