#!/bin/sh
# Compiled rules between us and ucspi-tcp 0.88 (Debian's package), in both directions: the same records, the same
# answers, the same words.
. "$(dirname "$0")/../lib.sh"
cd "$work" || exit 111

# Full names: our programs have the same ones and come first in PATH.
their=/usr/bin
for program in tcprules tcprulescheck tcpserver tcpclient; do
  need "$their/$program" ucspi-tcp
done

# records FILE: the record section of a cdb, which ends where the first table begins
records()
{
  tail -c +2049 "$1" | head -c "$(($(od -An -tu4 -N4 "$1") - 2048))"
}

# The record that our tcprules adds: the key "/", and 24 octets.
index_size=$((8 + 1 + 24))

# same_records NAME: their.cdb and our.cdb hold the same records, but for our index
same_records()
{
  records their.cdb > their.records
  records our.cdb | head -c "-$index_size" > our.records
  ok "$1" cmp -s their.records our.records
}

cat > classic << 'R'
# everything that ucspi-tcp knows
joe@127.0.0.1:allow,WHO="joe"
joe@=mail.example.org:allow,WHO=/joe at mail/
=x@10.1.2.3:deny
18.23.0.32:deny
127.0.0.1:allow,RELAYCLIENT="",TCPLOCALHOST="movie.edu"

1.2.3.37-53:deny
10.2-3.:allow,NET="two or three"
10.2.0-4.:deny
254-255.:deny
1.2-3.4.5:allow
10.:deny,DIEMSG="go away"  	
172.16.:allow,A=x:y,z,:deny:x
=mail.example.org:deny
=.example.org:allow,A="1",A="2"
=.org:deny
=:allow,WHO="named"
:deny,NOBODY="x"
R
exits 'our tcprules takes rules of ucspi-tcp' 0 sh -c 'tcprules our.cdb tmp < classic'
exits '... as theirs does' 0 sh -c "$their/tcprules their.cdb tmp < classic"
same_records '... and makes the same records'

# --- both programs, both files, many peers --------------------------------------------------------------------
peers()
{
  awk 'BEGIN {
    split("127.0.0.1 18.23.0.32 1.2.3.36 1.2.3.37 1.2.3.53 1.2.3.54 10.2.0.1 10.2.3.4 10.2.5.1 10.3.9.9 10.9.9.9 " \
      "254.1.1.1 1.2.4.5 1.3.4.5 172.16.9.9 9.9.9.9 0.0.0.0 255.255.255.255 10.1.2.3", ip, " ")
    split("- mail.example.org x.example.org example.org a.b.org elsewhere localhost", host, " ")
    split("- joe jim =x", info, " ")
    for (i in ip) for (h in host) for (n in info) print ip[i], host[h], info[n]
  }'
}

# answers TCPRULESCHECK FILE: what it says about all of them
answers()
{
  peers | while read -r ip host info; do
    TCPREMOTEIP=$ip
    export TCPREMOTEIP
    [ "$host" = - ] && unset TCPREMOTEHOST || export TCPREMOTEHOST="$host"
    [ "$info" = - ] && unset TCPREMOTEINFO || export TCPREMOTEINFO="$info"
    echo "$ip $host $info"
    "$1" "$2"
  done
}
answers "$their/tcprulescheck" their.cdb > expected
is 'there are many answers' "$(grep -c connection expected)" "$(peers | wc -l)"
is '... of every kind' "$(grep -c '^rule' expected) $(sed -n 's/^rule \(.*\):$/\1/p' expected | sort -u | wc -l)" "$(peers | wc -l) 22"
answers tcprulescheck our.cdb > ours
ok 'our tcprulescheck says the same of our file' cmp -s expected ours
answers tcprulescheck their.cdb > ours
ok '... and of theirs' cmp -s expected ours
answers "$their/tcprulescheck" our.cdb > ours
ok 'their tcprulescheck says the same of our file' cmp -s expected ours
is 'theirs needs no address either' "$(tcprulescheck their.cdb)" "$("$their/tcprulescheck" their.cdb)"

tcprulescheck -d their.cdb > dumped
exits 'a dump of their file compiles' 0 sh -c 'tcprules our.cdb tmp < dumped'
same_records '... to the same records'
exits '... with theirs, too' 0 sh -c "$their/tcprules their.cdb tmp < dumped"
same_records '... for it is plain text'

# --- networks that both know ----------------------------------------------------------------------------------
printf '10.0.0.0/8:deny\n11.1.0.0/16:deny\n12.1.2.0/24:deny\n13.1.2.3/32:deny\n14./8:deny\n' | tcprules our.cdb tmp
printf '10.:deny\n11.1.:deny\n12.1.2.:deny\n13.1.2.3:deny\n14.:deny\n' | "$their/tcprules" their.cdb tmp
same_records 'networks at the edge of an octet have the keys of ucspi-tcp'

# --- old files with mistakes ----------------------------------------------------------------------------------
cat > messy << 'R'
no colon at all
 10.1.1.1:deny
10.1.2.3/8:deny
1.2.3.400:deny
10.9-1.:deny
1.2.3.250-300:deny
1.2.3.-4:allow
1.2.3.007-9:deny
1-2:deny
7.8.9.0-7.8.9.2:deny
1.2-3.4.5-6:deny
name:deny
joe@10.:deny
joe@:allow
=a..b:deny
8.8.8.8:deny
8.8.8.8:allow
9.9.9.9:allow,A B="c",="d",!E="f",MAXPERIP="x"
:deny
R
exits 'theirs takes a file full of mistakes' 0 sh -c "$their/tcprules their.cdb tmp < messy"
exits '... which we refuse' 100 sh -c 'tcprules our.cdb tmp < messy'
exits '... but for -w' 0 sh -c 'tcprules -w our.cdb tmp < messy'
is '... with a warning for every line that is wrong' "$(grep -c 'warning: line' err)" 17
same_records '... and the same records'
tcprulescheck -d our.cdb > dumped
exits 'what is left of them in a dump compiles' 0 sh -c 'tcprules -w again.cdb tmp < dumped'
for ip in 1.2.3.4 1.2.3.8 1.2.3.251 8.8.8.8 9.9.9.9 10.1.1.1 10.9.1.1; do
  is "... and says the same of $ip" "$(tcprulescheck again.cdb "$ip")" "$(TCPREMOTEIP=$ip "$their/tcprulescheck" their.cdb)"
done
for bad in '10.:dney' '10.:allow,A' '10.:allow,A=' '10.:allow,A="b' '10.:allow,A="b"c' 'a-b:allow' '::1-2:allow'; do
  echo "$bad" > line
  exits "what even theirs refuses: $bad" 100 sh -c "$their/tcprules their.cdb tmp < line"
  exits '... -w refuses, too' 100 sh -c 'tcprules -w our.cdb tmp < line'
done

# --- their server, our rules ----------------------------------------------------------------------------------
printf '127.0.0.2:deny\n127.1.0.0/16:deny\n127.0.0.3:allow,WHO="three"\n127.9.0.0/17:deny\n::1:deny\n' |
  tcprules our.cdb tmp
# shellcheck disable=SC2016
background theirs "$their/tcpserver" -1 -HRl0 -x our.cdb 127.0.0.1 0 sh -c 'echo "served $WHO"'
serve_wait theirs
from()
{
  "$their/tcpclient" -HRl0 -i "$1" 127.0.0.1 "$port" sh -c 'cat <&6'
}
is 'their tcpserver admits by our rules' "$(from 127.0.0.1)" 'served '
is '... sets their variables' "$(from 127.0.0.3)" 'served three'
is '... refuses an address' "$(from 127.0.0.2)" ''
is '... and a network' "$(from 127.1.2.3)" ''
done_testing
