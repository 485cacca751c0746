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
