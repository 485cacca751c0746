# lib.sh - sourced by every shell test: TAP, a scratch folder, background servers that are stopped by pid.
# COMMAND_DIR names the programs under test (default: command/ of this tree).
#
#   ok NAME cmd…            passes if cmd succeeds          not_ok NAME cmd…    passes if it fails
#   is NAME GOT EXPECTED    compares two strings            like NAME GOT ERE   matches a pattern
#   logs NAME SERVER ERE   passes as soon as the log of `serve SERVER` matches; a client may hear of things earlier
#   logs_times NAME SERVER RE N   the same log has N lines that match, no more, as soon as there are so many
#   exits NAME CODE cmd…    runs cmd, compares its exit status (its output: $work/out, $work/err)
#   serve NAME args…        starts tcpserver -1 args…; sets $pid and $port; its log is $work/NAME.log
#   wait_for cmd…           repeats cmd until it succeeds, at most 30 seconds; a condition, not a delay
#   connections N          so many are made to 127.0.0.1 port $port, whether they have been accepted or not
#   need PROGRAM PACKAGE    fails the test with the package's name if PROGRAM is missing
#   done_testing            last line
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
: "${COMMAND_DIR:=$root/command}"
case $COMMAND_DIR in /*) ;; *) COMMAND_DIR=$root/$COMMAND_DIR ;; esac
PATH=$COMMAND_DIR:$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
# Programs that only tests need, and libraries to preload. They know the messages of the build that is tested.
case $COMMAND_DIR in
  */build/portable/*) tools=$root/build/portable/tools tools_build=PORTABLE=1 ;;
  *) tools=$root/build/tools tools_build= ;;
esac
[ -e "$tools/all" ] || env -u MAKEFLAGS -u MAKELEVEL "$(command -v gmake || echo make)" -s -C "$root" $tools_build tools || exit 111
# Tests say what is in their environment themselves.
unset PROTO TCPLOCALIP TCPLOCALPORT TCPLOCALHOST TCPREMOTEIP TCPREMOTEPORT TCPREMOTEHOST TCPREMOTEINFO \
  TCPCONNNUM TCPMUXSERVICE NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LOCALDOMAIN DNSREWRITEFILE RES_OPTIONS
# No test's question may get to a DNS server of this machine, were a program to ask one unexpectedly: a loopback address
# at which nobody listens. Tests that want answers have a server of their own (names.sh).
DNSCACHEIP=127.153.53.53
export DNSCACHEIP
work=$(mktemp -d "${TMPDIR:-/tmp}/ucspi.XXXXXX") || exit 1
tap_count=0
tap_failed=0
started=

# Processes that write to files of this test: whoever was started in the background. Only where /proc tells.
left_behind()
{
  find /proc/[0-9]*/fd -path '*/fd/[12]' -lname "$work/*" 2> /dev/null | cut -d / -f 3 | sort -u
}

# What is stopped ends a little later, with all that it has started.
ends_alone()
{
  cleanup_left=1000
  while [ -n "$(left_behind)" ]; do
    cleanup_left=$((cleanup_left - 1))
    [ "$cleanup_left" -gt 0 ] || return 1
    sleep 0.02
  done
}

# parent_of PID: nothing if there is no such process
parent_of()
{
  if [ ! -d /proc/$$ ]; then
    ps -o ppid= -p "$1" 2> /dev/null | tr -d ' '
  elif { read -r parent_stat < "/proc/$1/stat"; } 2> /dev/null; then
    # pid (name) state ppid …, and a name may have blanks
    parent_stat=${parent_stat##*) }
    parent_stat=${parent_stat#* }
    echo "${parent_stat%% *}"
  fi
}

cleanup()
{
  cleanup_status=$?
  for cleanup_pid in $started; do
    # A pid that was waited for may be somebody else's by now.
    [ "$(parent_of "$cleanup_pid")" = $$ ] || continue
    kill -KILL "$cleanup_pid" 2>/dev/null
    wait "$cleanup_pid" 2>/dev/null
  done
  if ! ends_alone; then
    for cleanup_pid in $(left_behind); do
      echo "# $0 has not stopped: $(tr '\0' ' ' < "/proc/$cleanup_pid/cmdline")" >&2
      kill -KILL "$cleanup_pid"
      cleanup_status=1
    done
  fi
  rm -rf "$work"
  exit "$cleanup_status"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

result()
{
  tap_count=$((tap_count + 1))
  if [ "$1" = 0 ]; then
    echo "ok $tap_count - $2"
  else
    echo "not ok $tap_count - $2"
    tap_failed=$((tap_failed + 1))
  fi
}

diag()
{
  printf '%s\n' "$1" | sed 's/^/# /'
}

ok()
{
  ok_name=$1
  shift
  if "$@"; then result 0 "$ok_name"; else result 1 "$ok_name"; fi
}

not_ok()
{
  ok_name=$1
  shift
  if "$@"; then result 1 "$ok_name"; else result 0 "$ok_name"; fi
}

is()
{
  if [ "$2" = "$3" ]; then
    result 0 "$1"
  else
    result 1 "$1"
    diag "     got: $2"
    diag "expected: $3"
  fi
}

like()
{
  if printf '%s\n' "$2" | grep -Eq -e "$3"; then
    result 0 "$1"
  else
    result 1 "$1"
    diag "        got: $2"
    diag "should match: $3"
  fi
}

unlike()
{
  if printf '%s\n' "$2" | grep -Eq -e "$3"; then
    result 1 "$1"
    diag "            got: $2"
    diag "should not match: $3"
  else
    result 0 "$1"
  fi
}

logs()
{
  if wait_for grep -Eq -e "$3" "$work/$2.log"; then
    result 0 "$1"
  else
    like "$1" "$(cat "$work/$2.log")" "$3"
  fi
}

has_times()
{
  [ "$(grep -c -e "$2" "$work/$1.log")" -ge "$3" ]
}

logs_times()
{
  wait_for has_times "$2" "$3" "$4"
  is "$1" "$(grep -c -e "$3" "$work/$2.log")" "$4"
}

exits()
{
  exits_name=$1
  exits_code=$2
  shift 2
  "$@" > "$work/out" 2> "$work/err"
  exits_got=$?
  is "$exits_name" "$exits_got" "$exits_code"
  [ "$exits_got" = "$exits_code" ] || diag "$(cat "$work/err")"
}

wait_for()
{
  wait_left=3000
  until "$@" 2>/dev/null; do
    wait_left=$((wait_left - 1))
    [ "$wait_left" -gt 0 ] || return 1
    sleep 0.01
  done
}

connections()
{
  [ "$(ss -Htn state connected "src 127.0.0.1:$port" | grep -vc '^TIME-WAIT')" -ge "$1" ]
}

need()
{
  command -v "$1" > /dev/null 2>&1 && return 0
  result 1 "this test needs $1: install the package $2"
  done_testing
}

# background NAME cmd…: runs cmd in the background, output to $work/NAME.out and .log, pid in $pid
background()
{
  background_name=$1
  shift
  rm -f "$work/$background_name.out" "$work/$background_name.log"
  "$@" > "$work/$background_name.out" 2> "$work/$background_name.log" < /dev/null &
  pid=$!
  started="$started $pid"
}

serve()
{
  serve_name=$1
  shift
  background "$serve_name" tcpserver -1 "$@"
  serve_wait "$serve_name"
}

# waits until the server of `background NAME` has printed its port; sets $port
serve_wait()
{
  if ! wait_for test -s "$work/$1.out"; then
    diag "$1 did not start: $(cat "$work/$1.log")"
    port=0
    return 1
  fi
  port=$(head -n 1 "$work/$1.out")
}

# own_helper PROGRAM SCRIPT: from now on PROGRAM is a copy whose tcplookup is that script
own_helper()
{
  mkdir "$work/bin" "$work/libexec"
  cp "$(command -v "$1")" "$work/bin/$1"
  cp "$2" "$work/libexec/tcplookup"
  chmod 755 "$work/libexec/tcplookup"
  PATH=$work/bin:$PATH
}

# peer args…: the client of tests/tools/peer.c
peer()
{
  "$tools/peer" "$@"
}

# hold NAME address port [options]: a client that connects and stays until `stop` or the test's end; returns when
# it is connected; sets $pid
hold()
{
  hold_name=$1
  shift
  keep_client "$hold_name" "$tools/peer" -h "$@"
}

# keep_client NAME cmd…: the same for any client that says when it is connected; what it reads comes through the fifo
# $work/NAME.in, what it says is in $work/NAME.out
keep_client()
{
  client_name=$1
  shift
  mkfifo "$work/$client_name.in"
  rm -f "$work/$client_name.out"
  "$@" > "$work/$client_name.out" 2>&1 < "$work/$client_name.in" &
  pid=$!
  started="$started $pid"
  # Keeps the fifo open for writing until the client is stopped.
  sh -c 'exec 3> "$1"; exec sleep 600' sh "$work/$client_name.in" &
  started="$started $!"
  wait_for grep -q connected "$work/$client_name.out"
}

# stops the process $1 (default: $pid) and waits for it
stop()
{
  kill -TERM "${1:-$pid}" 2>/dev/null
  wait "${1:-$pid}" 2>/dev/null
}

done_testing()
{
  echo "1..$tap_count"
  [ "$tap_failed" = 0 ]
  exit
}
