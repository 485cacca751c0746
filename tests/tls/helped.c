/* helped.c - plays tcpserver for tcptls -H: starts it, accepts connections on a port of 127.0.0.1, hands them over, and
 * runs a program for each that was not refused, without any of tcpserver's other work.
 *   helped [-u uid -g gid] [-x hex] TCPTLS [options of tcptls…] -- PROGRAM…
 *   -u, -g   what the workers shall be (default: what it is itself)
 *   -x hex   a message to the first worker (or with -k to the keeper) that it must not like
 * Prints a line for everything that it is told:
 *   worker PID | ready PORT | done ID FACTS… | refused ID REASON | pong ID | channel PID ended | keeper exit CODE
 * Signals: HUP reloads; USR1 sends a ping to each worker; TERM ends it at once. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "environment.h"
#include "message.h"
#include "tls.h"

enum { WORKERS = 64, CONNECTIONS = 4096 };

static struct {
  pid_t pid;
  int channel; /* -1: ended */
} worker[WORKERS];
static size_t workers, next_worker;
static int program_end[CONNECTIONS]; /* of the pair, by id */
static size_t given[CONNECTIONS];    /* to which worker, by id */
static uint32_t next_id;
static int control, listener;
static pid_t keeper;
static char **program;
static char const *poison;
static bool poison_keeper;
static volatile sig_atomic_t got_hup, got_usr1, got_term;

static void say(char const *format, ...) __attribute__((format(printf, 1, 2)));
#include <stdarg.h>
static void say(char const *format, ...)
{
  va_list a;
  va_start(a, format);
  vprintf(format, a);
  va_end(a);
  putchar('\n');
  fflush(stdout);
}

static void catch (int number)
{
  if (number == SIGHUP)
    got_hup = 1;
  if (number == SIGUSR1)
    got_usr1 = 1;
  if (number == SIGTERM)
    got_term = 1;
}

static void die(char const *what)
{
  say("helped: %s: %s", what, strerror(errno));
  exit(111);
}

static void start_keeper(char **argv)
{
  int pair[2];
  if (message_pair(pair) == -1)
    die("pair");
  keeper = fork();
  if (keeper == 0) {
    dup2(pair[1], 0);
    dup2(pair[1], 1);
    execvp(argv[0], argv);
    _exit(127);
  }
  close(pair[1]);
  control = pair[0];
}

static void begin(long uid, long gid)
{
  static struct ids b;
  gid_t group[IDS_GROUPS_MAX];
  b.uid = getuid();
  b.gid = getgid();
  if (uid >= 0) {
    b.uid = (uint32_t)uid;
    b.gid = (uint32_t)gid;
    b.group_count = 1;
    b.group[0] = (uint32_t)gid;
  } else {
    int count = getgroups(IDS_GROUPS_MAX, group);
    b.group_count = (uint32_t)count;
    for (int i = 0; i < count; i++)
      b.group[i] = group[i];
  }
  if (message_send(control, tls_row(TLS_BEGIN), 0, &b, NULL) == -1 && errno != EPIPE)
    die("begin");
}

static void send_poison(int fd)
{
  unsigned char octets[MESSAGE_PAYLOAD_MAX + 64];
  size_t len = 0;
  unsigned int octet;
  for (char const *at = poison; sscanf(at, "%2x", &octet) == 1; at += 2)
    octets[len++] = (unsigned char)octet;
  send(fd, octets, len, MSG_NOSIGNAL);
}

static void open_listener(void)
{
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (bind(listener, (struct sockaddr *)&a, len) == -1 || listen(listener, 4096) == -1 ||
      getsockname(listener, (struct sockaddr *)&a, &len) == -1)
    die("listen");
  say("ready %d", ntohs(a.sin_port));
  if (poison && !poison_keeper)
    send_poison(worker[0].channel);
}

static void from_keeper(void)
{
  static struct message m;
  struct tls_worker w;
  int status;
  switch (message_receive(control, tls_from_keeper, 2, &m)) {
  case MESSAGE_RECEIVED:
    if (m.header.kind == TLS_READY) {
      open_listener();
      break;
    }
    memcpy(&w, m.payload, sizeof w);
    worker[workers].pid = (pid_t)w.pid;
    worker[workers++].channel = m.descriptor[0];
    say("worker %u", w.pid);
    break;
  case MESSAGE_NONE: break;
  case MESSAGE_END:
  case MESSAGE_REFUSED:
    close(control);
    control = -1;
    waitpid(keeper, &status, 0);
    say(WIFEXITED(status) ? "keeper exit %d" : "keeper signal %d",
        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    if (!listener)
      exit(0);
  }
}

static void run(uint32_t id, struct tls_facts const *f)
{
  static struct environment e = ENVIRONMENT_ZERO;
  extern char **environ;
  if (fork() == 0) {
    signal(SIGCHLD, SIG_DFL);
    environment_load(&e, (char const *const *)environ, tls_environment_names);
    tls_environment_add(f, NULL, &e);
    dup2(program_end[id], 0);
    dup2(program_end[id], 1);
    environ = (char **)e.entry;
    execvp(program[0], program);
    _exit(127);
  }
  close(program_end[id]);
}

static void from_worker(size_t i)
{
  static struct message m;
  struct tls_facts f;
  struct tls_refusal r;
  uint32_t id;
  switch (message_receive(worker[i].channel, tls_from_relay, 3, &m)) {
  case MESSAGE_RECEIVED:
    id = m.header.id;
    if (m.header.kind == TLS_PONG)
      say("pong %u", id);
    else if (m.header.kind == TLS_DONE) {
      memcpy(&f, m.payload, sizeof f);
      say("%s %u %s %s server %s bits %u %s sni '%s' alpn '%s' peer '%s' %.8s",
          tls_facts_is_sound(&f) ? "done" : "BAD", id, f.protocol, f.cipher, f.server_protocol, f.bits,
          f.resumed ? "resumed" : "new", f.server_name, f.alpn, f.peer_subject, f.peer_hash);
      run(id, &f);
    } else {
      memcpy(&r, m.payload, sizeof r);
      say("%s %u %s", tls_refusal_is_sound(&r) ? "refused" : "BAD", id, r.reason);
      close(program_end[id]);
    }
    break;
  case MESSAGE_NONE: break;
  case MESSAGE_END:
  case MESSAGE_REFUSED:
    say("channel %d ended", (int)worker[i].pid);
    close(worker[i].channel);
    worker[i].channel = -1;
  }
}

static void accept_one(void)
{
  int net = accept4(listener, NULL, NULL, SOCK_CLOEXEC), pair[2], both[2];
  struct tls_open open;
  if (net == -1)
    return;
  memset(&open, 0, sizeof open);
  if (tls_pair(pair) == -1)
    die("pair");
  fcntl(pair[0], F_SETFD, FD_CLOEXEC);
  if (next_id >= CONNECTIONS)
    next_id = 0;
  for (size_t tries = 0; tries < workers; tries++) {
    size_t i = next_worker++ % workers;
    if (worker[i].channel == -1)
      continue;
    both[0] = net;
    both[1] = pair[1];
    program_end[next_id] = pair[0];
    given[next_id] = i;
    int result;
    while ((result = message_send(worker[i].channel, tls_row(TLS_OPEN), next_id, &open, both)) == -1 &&
           errno == EAGAIN)
      poll(&(struct pollfd){.fd = worker[i].channel, .events = POLLOUT}, 1, 1000);
    next_id++;
    if (result == 0)
      break;
    say("not sent: %s", strerror(errno));
    close(pair[0]);
  }
  close(net);
  close(pair[1]);
}

static void obey_signals(void)
{
  bool hup = got_hup, usr1 = got_usr1;
  /* Before they are obeyed: what that leads to may make a test send the next one at once. */
  if (hup)
    got_hup = 0;
  if (usr1)
    got_usr1 = 0;
  if (hup && message_send(control, tls_row(TLS_RELOAD), 0, NULL, NULL) == -1)
    die("reload");
  for (size_t i = 0; usr1 && i < workers; i++)
    if (worker[i].channel != -1)
      message_send(worker[i].channel, tls_row(TLS_PING), (uint32_t)i + 1000, NULL, NULL);
}

int main(int argc, char **argv)
{
  int option;
  long uid = -1, gid = -1;
  while ((option = getopt(argc, argv, "+u:g:x:k")) != -1)
    switch (option) {
    case 'u': uid = atol(optarg); break;
    case 'g': gid = atol(optarg); break;
    case 'x': poison = optarg; break;
    case 'k': poison_keeper = true; break;
    default: return 100;
    }
  argv += optind;
  for (program = argv; strcmp(*program, "--") != 0; program++)
    ;
  *program++ = NULL;
  struct sigaction action = {.sa_handler = catch};
  sigaction(SIGHUP, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  start_keeper(argv);
  signal(SIGCHLD, SIG_DFL);
  if (poison_keeper)
    send_poison(control);
  else
    begin(uid, gid);
  while (!got_term) {
    struct pollfd p[WORKERS + 2] = {{.fd = control, .events = POLLIN},
                                    {.fd = listener ? listener : -1, .events = POLLIN}};
    size_t count = workers;
    for (size_t i = 0; i < count; i++)
      p[i + 2] = (struct pollfd){.fd = worker[i].channel, .events = POLLIN};
    /* Signals are looked at now and then; this is a test. */
    poll(p, count + 2, 20);
    obey_signals();
    if (p[0].revents)
      from_keeper();
    if (p[1].revents)
      accept_one();
    for (size_t i = 0; i < count; i++)
      if (p[i + 2].revents)
        from_worker(i);
    pid_t pid;
    int status;
    /* Not the keeper, whose end is told when its socket ends. */
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
      if (pid == keeper) {
        say(WIFEXITED(status) ? "keeper exit %d" : "keeper signal %d",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        close(control);
        control = -1;
        if (!listener)
          return 0;
      } else
        say("program exit %d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  return 0;
}
