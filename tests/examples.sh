# examples.sh - sourced after lib.sh: the examples of the manual pages, as a reader sees them.
#
#   example PAGE WORDS      the one in doc/PAGE in which WORDS are, or whose line is TEXT if WORDS are ^TEXT$ (a display, or
#                           .Dl lines that follow each other)
#   commands                of standard input the lines after a "$ ", and all of a here-document
#   ran_elsewhere PAGE WORDS TEST   says that this one is run by another test
#   all_ran                 checks that no example of any page was left out
mkdir "$work/shown"
for shown_page in "$root"/doc/*.[1-9]; do
  awk -v out="$work/shown/${shown_page##*/}" '
    function put(line) { gsub(/\\e/, "\\", line); gsub(/\\ /, " ", line); gsub(/\\&/, "", line); print line > (out "." n) }
    /^\.Sh / { inside = ($0 == ".Sh EXAMPLES"); next }
    !inside { next }
    /^\.Bd / { display = 1; n++; next }
    /^\.Ed/ { display = 0; next }
    display { put($0); next }
    /^\.Dl / { if (!lines) n++; lines = 1; put(substr($0, 5)); next }
    { lines = 0 }' "$shown_page"
done

example()
{
  case $2 in
    ^*$) example_file=${2#^} example_file=$(grep -lxF -e "${example_file%$}" "$work/shown/$1".*) ;;
    *) example_file=$(grep -lF -e "$2" "$work/shown/$1".*) ;;
  esac
  if [ ! -f "$example_file" ]; then
    echo "not one example of $1 with: $2" >&2
    return 1
  fi
  echo "$example_file" >> "$work/shown.used"
  cat "$example_file"
}

commands()
{
  awk 'end { print; if ($0 == end) end = ""; next }
    sub(/^\$ /, "") { print; if (match($0, /<< [A-Z]+$/)) end = substr($0, RSTART + 3) }'
}

ran_elsewhere()
{
  example "$1" "$2" > "$work/shown.text"
  ok "the example of $1 with \"$2\" is run by tests/$3" grep -qF 'doc/' "$root/tests/$3"
}

all_ran()
{
  sort -u "$work/shown.used" > "$work/shown.ran"
  is 'every example of the pages is run' "$(ls "$work/shown"/* | sort | comm -23 - "$work/shown.ran" | while read -r shown_file; do
    echo "${shown_file##*/}: $(head -n 1 "$shown_file")"
  done)" ''
}
