#!/bin/sh
# make install and the package/ verbs, in a copy of the tree: what lands where, with which modes, how it is replaced.
. "$(dirname "$0")/../lib.sh"
make=$(command -v gmake || echo make)
programs='tcpserver tcprules tcprulescheck tcpmuxd tcpclient tcpbind tcp-env rblsmtpd'
programs="$programs argv0 addcr delcr fixcrio recordio tcptls inetd-import"
programs="$programs mconnect-io tcpcat mconnect who@ date@ finger@ http@"
helpers='tcplookup tcpsql http-get rblsmtpd-lists tlsconnect ucspi-service'
objects='recordio.so fixcrio.so'

# The copy keeps the times, so that nothing is built again.
mkdir "$work/tree"
(cd "$root" && tar -cf - --exclude=./.git --exclude=./build/san --exclude=./tmp .) | tar -xf - -C "$work/tree"
cd "$work/tree" || exit 1

mode_of()
{
  stat -c %a "$1"
}
# installed_in FOLDER: the files below it, sorted
installed_in()
{
  (cd "$1" && find . -type f | sort)
}
expected_files()
{
  for program in $programs; do echo "./bin/$program"; done
  for helper in $helpers $objects; do echo "./libexec/$helper"; done
  echo ./include/ucspi-service.h
  for page in doc/*.[1-9]; do echo "./share/man/man${page##*.}/${page#doc/}"; done
}

printf '/opt/ucspi home\n\nprose\n' > conf-home
exits 'make install puts a whole tree below DESTDIR' 0 "$make" -s install DESTDIR="$work/dest"
installed="$work/dest/opt/ucspi home"
is 'it holds the programs and every manual page, under the first line of conf-home, and nothing else' \
  "$(installed_in "$installed")" "$(expected_files | sort)"
for program in $programs; do
  is "$program is executable by everybody, writable by its owner" "$(mode_of "$installed/bin/$program")" 755
  like "the installed $program runs" "$("$installed/bin/$program" --version)" "^$program \\(ucspi-tcpmux\\) [0-9]"
done
for helper in $helpers; do
  is "$helper is executable by everybody, writable by its owner" "$(mode_of "$installed/libexec/$helper")" 755
  like "the installed $helper runs" "$("$installed/libexec/$helper" --version)" "^$helper \\(ucspi-tcpmux\\) [0-9]"
done
for object in $objects; do
  ok "the installed $object can be loaded" "$installed/libexec/ucspi-service" -n "$installed/libexec/$object"
done
is 'the header is readable by everybody' "$(mode_of "$installed/include/ucspi-service.h")" 644
for page in "$installed"/share/man/man*/*; do
  is "$(basename "$page") is readable by everybody" "$(mode_of "$page")" 644
done
exits 'package/run finds the installed programs in order' 0 env DESTDIR="$work/dest" sh package/run
rm "$installed/bin/tcpmuxd"
exits 'package/run finds a program that is missing' 111 env DESTDIR="$work/dest" sh package/run

printf 'opt/ucspi\n' > conf-home
exits 'a conf-home that is no absolute path is refused' 2 "$make" -s install DESTDIR="$work/other"
not_ok 'and nothing is written then' test -e "$work/other"

echo "$work/home" > conf-home
exits 'package/install builds, installs and checks' 0 sh package/install
is 'package/install puts the same files there' "$(installed_in "$work/home")" "$(expected_files | sort)"
# A server from there runs while the program is replaced.
background old "$work/home/bin/tcpserver" -1 -RHl0 127.0.0.1 0 echo hello
serve_wait old
exits 'package/upgrade replaces a program that runs' 0 sh package/upgrade
like 'package/upgrade names the server that still runs the old one' "$(cat "$work/out")" \
  "pid $pid still runs the old $work/home/bin/tcpserver -1 "
is 'the old server goes on' "$(tcpclient -RHl0 127.0.0.1 "$port" sh -c 'exec cat <&6')" hello
# INSTALL says how to remove it all, for /usr/local.
sed -n '/^   To go back/,$s|^       cd /usr/local/|cd "$work/home/" \&\& cd |p' "$root/INSTALL" > "$work/remove"
export work
exits 'what INSTALL says to remove can be removed' 0 sh -e "$work/remove"
is '… and then nothing is left' "$(installed_in "$work/home")" ''

. package/info
is 'package/info has the version that the programs have' "$(tcpserver --version)" "tcpserver ($package) $version"
like 'package/report says what was built' "$(sh package/report)" "^package: $package $version\$"
is 'package/compile has nothing to do in a tree that is built' "$(sh package/compile -q 2>&1)" ''
for verb in check demo install report run upgrade; do
  exits "package/$verb refuses an argument instead of going ahead" 100 sh "package/$verb" --help
  is "and then package/$verb says how it is used" "$(cat "$work/err")" "package/$verb: usage: package/$verb"
done
exits 'package/man takes no option' 100 sh package/man --help
exits 'package/man takes one page at most' 100 sh package/man tcpserver tcpclient
exits 'package/deps refuses a group that it does not know' 100 sh package/deps everything
done_testing
