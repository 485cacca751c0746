#!/bin/sh
# inetd-import: what it writes and when, what it does with sources that are wrong, and that nothing in a source becomes
# a command or a path.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/inetd-import.sh"

# --- What is written, and when --------------------------------------------------------------------------------------------
service one 7061 > xinetd.conf << 'E'
user = ME
server = /bin/cat
only_from = 127.0.0.1
E
exits '-n' 0 inetd-import -n -o there xinetd.conf
not_ok '-n writes nothing' test -e there
printed=$(inetd-import -n -o there xinetd.conf)
like '-n prints each file' "$printed" '^== there/one/run \(executable\)$'
like '... with its contents' "$printed" '^127\.0\.0\.1:allow$'
mkdir new.d
ok 'a folder that is there is used' inetd-import -o new.d xinetd.conf
is 'nothing but the services is in it' "$(ls -A new.d)" one
is 'everybody may read, and run what runs' "$(cd new.d/one && stat -c '%a %n' . run rules rules.cdb log log/run | tr '\n' ' ')" \
  '755 . 755 run 644 rules 644 rules.cdb 755 log 755 log/run '
echo mine > new.d/one/run
service two 7062 >> xinetd.conf << 'E'
user = ME
server = /bin/cat
E
exits 'what is there is never overwritten' 111 inetd-import -o new.d xinetd.conf
ok '... and it is said' said 'new.d/one exists already'
ok '... with what that means' said '^inetd-import: fatal: nothing was written$'
is '... and left as it is' "$(cat new.d/one/run)" mine
is '... and nothing else is written' "$(ls -A new.d)" one
exits 'a folder that can not be made' 111 inetd-import -o none/such xinetd.conf
exits 'no file: usage' 100 inetd-import -o there
exits 'no folder: usage' 100 inetd-import xinetd.conf
exits 'an unknown option: usage' 100 inetd-import -z -o there xinetd.conf
import 1 'a file that is not there' none.conf
ok '... is said' said 'none.conf: unable to read none.conf: No such file'
mkfifo fifo
import 1 'a FIFO that nobody writes' fifo
mkdir folder
import 1 'a folder' folder
ok '... is said' said 'unable to read folder: Is a directory'

# --- Junk -----------------------------------------------------------------------------------------------------------------
# refused NAME ERE [LEFT]: junk.conf has this message, and of it LEFT (default: nothing) is made
refused()
{
  rm -rf "$out"
  inetd-import -o "$out" junk.conf > "$work/printed/import" 2> "$work/err"
  is "$1: status" "$?" 1
  ok "$1: it is said" said "$2"
  is "$1: what is made" "$(ls "$out" | tr '\n' ' ')" "${3:-}"
}
good()
{
  service good 7070 << 'E'
user = ME
server = /bin/cat
E
}
# with LINE: the good one with one more attribute
with()
{
  good | awk -v line="	$1" '{ print } /server =/ { print line }'
}
other()
{
  good | sed 's/good/other/; s/7070/7071/'
}
{ good | sed '$d'; } > junk.conf
refused 'no closing brace' 'junk.conf:9: the file ends inside an entry'
{ good | sed 2d; other; } > junk.conf
refused 'no opening brace' "junk.conf:2: expected '\\{' alone" 'other '
{ echo 'defaults
{
}
}'; good; } > junk.conf
refused 'a brace too many' "junk.conf:4: expected service, defaults" 'good '
{ good | sed 's/^{/{ x/'; other; } > junk.conf
refused 'more behind the brace' "junk.conf:2: expected '\\{' alone" 'other '
good | sed 's/service good/service good {/; 2d' > junk.conf
refused 'a brace on the line of the name' 'on a line of its own'
{ echo 'defaults
{
}'; good | sed 's/good/good two/'; } > junk.conf
refused 'two names' "what is 'two' behind service"
good | sed 's/good//' > junk.conf
refused 'no name' 'service needs a name'
good | sed 's/user =/user=/' > junk.conf
refused 'no blank before the operator' "expected an attribute, a blank"
good | sed 's/user =/user +=/' > junk.conf
refused 'an operator that it does not take' "user: it takes '=' only"
good | sed 's/user =/user ?=/' > junk.conf
refused 'no operator' "expected an attribute, a blank"
good | sed '/user/d' > junk.conf
refused 'no user' 'junk.conf:1: no user'
good | sed '/server/d' > junk.conf
refused 'no server' 'junk.conf:1: no server'
good | sed 's|/bin/cat|cat|' > junk.conf
refused 'a server that is no path' 'server: expected a path'
good | sed 's|/bin/cat|/bin/|' > junk.conf
refused 'a server that is a folder' 'server: expected a path'
good | sed 's|user = .*|user = -x|' > junk.conf
refused 'a user that is an option' 'user: expected a name or a number'
good | sed 's|user = .*|user = x;id|' > junk.conf
refused 'a user that is none' 'user: expected a name or a number'
good | sed '/port/d' > junk.conf
refused 'a service that is not in the database' 'no port: good'
good | sed 's|7070|70700|' > junk.conf
refused 'a port that is none' 'no port: 70700'
good | sed 's|wait = no|wait = maybe|' > junk.conf
refused 'neither yes nor no' 'wait: expected yes or no'
with 'umask = 0778' > junk.conf
refused 'a bad umask' 'umask: expected up to four octal digits'
with 'nice = high' > junk.conf
refused 'a bad nice' 'nice: expected a number'
with 'instances = 0' > junk.conf
refused 'a bad number' 'instances: expected a number from 1'
with 'instances = 4294967297' > junk.conf
refused 'a number that is too high' 'instances: expected a number from 1'
with 'only_from = 1.2.3' > junk.conf
refused 'an address of three parts' 'only_from: expected an address'
with 'only_from = 1.2.3.4%x' > junk.conf
refused 'an address with a zone' 'only_from: expected an address'
with 'only_from = a:allow' > junk.conf
refused 'what would be a rule' 'only_from: expected an address'
with 'no_access = 1.2.3.4/33' > junk.conf
refused 'a network that is too long' 'no_access: expected an address'
with 'only_from = 1.{2,3}.4' > junk.conf
refused 'braces in the middle' 'only_from: expected an IPv4 address'
with 'only_from = 1.2.{}' > junk.conf
refused 'nothing in braces' 'only_from: expected an IPv4 address'
with 'only_from = 1.2.{3,300}' > junk.conf
refused 'a part over 255' 'only_from: expected an IPv4 address'
with 'access_times = 9:00-8:00' > junk.conf
refused 'times that go backwards' 'access_times: expected hour:minute'
with 'access_times = 9:00-9:00' > junk.conf
refused 'times that do not go on' 'access_times: expected hour:minute'
with 'access_times = 9:00-24:00' > junk.conf
refused 'a time that is none' 'access_times: expected hour:minute'
with "access_times = $(yes 1:00-2:00 | head -n 33 | tr '\n' ' ')" > junk.conf
refused 'times without end' 'access_times: more than 32 intervals'
with 'max_load = 1.2.3' > junk.conf
refused 'a load that is none' 'max_load: expected a load'
with 'rlimit_as = 99999999999999999M' > junk.conf
refused 'a limit that is too high' 'rlimit_as: expected a number'
with 'bind = -x' > junk.conf
refused 'an address that is an option' 'bind: expected an address'
with 'redirect = -x 1' > junk.conf
refused 'a host that is an option' 'redirect: expected a host and a port'
with 'redirect = 127.0.0.1 -x' > junk.conf
refused 'a port that is an option' 'redirect: expected a host and a port'
with 'flags = NODELY' > junk.conf
refused 'a flag that is none' 'flags: there is no NODELY'
with 'log_type = FILE' > junk.conf
refused 'a log without a name' 'log_type: expected FILE, its name'
with 'log_type = SYSLOG moon' > junk.conf
refused 'a facility that is none' 'log_type: expected SYSLOG, a facility'
with 'env = novalue' > junk.conf
refused 'a variable without a value' 'env: expected NAME=value'
with 'banner_success = x' > junk.conf
refused 'a banner that is no path' 'banner_success: expected a path'
printf 'service x\n{\n\tuser = a\0b\n}\n' > junk.conf
refused 'a NUL' 'with a NUL'
{ good | sed '$d'; printf '	server_args = '; head -c 70000 /dev/zero | tr '\0' a; echo; echo '}'; other; } > junk.conf
refused 'a line of 70000 octets' 'junk.conf:10: a line of more than 65535 octets' 'other '
{ good; good; } > junk.conf
refused 'the same service twice' 'the id good is taken, by junk.conf:1' 'good '
with 'colour = red' > junk.conf
refused 'an unknown attribute' 'unknown attribute colour' 'good '
with 'disabled = x' > junk.conf
refused 'an attribute of defaults' 'disabled: not in a service' 'good '
with 'user = two' > junk.conf
refused 'an attribute twice' 'user: it is set already' 'good '
with 'access_times =' > junk.conf
refused 'hours without any' 'access_times: it takes at least one value'
with 'cps = 5' > junk.conf
refused 'too few values' 'cps: it takes 2 values, not 1' 'good '
with 'only_from -= 1.2.3.4' > junk.conf
refused 'what is not there can not go' 'can.t be taken away' 'good '
is '... and nobody is let in instead' "$(cat "$out/good/rules")" ':deny'
with 'only_from = 192.0.2.1 MORE' | sed 's/MORE/\\\n\t192.0.2.2/' > junk.conf
refused 'a line that goes on in the next' "expected an attribute, a blank, and '='"
with 'env = A/B=c' > junk.conf
refused 'a variable that is no file' 'envdir can.t have' 'good '
with 'banner = /nonexistent' > junk.conf
refused 'a banner that is not there' 'banner: /nonexistent can.t be read' 'good '
with 'banner_fail = /etc/passwd' > junk.conf
refused 'a refusal of many lines' 'banner_fail: /etc/passwd is not one line' 'good '
{ printf 'defaults\n{\n log_type = FILE /x\n}\n'; good; other; } > junk.conf
refused 'what defaults lose' 'junk.conf:3: log_type' 'good other '
is '... is said once' "$(wc -l < "$work/err")" 1
good | sed 's|user = .*|user = no-such-user|' > junk.conf
import 0 'a user that does not exist here' junk.conf
exits '... does not become root' 111 sh -c 'cd "$1" && ./run' sh "$out/good"
with 'flags = SENSOR' | sed 's|}|	disable = yes\n}|' > junk.conf
import 0 'a service that can not be made, and is off' junk.conf
ok '... is no loss, but said' said '^inetd-import: junk.conf:1: the service good is left out'
printf 'ftp stream tcp nowait root\n' > junk.conf
refused 'a line of inetd.conf that is too short' 'junk.conf:1: 5 fields'
printf '7071 stream tcp sometimes root /bin/cat cat\n' > junk.conf
refused 'neither wait nor nowait' 'expected wait or nowait'
printf '7071 stream tcp nowait.x root /bin/cat cat\n' > junk.conf
refused 'no number behind nowait' 'expected a number behind'
printf '7071 stream tcp nowait/1/2/3/4 root /bin/cat cat\n' > junk.conf
refused 'too many numbers' 'expected up to three'
printf '7071 stream tcp nowait :x /bin/cat cat\n' > junk.conf
refused 'no user before the group' 'expected a user'
printf 'x stream unix nowait root /bin/cat cat\n' > junk.conf
refused 'a socket of UNIX' 'is not of TCP'
printf 'a;b:80 stream tcp nowait root /bin/cat cat\n' > junk.conf
refused 'an address that is none' 'bind: expected an address'
head -c 3000 /dev/urandom > random
inetd-import -o random.d random > /dev/null 2> "$work/err"
ok 'random octets end well' test $? -le 1
is '... and messages have no control characters' "$(tr -d '\n -~' < "$work/err")" ''
yes '7072 stream tcp nowait root /bin/cat cat' | head -n 5000 > many
exits 'too many services' 111 inetd-import -o many.d many

# Rules of tcp wrappers, where a test may put some in their place.
printf '# comment\n \nALL: ALL\n' > deny
good > xinetd.conf
good | sed 's|}|	flags = NOLIBWRAP\n}|' > without.conf
if [ "$(id -u)" = 0 ] && [ -e /etc/hosts.deny ] && unshare -m mount --bind deny /etc/hosts.deny 2> /dev/null; then
  wrapped()
  {
    unshare -m sh -c 'mount --bind deny /etc/hosts.deny && exec inetd-import -n -o there "$1"' sh "$1" 2> "$work/err" > "$work/printed/wrapped"
  }
  not_ok 'rules in hosts.deny do not get lost in silence' wrapped xinetd.conf
  ok '... it is said' said '/etc/hosts.deny: tcpserver does not heed'
  ok '... but for services that have nothing to do with them' wrapped without.conf
fi

# --- Nothing becomes a command or a path --------------------------------------------------------------------------------
# Comments in a script end with the line: no name may hold more than one.
evil="$work/evil
touch pwned
"
mkdir "$evil"
with 'colour = red' > "$evil/x"
import 1 'a newline in the name of a file' "$evil/x"
like '... does not end a comment' "$(sed -n 2p "$out/good/run")" '^# The service good of .*evil\?touch pwned'
is '... nor does one in what could not be carried over' "$(grep -v '^#' "$out/good/run" | head -n 1)" 'exec 2>&1'
# shellcheck disable=SC2016 # as it stands in the source
service 'a/../../b;$(id)' 7072 > xinetd.conf << 'E'
user = ME
server = /bin/c'at`id`
E
import 0 'a name of a service that would be a path and a command' xinetd.conf
is '... is a plain name in the output' "$(ls "$out")" 'a_.._.._b___id_'
ok 'a server is one word' grep -qxF "  '/bin/c'\\''at\`id\`'" "$out/a_.._.._b___id_/run"
service .. 7072 > xinetd.conf << 'E'
user = ME
server = /bin/cat
env = ../../x=1 .y=2 Z=3
E
import 1 'names that are dots' xinetd.conf
is '... are none' "$(cd "$out" && find . | sort | tr '\n' ' ')" '. ./_. ./_./env ./_./env/Z ./_./log ./_./log/run ./_./run '
not_ok 'nothing was run' test -e pwned

# --- The examples of the page, doc/inetd-import.1 ----------------------------------------------------------------------
. "$root/tests/examples.sh"
example inetd-import.1 '^service acme$' > xinetd.conf
import 1 'the example' xinetd.conf
is '... makes the run of the page' "$(cat "$out/acme/run")" "$(example inetd-import.1 'The service acme of')"
is '... and the rules' "$(cat "$out/acme/rules")" "$(example inetd-import.1 '192.0.2.0/24:allow')"
mkdir etc service
cp xinetd.conf etc
example inetd-import.1 '$ ln -s' | commands | sed "s|/etc/|$work/etc/|g; s| /service\$| $work/service|; s/less/cat/" > typed
sh typed > "$work/printed/typed" 2> "$work/err"
ok 'the commands of the page put the service where svscan finds it' test -x service/acme/run -a -x service/acme/log/run
like '... having shown it' "$(cat "$work/printed/typed")" '^== .*/etc/services.new/acme/run'

# --- The table -----------------------------------------------------------------------------------------------------------
for attribute in $(sed -n 's/^    \[A_[A-Z0-9_]*\] = {"\([a-z0-9_]*\)".*/\1/p' "$root/src/inetd-import/attributes.c"); do
  ok "$attribute has its place in from-xinetd(7)" grep -Eq "^\\.It .*Va $attribute( |\$)" "$root/doc/from-xinetd.7"
done
done_testing
