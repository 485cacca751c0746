# inetd-import.sh - sourced after lib.sh by the tests of inetd-import: sources, imports, and what was written.
cd "$work" || exit 1
PATH=$PATH:/usr/bin:/bin
me=$(id -un)
out=$work/made
mkdir "$work/printed"

# import STATUS NAME FILE...: afresh, into $out
import()
{
  import_status=$1
  import_name=$2
  shift 2
  rm -rf "$out"
  inetd-import -o "$out" "$@" > "$work/printed/import" 2> "$work/err"
  is "$import_name: import ends with status $import_status" "$?" "$import_status"
}

# service NAME PORT: an entry of xinetd.conf, its attributes from standard input, one to a line, besides those that it must
# have ($type $wait $socket $protocol); @ is $work, ME who runs the test
service()
{
  printf 'service %s\n{\n' "$1"
  printf '	%s\n' "socket_type = ${socket:-stream}" "type = ${type:-UNLISTED}" "protocol = ${protocol:-tcp}" \
    "wait = ${wait:-no}" ${2:+"port = $2"}
  sed "s|^|	|; s|@|$work|g; s|ME\$|$me|"
  echo '}'
}

# The command of a run, on one line.
run_of()
{
  sed -e ':join' -e '/\\$/ { N; s/ *\\\n */ /; b join' -e '}' "$out/$1/run" | grep '^exec [^2]'
}

# has NAME WORDS: the command of that service has these words
has()
{
  case " $(run_of "$1") " in
    *" $2 "*) ;;
    *) diag "$(run_of "$1")"; false ;;
  esac
}

# said ERE: a message of the last import
said()
{
  grep -Eq -e "$1" "$work/err" || { diag "$(cat "$work/err")"; false; }
}

# Root of a user namespace can't become anybody else.
can_become_nobody()
{
  [ "$(id -u)" != 0 ] || setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups true 2> /dev/null
}

connects()
{
  perl -MSocket=:all -e '
    my ($host, $port) = @ARGV;
    my $six = $host =~ /:/;
    socket(my $s, $six ? AF_INET6 : AF_INET, SOCK_STREAM, 0) or die;
    connect($s, $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $host)) : pack_sockaddr_in($port, inet_aton($host))) or exit 1' \
    "$1" "$2"
}

nobody_at()
{
  ! connects "$@"
}

# edit_run NAME SCRIPT: by sed
edit_run()
{
  sed "$2" "$out/$1/run" > "$work/run.new"
  cat "$work/run.new" > "$out/$1/run"
}

# start NAME PORT [ADDRESS]: the service as it was written, from its directory; sets $pid; its log is $work/NAME.out
start()
{
  can_become_nobody || edit_run "$1" 's/ -u nobody//'
  # It sets groups even where they are set already.
  [ "$(id -u)" = 0 ] || edit_run "$1" '/^  setuidgid nobody \\$/d'
  # shellcheck disable=SC2016 # expanded by the shell inside
  background "$1" sh -c 'cd "$1" && exec ./run' sh "$out/$1"
  ok "the service $1 starts" wait_for connects "${3:-127.0.0.1}" "$2" || diag "$(cat "$work/$1.out")"
}

finish()
{
  stop "$pid"
}
