#!/bin/sh
# git daemon --inetd: clone, fetch and push, by port and through TCPMUX with core.gitProxy.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need git git
HOME=$work
GIT_CONFIG_NOSYSTEM=1
GIT_TERMINAL_PROMPT=0
export HOME GIT_CONFIG_NOSYSTEM GIT_TERMINAL_PROMPT
git config --global user.name Tester
git config --global user.email tester@example.org
git config --global init.defaultBranch trunk
git config --global advice.detachedHead false

# commit_in TREE TEXT: one more commit in the working tree
commit_in()
{
  echo "$2" >> "$1/file" && git -C "$1" add file && git -C "$1" commit -q -m "$2"
}

head_of()
{
  git -C "$1" rev-parse HEAD
}

git init -q "$work/tree"
head -c 1000000 /dev/urandom > "$work/tree/random"
git -C "$work/tree" add random
for number in 1 2 3 4 5; do commit_in "$work/tree" "commit $number"; done
mkdir "$work/repositories"
git clone -q --bare "$work/tree" "$work/repositories/project.git"
git -C "$work/tree" remote add origin "$work/repositories/project.git"
set -- git daemon --inetd --export-all --enable=receive-pack --base-path="$work/repositories"

serve_by_port git "$@"
ok 'a clone by port succeeds' git clone -q "git://127.0.0.1:$port/project.git" "$work/by-port"
is 'the clone by port has the last commit' "$(head_of "$work/by-port")" "$(head_of "$work/tree")"
ok 'the clone by port is whole' git -C "$work/by-port" fsck --no-progress
commit_in "$work/tree" 'after the clone'
git -C "$work/tree" push -q origin trunk
ok 'a fetch by port succeeds' git -C "$work/by-port" pull -q
is 'the fetch brought the new commit' "$(head_of "$work/by-port")" "$(head_of "$work/tree")"
not_ok 'a repository that does not exist is refused' quietly git clone -q "git://127.0.0.1:$port/nothing.git" "$work/nothing"

mux_service git "$@"
serve_mux
# git gives its proxy the host and the port that it was asked for.
printf '#!/bin/sh\nexec %s\n' "$(by_name git)" > "$work/proxy"
chmod 755 "$work/proxy"
git config --global core.gitProxy "$work/proxy"
ok 'a clone through TCPMUX succeeds' git clone -q git://127.0.0.1/project.git "$work/by-name"
is 'the clone through TCPMUX has the last commit' "$(head_of "$work/by-name")" "$(head_of "$work/tree")"
ok 'the clone through TCPMUX is whole' git -C "$work/by-name" fsck --no-progress
commit_in "$work/by-name" 'pushed by name'
ok 'a push through TCPMUX succeeds' git -C "$work/by-name" push -q origin trunk
is 'the repository has what was pushed' "$(head_of "$work/repositories/project.git")" "$(head_of "$work/by-name")"
logs 'tcpmuxd logged the service by its name' mux '^tcpmuxd: ok [0-9]+ git from 127\.0\.0\.1$'
done_testing
