# tcpserver-names.sh - sourced after lib.sh by tests of names and ident in tcpserver: a copy of tcpserver whose
# tcplookup is tcpserver-names-helper.pl.
#   behave                what that does, from stdin: see there         questions ERE   how many notes of it match
#   wait_asked N ERE      waits until so many do                        helpers         the pids of tcpserver's helpers
#   crowd NAME args…      tests/cli/tcpserver-crowd.pl in the background: many clients; $pid
#   tell NAME COMMAND     has it do that; its output is $work/NAME.out
#   release ORDER         has the helper answer what it keeps for later: forward or reverse
#   ended PID             true if that process runs no more
#   descriptors           how many tcpserver has                        round_trips     waits until it has seen all of now
# $server is the pid of the tcpserver that is meant.
mkdir "$work/bin" "$work/libexec" "$work/names"
cp "$(command -v tcpserver)" "$work/bin/tcpserver"
cp "$root/tests/cli/tcpserver-names-helper.pl" "$work/libexec/tcplookup"
chmod 755 "$work/libexec/tcplookup"
PATH=$work/bin:$PATH
NAMES_FOLDER=$work/names
export PATH NAMES_FOLDER

behave()
{
  # Renamed, so that the helper sees the old table or the new.
  cat > "$NAMES_FOLDER/behaviour.new" && mv "$NAMES_FOLDER/behaviour.new" "$NAMES_FOLDER/behaviour"
  rm -f "$NAMES_FOLDER/release" "$NAMES_FOLDER/go"
}

questions()
{
  grep -cE -e "$1" "$NAMES_FOLDER/asked"
}

has_asked()
{
  [ "$(questions "$2")" -ge "$1" ]
}

wait_asked()
{
  wait_for has_asked "$@"
}

# serving NAME args…: serve, with nothing asked yet; $server
serving()
{
  : > "$NAMES_FOLDER/asked"
  serve "$@"
  server=$pid
}

helpers()
{
  pgrep -P "$server" -f tcplookup
}

release()
{
  echo "$1" > "$NAMES_FOLDER/release"
}

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

tables()
{
  grep -c 'table: [0-9]*/' "$work/$1.log"
}

has_tables()
{
  [ "$(tables "$1")" -ge "$2" ]
}

# round_trips NAME: returns when the server has twice answered a signal that was sent after all that happened before,
# so that it has seen all of it
round_trips()
{
  for round_trip in 1 2; do
    round_trip=$(($(tables "$1") + 1))
    kill -USR1 "$server"
    wait_for has_tables "$1" "$round_trip"
  done
}
