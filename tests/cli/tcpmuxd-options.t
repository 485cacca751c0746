#!/bin/sh
# tcpmuxd's command line, what it logs, and what it does with descriptors that are closed.
. "$(dirname "$0")/../lib.sh"

mux=$COMMAND_DIR/tcpmuxd
services=$work/services
mkdir "$services"
printf '#!/bin/sh\necho hello\nexit 7\n' > "$services/hello"
printf '#!/no/such/interpreter\n' > "$services/broken"
chmod +x "$services/hello" "$services/broken"
lines() { tr -d '\r' | tr '\n' '|'; }

exits "--version is answered" 0 "$mux" --version
like "... with the name" "$(cat "$work/out")" '^tcpmuxd \(ucspi-tcpmux\) [0-9.]+$'
exits "--help is answered" 0 "$mux" --help
for letter in t L H q Q v n; do
  like "--help tells of -$letter" "$(cat "$work/out")" "-$letter"
done
usage()
{
  usage_name=$1
  shift
  exits "$usage_name is a usage error" 100 "$mux" "$@"
  like "... that says so" "$(cat "$work/err")" '^tcpmuxd: usage: '
  is "... on standard error alone" "$(cat "$work/out")" ''
}
usage "no directory"
usage "an empty directory name" ''
usage "two directories" "$services" "$services"
usage "an unknown option" -Z "$services"
usage "-t without a number" -t
for seconds in 0 -1 1x '' 86401 99999999999 1.5; do
  usage "-t '$seconds'" -t "$seconds" "$services"
done
printf 'hello\r\n' > "$work/hello"
printf 'broken\r\n' > "$work/broken"
printf 'nosuch\r\n' > "$work/nosuch"
for options in '' -q -Q -v -t1 '-t 86400' '-L -H' -LHv '-v --'; do
  # shellcheck disable=SC2086
  is "with '$options' a service runs" "$("$mux" $options "$services" < "$work/hello" 2> /dev/null | lines)" '+|hello|'
done
"$mux" "$services" < "$work/hello" > /dev/null
is "the exit status is the service's" $? 7

log()
{
  log_request=$1
  shift
  "$mux" "$@" "$services" < "$work/$log_request" 2>&1 > /dev/null | sed 's/ [0-9][0-9]* / PID /'
}
is "-q logs nothing" "$(log hello -q; log broken -q; log nosuch -q)" ''
is "-Q logs what is broken" "$(log hello -Q; log broken -Q; log nosuch -Q)" \
  'tcpmuxd: warning: service broken: /no/such/interpreter: not found: No such file or directory'
is "-Q is the default" "$(log hello; log broken; log nosuch)" "$(log hello -Q; log broken -Q; log nosuch -Q)"
is "-v logs each request too" "$(log hello -v; log broken -v; log nosuch -v)" \
  "tcpmuxd: ok PID hello from unknown
tcpmuxd: warning: service broken: /no/such/interpreter: not found: No such file or directory
tcpmuxd: deny PID broken from unknown exec not found
tcpmuxd: deny PID nosuch from unknown unknown"
is "the last of -q, -Q and -v counts" "$(log hello -vQq)$(log hello -qv)" 'tcpmuxd: ok PID hello from unknown'
# shellcheck disable=SC2069
is "the number in the log is the service's process" \
  "$(printf '#!/bin/sh\necho $$\n' > "$services/pid"; chmod +x "$services/pid"; printf 'pid\r\n' | "$mux" -v "$services" 2>&1 |
    sed -n 's/^tcpmuxd: ok \([0-9]*\) .*/\1/p; /^[0-9]*$/p' | uniq | wc -l)" 1

# The file of a broken service may hold anything; the log is for terminals.
printf '#!/no/\033[2Jsuch\n' > "$services/broken"
is "the log shows no control characters of a file" "$(log broken -Q)" \
  'tcpmuxd: warning: service broken: /no/?[2Jsuch: not found: No such file or directory'

# Closed descriptors: whatever is opened must not take their place.
"$mux" -v "$services" < "$work/hello" > "$work/out" 2>&-
is "a closed standard error is refused" "$?.$(lines < "$work/out")" '111.-service not available|'
"$mux" "$services" < "$work/hello" 2> "$work/err" >&-
is "a closed standard output fails" $? 111
"$mux" "$services" > "$work/out" 2> "$work/err" <&-
is "a closed standard input fails" $? 111
like "... and says why" "$(cat "$work/err")" '^tcpmuxd: warning: unable to read the request: Bad file descriptor$'
"$mux" "$services" <&- >&- 2>&-
is "all three closed fail" $? 111
"$mux" "$services" < "$services" > "$work/out" 2> "$work/err"
is "a directory as standard input fails" $? 111

# Argument vectors that no shell makes.
is "an empty argument vector harms nobody" "$(perl -e 'exec { $ARGV[0] } ""' "$mux" 2>&1 | cut -d: -f1-2)" 'tcpmuxd: usage'
done_testing
