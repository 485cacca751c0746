#!/bin/sh
# argv0: the program finds any argument 0, and all the others as they were given; how it fails.
. "$(dirname "$0")/../lib.sh"
need /usr/bin/argv0 ucspi-tcp
need perl perl

# What a program finds as its arguments, between '|', from the kernel.
arguments='open my $f, "<", "/proc/$$/cmdline"; local $/; my $a = <$f>; $a =~ tr/\0/|/; print $a'
seen()
{
  argv0 "$(command -v perl)" "$@" -e "$arguments"
}

is 'the program finds the argument 0 that it is given' "$(argv0 sh -csh -c 'echo "$0"')" '-csh'
is 'the example of the manual page does what it says' "$(echo 'echo "$0"' | argv0 /bin/sh -sh)" '-sh'
is 'and is looked for in PATH under its real name' "$(PATH=/bin:/usr/bin "$COMMAND_DIR/argv0" echo x y)" y
like 'the other arguments follow' "$(seen zero)" '^zero\|-e\|open'
like 'argument 0 may be empty' "$(seen '')" '^\|-e\|'
like 'it may begin with a dash' "$(seen --version)" '^--version\|-e\|'
like 'it may hold blanks, quotes, stars and dollars' "$(seen ' a "b" '"'c'"' * $HOME')" \
  "^ a \"b\" 'c' \\* \\\$HOME\\|-e"
is 'it may hold newlines' "$(seen 'a
b' | head -n 2 | cut -c 1-3)" 'a
b|-'
is 'so may the others' "$(argv0 printf x '%s|' ' a "b" ' "-n" '' 'new
line' '*')" ' a "b" |-n||new
line|*|'
like 'the process is the same' "$(sh -c 'echo $$; exec argv0 sh x -c "echo \$\$"' | uniq | wc -l | tr -d ' ')" '^1$'
printf '#!/bin/sh\necho "$1"\n' > "$work/a script"
chmod 755 "$work/a script"
is 'a path with blanks runs' "$(argv0 "$work/a script" zero one)" one
is 'the environment is passed on' "$(GREETING=hello argv0 sh x -c 'echo "$GREETING"')" hello
is 'without PATH, /bin and /usr/bin are searched' "$(env -u PATH "$COMMAND_DIR/argv0" sh x -c 'echo found')" found
exits 'the exit status is that of the program' 7 argv0 sh x -c 'exit 7'

mkdir "$work/first" "$work/second"
printf 'echo never\n' > "$work/first/greet"
printf '#!/bin/sh\necho hello\n' > "$work/second/greet"
chmod 755 "$work/second/greet"
is 'the search goes on after a file that may not be executed' \
  "$(PATH=$work/first:$work/second "$COMMAND_DIR/argv0" greet x)" hello
cd "$work/second" || exit 1
is 'an empty element of PATH is the current folder' "$(PATH=:/nowhere "$COMMAND_DIR/argv0" greet x)" hello
cd "$work" || exit 1

# Folders that the user may not search would make it another error.
exits 'a program that is not there: exit 111' 111 env PATH=/usr/bin:/bin "$COMMAND_DIR/argv0" no-such-program x
is '... with a message' "$(cat "$work/err")" 'argv0: fatal: unable to run no-such-program: No such file or directory'
is 'as that of ucspi-tcp' "$(/usr/bin/argv0 no-such-program x 2> /dev/null; echo $?)" 111
exits 'a program that may not be run: exit 111' 111 env PATH="$work/first" "$COMMAND_DIR/argv0" greet x
like '... with a message' "$(cat "$work/err")" '^argv0: fatal: unable to run greet: Permission denied$'
chmod 755 "$work/first/greet"
exits 'a file that is no program: exit 111' 111 argv0 "$work/first/greet" x
like '... and no shell tries to read it' "$(cat "$work/err")" 'Exec format error$'
exits 'an empty name: exit 111' 111 argv0 '' x
for arguments in '' 'one'; do
  # shellcheck disable=SC2086
  exits "misuse ('$arguments'): exit 100" 100 argv0 $arguments
  is '... and how it is used' "$(cat "$work/err")" 'argv0: usage: argv0 realname zero [ args ]'
done
like '--version tells the version' "$(argv0 --version)" '^argv0 \(ucspi-tcpmux\) [0-9]'
like '--help tells how it is used' "$(argv0 --help | head -n 1)" '^usage: argv0 realname'
done_testing
