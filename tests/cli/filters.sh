# filters.sh - sourced by the tests of the filters after ../lib.sh: inputs, and what several of them check.
#
#   theirs PROGRAM args…       that program of ucspi-tcp
#   limited cmd…               runs cmd; no end after 30 seconds is a failure
#   flood PROGRAM args…        puts 1 GiB without a newline through the program while it is watched; what the processes
#                              of it had in memory at most, in kB, is in $peak, how many octets came out in $came_out
#   peak_of PID                the most memory, in kB, that this process has had
# It makes $work/text (76-octet lines), $work/mixed (every octet, many CR and LF, no newline at the end).
need /usr/bin/recordio ucspi-tcp
need perl perl
gibibyte=1073741824
# What a flood may take: a sanitized program has much memory of its own, and a tenth of what flows through.
enough_kb=65536

perl -e 'print "x" x 75, "\n" for 1 .. 5000' > "$work/text"
perl -e 'srand 1; my @c = ("\r", "\n", "\r\n", "\0", "\r\r\n");
  print rand() < 0.3 ? $c[rand @c] : chr rand 256 for 1 .. 100000; print "end\r"' > "$work/mixed"

theirs()
{
  theirs_program=$1
  shift
  "/usr/bin/$theirs_program" "$@"
}

limited()
{
  timeout -k 1 30 "$@"
}

peak_of()
{
  awk '$1 == "VmHWM:" { print $2 }' "/proc/$1/status"
}

peak_of_all()
{
  for peak_try in "$1" $(cat "/proc/$1/task/$1/children"); do
    peak_of "$peak_try"
  done | sort -n | tail -n 1
}

flood()
{
  mkfifo "$work/flood.in" "$work/flood.through"
  wc -c < "$work/flood.through" > "$work/flood.count" &
  flood_counter=$!
  background flood sh -c 'in=$1 out=$2; shift 2; exec "$@" < "$in" > "$out" 2> /dev/null' sh \
    "$work/flood.in" "$work/flood.through" "$@"
  exec 9> "$work/flood.in"
  head -c "$gibibyte" /dev/zero >&9
  peak=$(peak_of_all "$pid")
  exec 9>&-
  wait "$pid"
  flood_status=$?
  wait "$flood_counter"
  came_out=$(tr -d ' ' < "$work/flood.count")
  rm "$work/flood.in" "$work/flood.through"
  return "$flood_status"
}
