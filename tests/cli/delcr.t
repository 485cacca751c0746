#!/bin/sh
# delcr: octet for octet what ucspi-tcp's does, however the input comes, in memory that doesn't grow.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/filters.sh"
filter=delcr
. "$root/tests/cli/filters-stream.sh"

is 'a CR right before an LF goes away; NUL and empty lines are kept' "$(shows 'a\nb\r\n\0\n\nc')" "$(printf 'a\nb\n\0\n\nc' | od -An -c | tr -s ' \n' ' ')"
is 'a last line without LF is kept as it is, its CR too' "$(shows 'a\r\n\r')" "$(printf 'a\n\r' | od -An -c | tr -s ' \n' ' ')"
is 'no input makes no output' "$(shows '')" ''
done_testing
