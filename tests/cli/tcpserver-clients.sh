# tcpserver-clients.sh - sourced after lib.sh by tests of tcpserver under many clients. $server is its pid.
#   serving NAME args…    serve, and sets $server
#   keepers, workers      the pids of its tcptls, and of that one's workers
#   refusals NAME         how many connections its log says were refused      has_refusals NAME N    at least so many?
#   ends NAME             how many programs have ended    has_ends NAME N
#   crowd NAME args…      tests/cli/tcpserver-crowd.pl in the background: many clients; $pid
#   tell NAME COMMAND     has it do that; its output is $work/NAME.out
#   descriptors           how many tcpserver has           has_descriptors N
#   pause, go_on          tcpserver stands still and goes on: who comes meanwhile is taken at once then, within any time limit
#   round_trips NAME      waits until tcpserver, whose log that is, has seen all that has happened before
#   table_says NAME ERE   waits until what tcpserver says of its connections now, after "table: ", matches
#   settled NAME          waits until it has none: what is open then is what it keeps
#   ended PID             true if that process runs no more

# Whoever's child it is, he may be slow to wait for it.
ended()
{
  case $(ps -o stat= -p "$1") in '' | Z*) return 0 ;; esac
  return 1
}

serving()
{
  serve "$@"
  server=$pid
}

keepers()
{
  pgrep -P "$server" -x tcptls
}

workers()
{
  pgrep -P "$(keepers)"
}

refusals()
{
  grep -c '^tcpserver: deny 0 ' "$work/$1.log"
}

has_refusals()
{
  [ "$(refusals "$1")" -ge "$2" ]
}

ends()
{
  grep -c '^tcpserver: end ' "$work/$1.log"
}

has_ends()
{
  [ "$(ends "$1")" -ge "$2" ]
}

crowd()
{
  crowd_name=$1
  shift
  keep_client "$crowd_name" perl "$root/tests/cli/tcpserver-crowd.pl" "$@"
}

tell()
{
  echo "$2" > "$work/$1.in"
}

descriptors()
{
  ls "/proc/$server/fd" | wc -l
}

has_descriptors()
{
  [ "$(descriptors)" = "$1" ]
}

pause()
{
  kill -STOP "$server"
}

go_on()
{
  kill -CONT "$server"
}

tables()
{
  grep -c 'table: [0-9]*/' "$work/$1.log"
}

has_tables()
{
  [ "$(tables "$1")" -ge "$2" ]
}

# It has seen all once it has twice answered a signal that was sent afterwards.
round_trips()
{
  for round_trip in 1 2; do
    round_trip=$(($(tables "$1") + 1))
    kill -USR1 "$server"
    wait_for has_tables "$1" "$round_trip"
  done
}

table_says()
{
  table_left=300
  until round_trips "$1" && grep 'table: [0-9]*/' "$work/$1.log" | tail -n 1 | grep -Eq "table: $2\$"; do
    table_left=$((table_left - 1))
    [ "$table_left" -gt 0 ] || return 1
  done
}

settled()
{
  table_says "$1" '0/[0-9]+ connections, 0 addresses'
}
