# filters-stream.sh - sourced by the tests of addcr and delcr after filters.sh, with $filter set: what both promise.

# shows FORMAT: what becomes of it, readable
shows()
{
  # shellcheck disable=SC2059
  printf "$1" | limited "$filter" | od -An -c | tr -s ' \n' ' '
}
same_as_theirs()
{
  limited "$filter" < "$1" > "$work/ours" && theirs "$filter" < "$1" > "$work/theirs" && cmp "$work/ours" "$work/theirs"
}

for input in text mixed; do
  ok "it does with a $input of many lines what ucspi-tcp's does" same_as_theirs "$work/$input"
done
perl -e '$/ = \1; $| = 1; print while <STDIN>' < "$work/mixed" | limited "$filter" > "$work/ours"
theirs "$filter" < "$work/mixed" > "$work/theirs"
ok 'and octet by octet' cmp "$work/ours" "$work/theirs"

# Somebody may wait for an answer before he writes more.
mkfifo "$work/in"
background prompt sh -c 'exec "$1" < "$2"' sh "$filter" "$work/in"
exec 8> "$work/in"
printf 'one\ntwo' >&8
ok 'what has come in is passed on before more comes' wait_for grep -q two "$work/prompt.out"
exec 8>&-
wait "$pid"
is 'and then its end is a clean one' "$?" 0

ok '1 GiB without a newline passes' flood "$filter"
is 'all of it' "$came_out" "$gibibyte"
ok 'in memory that does not grow' test "$peak" -lt "$enough_kb"

# The last word of the pipeline is the status of the program.
status_of()
{
  { "$@" 2> "$work/err"; echo $? > "$work/status"; } | head -n 1 > "$work/first"
}
yes | status_of limited "$filter"
like 'SIGPIPE ends it when nobody reads any more' "$(cat "$work/status")" '^(141|124)$'
is '... without a word' "$(cat "$work/err")" ''
yes | status_of limited perl -e '$SIG{PIPE} = "IGNORE"; exec @ARGV' "$filter"
is 'where SIGPIPE is ignored it exits 111' "$(cat "$work/status")" 111
like '... and says why' "$(cat "$work/err")" "^$filter: fatal: unable to write to standard output: Broken pipe\$"
exits 'a full disk is an error' 111 sh -c 'echo a | "$1" > /dev/full' sh "$filter"
exits 'input that can not be read is an error' 111 sh -c '"$1" < /' sh "$filter"
like '... and it says so' "$(cat "$work/err")" "^$filter: fatal: unable to read standard input: Is a directory\$"
exits 'so is input that is closed' 111 sh -c '"$1" <&-' sh "$filter"
exits 'an argument is misuse' 100 "$filter" -x
is '... and it says how it is used' "$(cat "$work/err")" "$filter: usage: $filter"
like '--version tells the version' "$("$filter" --version)" "^$filter \\(ucspi-tcpmux\\) [0-9]"
like '--help tells how it is used' "$("$filter" --help | head -n 1)" "^usage: $filter"
# Once it sleeps it has found nothing to read; where it took that for an end, it is a zombie.
is 'descriptors that are nonblocking are as good' \
  "$(limited perl -MFcntl -e 'pipe R, W; fcntl R, F_SETFL, O_NONBLOCK; my $pid = fork;
      if (!$pid) { close W; open STDIN, "<&R"; exec @ARGV }
      close R; my $state = "";
      until ($state =~ /^[SZ]/) { select undef, undef, undef, 0.01; open F, "<", "/proc/$pid/stat"; ($state) = <F> =~ /\) (.)/ }
      print W "late\n"; close W; wait' "$filter" | tr -d '\r')" late
