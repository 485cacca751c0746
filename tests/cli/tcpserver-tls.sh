# tcpserver-tls.sh - sourced after lib.sh by tests of TLS in tcpserver: a copy of tcpserver whose tcptls is
# tcpserver-tls-helper.c, which says what a client's first line makes it do.
#   keeper WORDS…          what tcptls does from its next start on      notes ERE         how many notes match it
#   noted N ERE            waits until so many do
# and what tcpserver-clients.sh has. $server is the pid of the tcpserver that is meant.
. "$root/tests/cli/tcpserver-clients.sh"
TLS_FOLDER=$work/tls
export TLS_FOLDER
mkdir "$TLS_FOLDER" "$work/bin"
chmod 777 "$TLS_FOLDER"
cp "$(command -v tcpserver)" "$work/bin/tcpserver"
PATH=$work/bin:$PATH
# shellcheck disable=SC2046
if ! $(head -n 1 "$root/conf-cc") -std=gnu11 -D_GNU_SOURCE -I"$root/src/lib" -o "$work/bin/tcptls" \
  "$root/tests/cli/tcpserver-tls-helper.c" "$root/src/lib/message.c" "$root/src/lib/tls.c" "$root/src/lib/decimal.c" \
  "$root/src/lib/environment.c" -l:libskarnet.a 2> "$work/err"; then
  diag "$(cat "$work/err")"
  result 1 "the program that stands in for tcptls compiles"
  done_testing
fi

keeper()
{
  echo "$*" > "$TLS_FOLDER/keeper"
}

notes()
{
  grep -cE -e "$1" "$TLS_FOLDER/notes"
}

has_notes()
{
  [ "$(notes "$2")" -ge "$1" ]
}

noted()
{
  wait_for has_notes "$@"
}

# serving NAME args…: serve, with nothing noted yet; $server
serving()
{
  : > "$TLS_FOLDER/notes"
  chmod 666 "$TLS_FOLDER/notes"
  serve "$@"
  server=$pid
}
