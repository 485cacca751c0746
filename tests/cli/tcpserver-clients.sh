# tcpserver-clients.sh - sourced after lib.sh by tests of tcpserver under many clients. $server is its pid.
#   crowd NAME args…      tests/cli/tcpserver-crowd.pl in the background: many clients; $pid
#   tell NAME COMMAND     has it do that; its output is $work/NAME.out
#   descriptors           how many tcpserver has           has_descriptors N
#   ended PID             true if that process runs no more

# Whoever's child it is, he may be slow to wait for it.
ended()
{
  case $(ps -o stat= -p "$1") in '' | Z*) return 0 ;; esac
  return 1
}

crowd()
{
  crowd_name=$1
  shift
  mkfifo "$work/$crowd_name.in"
  rm -f "$work/$crowd_name.out"
  perl "$root/tests/cli/tcpserver-crowd.pl" "$@" > "$work/$crowd_name.out" 2>&1 < "$work/$crowd_name.in" &
  pid=$!
  started="$started $pid"
  # Keeps the fifo open for writing.
  sh -c 'exec 3> "$1"; exec sleep 600' sh "$work/$crowd_name.in" &
  started="$started $!"
  wait_for grep -q connected "$work/$crowd_name.out"
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
