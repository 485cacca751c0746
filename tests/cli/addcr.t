#!/bin/sh
# addcr: octet for octet what ucspi-tcp's does, however the input comes, in memory that doesn't grow.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/filters.sh"
filter=addcr
. "$root/tests/cli/filters-stream.sh"

is 'a CR goes before each LF; NUL and empty lines are kept' "$(shows 'a\nb\r\n\0\n\nc')" "$(printf 'a\r\nb\r\r\n\0\r\n\r\nc' | od -An -c | tr -s ' \n' ' ')"
is 'a last line without LF is kept as it is, its CR too' "$(shows 'a\n\r')" "$(printf 'a\r\n\r' | od -An -c | tr -s ' \n' ' ')"
is 'no input makes no output' "$(shows '')" ''
done_testing
