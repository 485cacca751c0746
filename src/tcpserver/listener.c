/* listener.c - see listener.h. */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>

#include "decimal.h"
#include "listen.h"
#include "privileges.h"

#define FIRST_PASSED_DESCRIPTOR 3 /* SD_LISTEN_FDS_START, sd_listen_fds(3) */

static struct listen_wish wish(struct options const *o)
{
  return (struct listen_wish){.host = o->host,
                              .port = o->port,
                              .only = o->ipv4_only ? ADDRESS_IPV4 : ADDRESS_NONE,
                              .first = o->ipv6_environment ? ADDRESS_IPV6 : ADDRESS_IPV4,
                              .interface = o->interface,
                              .backlog = o->backlog,
                              .nonblocking = true};
}

static struct address find_address(struct listen_wish const *w)
{
  struct address a;
  struct listen_problem problem;
  if (!listen_find(&a, w, &problem))
    strerr_dief(111, problem.text);
  return a;
}

/* Ends with tcpserver, which may be told to end before DNS has answered. */
static _Noreturn void ask_and_tell(struct options const *o, pid_t parent, int out)
{
  struct listen_wish const w = wish(o);
  struct address a;
  privileges_drop(o);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (getppid() != parent)
    _exit(111);
  a = find_address(&w);
  _exit(write(out, &a, sizeof a) == (ssize_t)sizeof a ? 0 : 111);
}

/* What DNS says is not for root to read: if privileges are to be dropped, a process asks that has none of those that
 * are still needed to bind. */
static struct address look_up_without_privileges(struct options const *o)
{
  pid_t const self = getpid();
  int tube[2], wait_status = 0;
  struct address a;
  ssize_t len;
  pid_t pid;

  if (pipe2(tube, O_CLOEXEC) == -1 || (pid = fork()) == -1)
    strerr_diefusys(111, "look up ", o->host);
  if (pid == 0)
    ask_and_tell(o, self, tube[1]);
  close(tube[1]);
  do
    len = read(tube[0], &a, sizeof a);
  while (len == -1 && errno == EINTR);
  close(tube[0]);
  while (waitpid(pid, &wait_status, 0) == -1 && errno == EINTR)
    ;
  if (len == (ssize_t)sizeof a)
    return a;
  if (WIFSIGNALED(wait_status))
    strerr_dief(111, "temporarily unable to figure out IP address for ", o->host,
                ": the process that asked was killed");
  _exit(111); /* it has said why */
}

static int open_new(struct options const *o)
{
  struct listen_wish const w = wish(o);
  struct listen_problem problem;
  bool drops = o->user || o->group || o->ids_from_environment;
  struct address a = drops && listen_is_name(&w) ? look_up_without_privileges(o) : find_address(&w);
  int fd = listen_at(&a, &w, &problem);
  if (fd == -1)
    strerr_dief(111, problem.text);
  return fd;
}

static int int_option(int fd, int name)
{
  int value = -1;
  socklen_t len = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &len) == -1 ? -1 : value;
}

/* systemd's protocol if it is meant for this process (sd_listen_fds(3)), else descriptor 0. */
static int find_passed(void)
{
  char const *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
  unsigned int pid, count;
  if (!pid_text || !count_text || !decimal_parse(&pid, pid_text, 1, INT32_MAX) || (pid_t)pid != getpid())
    return 0;
  if (!decimal_parse(&count, count_text, 1, INT32_MAX))
    strerr_dief(111, "bad $LISTEN_FDS: ", count_text);
  if (count != 1)
    strerr_dief(111, "$LISTEN_FDS is ", count_text, ": one listening socket is wanted");
  return FIRST_PASSED_DESCRIPTOR;
}

static int open_passed(struct options const *o)
{
  int passed = find_passed(), fd, flags;
  char name[DECIMAL_SIZE];
  decimal_print(name, (uint64_t)passed);
  if (int_option(passed, SO_ACCEPTCONN) != 1 || int_option(passed, SO_TYPE) != SOCK_STREAM)
    strerr_dief(111, "descriptor ", name, " is not a listening TCP socket");
  fd = fcntl(passed, F_DUPFD_CLOEXEC, 3);
  if (fd == -1 || (flags = fcntl(fd, F_GETFL)) == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
    strerr_diefusys(111, "use descriptor ", name);
  if (o->backlog != BACKLOG_DEFAULT && listen(fd, (int)o->backlog) == -1)
    strerr_diefusys(111, "listen");
  if (passed != 0)
    close(passed);
  return fd;
}

struct listener listener_open(struct options const *o)
{
  struct listener l;

  l.fd = strcmp(o->host, "-") == 0 ? open_passed(o) : open_new(o);
  if (!listen_bound_to(&l.local, &l.port, l.fd)) {
    if (errno == EAFNOSUPPORT)
      strerr_dief(111, "the listening socket is not a TCP socket");
    strerr_diefusys(111, "get local address");
  }
  l.wildcard = address_is_any(&l.local);
  return l;
}

static void notify_manager(void)
{
  static char const ready[] = "READY=1\n";
  char const *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  size_t len = path ? strlen(path) : 0;
  int fd;

  if (len == 0)
    return;
  if (len >= sizeof sa.sun_path || (path[0] != '/' && path[0] != '@')) {
    strerr_warnw("bad $NOTIFY_SOCKET: ", path);
    return;
  }
  memcpy(sa.sun_path, path, len);
  if (path[0] == '@')
    sa.sun_path[0] = '\0';
  fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd == -1 || sendto(fd, ready, sizeof ready - 1, MSG_NOSIGNAL, (struct sockaddr *)&sa,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == -1)
    strerr_warnwu("notify ", path, ": ", strerror(errno));
  if (fd != -1)
    close(fd);
}

void listener_announce(struct listener const *l, struct options const *o)
{
  char line[DECIMAL_SIZE + 1];
  size_t len = decimal_print(line, l->port);
  line[len++] = '\n';
  if (o->print_port && allwrite(1, line, len) < len)
    strerr_diefusys(111, "write to standard output");
  if (dup2(0, 1) == -1)
    strerr_diefusys(111, "close standard output");
  notify_manager();
}
