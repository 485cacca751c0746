# tcpserver-names.sh - sourced after lib.sh by tests of names and ident in tcpserver: a copy of tcpserver whose
# tcplookup is tcpserver-names-helper.pl.
#   behave                what that does, from stdin: see there         questions ERE   how many notes of it match
#   wait_asked N ERE      waits until so many do                        helpers         the pids of tcpserver's helpers
#   release ORDER         has the helper answer what it keeps for later: see there
# and what tcpserver-clients.sh has. $server is the pid of the tcpserver that is meant.
. "$root/tests/cli/tcpserver-clients.sh"
own_helper tcpserver "$root/tests/cli/tcpserver-names-helper.pl"
NAMES_FOLDER=$work/names
export NAMES_FOLDER
mkdir "$NAMES_FOLDER"

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
