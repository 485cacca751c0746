/* tcpserver-tls-helper.c - stands in for tcptls -H in the tests of tcpserver: no TLS, but all that tcpserver has to do with it.
 * The first line that a client sends says what its worker does:
 *   hello [NAME=VALUE…]   TLS_DONE with these facts (protocol cipher server sni alpn subject hash), then it relays in clear
 *   wait [NAME=VALUE…]    the same as soon as there is a file `release`
 *   refuse TEXT           TLS_REFUSED for that reason
 *   hold                  nothing, ever
 *   die stop              SIGKILL or SIGSTOP to itself
 *   cut                   TLS_DONE, and then closes the pair
 *   twice                 TLS_DONE twice             unknown   TLS_DONE for ids that nobody has, then for this one
 *   id N                  TLS_DONE for id N, and nothing for this one
 *   junk short oversized empty unsound unsaid dirty kind size descriptor      what no worker sends
 * $TLS_FOLDER has these files; the first line of the one named `keeper` says what the keeper does from its next start on:
 *   exit N, kill          at once                    exit-begin N   when it is told what its workers are to be
 *   workers N             it has so many (1)         silent         it is never ready
 *   junk unsound pipe ready-twice    what no keeper sends
 *   notes   what happens, a line each: start PID ARGUMENTS, begin UID GID GROUPS, worker PID, ready, reload, open PID ID,
 *           done PID ID, ping PID; what is sent to tcpserver is noted when it was sent
 *   deaf    while it is there workers take nothing from their channels
 *   mute    while it is there they don't answer pings */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"
#include "tls.h"

enum { CONNECTIONS_MAX = 4096, WORKERS_MAX = 200, LINE_MAX_ = 1024 };

static char const *folder;

__attribute__((format(printf, 1, 2))) static void note(char const *format, ...)
{
  char path[512], line[1024];
  va_list rest;
  int fd, len;
  snprintf(path, sizeof path, "%s/notes", folder);
  va_start(rest, format);
  len = vsnprintf(line, sizeof line - 1, format, rest);
  va_end(rest);
  if (len < 0 || len > (int)sizeof line - 2)
    len = (int)sizeof line - 2;
  line[len++] = '\n';
  fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd == -1 || write(fd, line, (size_t)len) != len)
    _exit(99);
  close(fd);
}

static bool there_is(char const *name)
{
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return access(path, F_OK) == 0;
}

/* --- A worker ------------------------------------------------------------------------------------------------ */

struct connection {
  int net, plain;
  uint32_t id;
  bool relaying, waiting, net_ended;
  size_t have;
  char line[LINE_MAX_];
};

static struct connection connection[CONNECTIONS_MAX];
static size_t connections;
static int channel;

static void say(enum tls_kind kind, uint32_t id, void const *payload)
{
  struct pollfd p = {.fd = channel, .events = POLLOUT};
  while (message_send(channel, tls_row(kind), id, payload, NULL) == -1 && errno == EAGAIN)
    poll(&p, 1, -1);
}

static void raw(void const *data, size_t size)
{
  send(channel, data, size, MSG_NOSIGNAL);
}

/* A message as it should be, apart from what is given. */
static void say_raw(uint16_t kind, uint16_t size, uint32_t id, size_t real_size)
{
  static char record[20000];
  struct message_header header = {.kind = kind, .size = size, .id = id};
  memset(record, 'x', sizeof record);
  memcpy(record, &header, sizeof header);
  raw(record, sizeof header + real_size);
}

static struct tls_facts facts_of(char *words)
{
  struct tls_facts f = {
      .protocol = "TLSv1.3", .cipher = "FAKE_CIPHER", .server_protocol = "TLSv1.3", .bits = 256};
  for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
    struct {
      char const *name;
      char *field;
      size_t size;
    } const known[] = {{"protocol=", f.protocol, sizeof f.protocol},
                       {"cipher=", f.cipher, sizeof f.cipher},
                       {"server=", f.server_protocol, sizeof f.server_protocol},
                       {"sni=", f.server_name, sizeof f.server_name},
                       {"alpn=", f.alpn, sizeof f.alpn},
                       {"subject=", f.peer_subject, sizeof f.peer_subject},
                       {"hash=", f.peer_hash, sizeof f.peer_hash}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
      if (strncmp(word, known[i].name, strlen(known[i].name)) == 0)
        tls_set_text(known[i].field, known[i].size, word + strlen(known[i].name));
  }
  return f;
}

static void end(struct connection *c)
{
  shutdown(c->net, SHUT_RDWR);
  close(c->net);
  close(c->plain);
  c->net = c->plain = -1;
}

static void done(struct connection *c, char *words)
{
  char anchor;
  struct tls_facts f = facts_of(words);
  say(TLS_DONE, c->id, &f);
  /* It is not there if tcpserver is built for other systems. */
  if (recv(c->plain, &anchor, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && anchor == '\0')
    recv(c->plain, &anchor, 1, 0);
  c->relaying = true;
  note("done %d %u", (int)getpid(), c->id);
}

static void misbehave(struct connection *c, char const *how)
{
  struct tls_facts f = facts_of((char[]){""});
  struct tls_refusal r = {.reason = ""};
  int fd[2] = {c->net, c->plain};
  if (strcmp(how, "junk") == 0)
    raw("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 36);
  else if (strcmp(how, "short") == 0)
    raw("x", 1);
  else if (strcmp(how, "oversized") == 0)
    say_raw(TLS_DONE, sizeof f, c->id, 19000);
  else if (strcmp(how, "empty") == 0)
    raw("", 0);
  else if (strcmp(how, "unsound") == 0) {
    strcpy(f.server_name, "a b");
    say(TLS_DONE, c->id, &f);
  } else if (strcmp(how, "unsaid") == 0)
    say(TLS_REFUSED, c->id, &r);
  else if (strcmp(how, "dirty") == 0) {
    memset(r.reason, 'x', sizeof r.reason);
    say(TLS_REFUSED, c->id, &r);
  } else if (strcmp(how, "kind") == 0)
    say_raw(TLS_WORKER, sizeof(struct tls_worker), c->id, sizeof(struct tls_worker));
  else if (strcmp(how, "size") == 0)
    say_raw(TLS_DONE, 4, c->id, 4);
  else if (strcmp(how, "descriptor") == 0) {
    struct message_kind const row = {TLS_DONE, sizeof f, 2};
    message_send(channel, &row, c->id, &f, fd);
  } else
    end(c);
}

static void obey(struct connection *c)
{
  char *space = strchr(c->line, ' '), *words = space ? space + 1 : c->line + strlen(c->line);
  if (space)
    *space = '\0';
  if (strcmp(c->line, "hello") == 0)
    done(c, words);
  else if (strcmp(c->line, "wait") == 0)
    c->waiting = true;
  else if (strcmp(c->line, "refuse") == 0) {
    struct tls_refusal r;
    tls_set_text(r.reason, sizeof r.reason, words);
    say(TLS_REFUSED, c->id, &r);
    end(c);
  } else if (strcmp(c->line, "hold") == 0)
    c->have = 0;
  else if (strcmp(c->line, "die") == 0)
    kill(getpid(), SIGKILL);
  else if (strcmp(c->line, "stop") == 0)
    kill(getpid(), SIGSTOP);
  else if (strcmp(c->line, "cut") == 0) {
    done(c, words);
    end(c);
  } else if (strcmp(c->line, "twice") == 0) {
    done(c, words);
    say(TLS_DONE, c->id, &(struct tls_facts){.protocol = "x", .cipher = "x"});
  } else if (strcmp(c->line, "unknown") == 0) {
    struct tls_facts f = facts_of((char[]){""});
    say(TLS_DONE, c->id + 1, &f);
    say(TLS_DONE, c->id + (1u << 20), &f);
    say(TLS_DONE, UINT32_MAX, &f);
    done(c, words);
  } else if (strcmp(c->line, "id") == 0) {
    struct tls_facts f = facts_of((char[]){""});
    say(TLS_DONE, (uint32_t)strtoul(words, NULL, 10), &f);
  } else
    misbehave(c, c->line);
}

/* Octet by octet: what follows the line is the client's first word. */
static void read_line(struct connection *c)
{
  char octet;
  ssize_t n;
  while ((n = recv(c->net, &octet, 1, MSG_DONTWAIT)) == 1 && octet != '\n')
    if (c->have < LINE_MAX_ - 1)
      c->line[c->have++] = octet;
  if (n == 1) {
    c->line[c->have] = '\0';
    obey(c);
  } else if (n == 0 || errno != EAGAIN) {
    struct tls_refusal r;
    tls_set_text(r.reason, sizeof r.reason, "the client has gone");
    say(TLS_REFUSED, c->id, &r);
    end(c);
  }
}

enum copied { COPIED, COPIED_ALL, COPIED_NO_MORE };

static enum copied copy(int from, int to)
{
  char text[16384];
  ssize_t n = recv(from, text, sizeof text, MSG_DONTWAIT), sent = 0, at = 0;
  if (n == -1)
    return errno == EAGAIN ? COPIED : COPIED_NO_MORE;
  while (at < n && sent != -1) {
    struct pollfd p = {.fd = to, .events = POLLOUT};
    sent = send(to, text + at, (size_t)(n - at), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == -1 && errno == EAGAIN)
      sent = poll(&p, 1, 1000) - 1;
    if (sent > 0)
      at += sent;
  }
  return sent == -1 ? COPIED_NO_MORE : n > 0 ? COPIED : COPIED_ALL;
}

static void step(struct connection *c, bool net, bool plain)
{
  if (!c->relaying && plain) {
    end(c);
    return;
  }
  if (c->waiting) {
    if (there_is("release")) {
      char *space = strchr(c->line, '\0') + 1;
      c->waiting = false;
      done(c, space < c->line + c->have ? space : c->line + c->have);
    }
    return;
  }
  if (!c->relaying) {
    if (net)
      read_line(c);
    return;
  }
  if (net && !c->net_ended)
    switch (copy(c->net, c->plain)) {
    case COPIED: break;
    case COPIED_ALL:
      c->net_ended = true;
      shutdown(c->plain, SHUT_WR);
      break;
    case COPIED_NO_MORE: end(c); return;
    }
  if (plain && copy(c->plain, c->net) != COPIED)
    end(c);
}

static void take_open(struct message const *m)
{
  struct connection *c = NULL;
  struct tls_open open;
  memcpy(&open, m->payload, sizeof open);
  if (!tls_open_is_sound(&open) || open.server_name[0])
    _exit(98);
  for (size_t i = 0; i < connections && !c; i++)
    if (connection[i].net == -1)
      c = &connection[i];
  if (!c && connections < CONNECTIONS_MAX)
    c = &connection[connections++];
  if (!c)
    _exit(97);
  *c = (struct connection){.net = m->descriptor[0], .plain = m->descriptor[1], .id = m->header.id};
  note("open %d %u", (int)getpid(), m->header.id);
}

/* False at the end. */
static bool listen_to_channel(void)
{
  static struct message m;
  for (;;)
    switch (message_receive(channel, tls_to_relay, 2, &m)) {
    case MESSAGE_RECEIVED:
      if (m.header.kind == TLS_OPEN)
        take_open(&m);
      else {
        note("ping %d", (int)getpid());
        if (!there_is("mute"))
          say(TLS_PONG, m.header.id, NULL);
      }
      break;
    case MESSAGE_NONE: return true;
    case MESSAGE_END:
    case MESSAGE_REFUSED: return false;
    }
}

static bool is_idle(void)
{
  for (size_t i = 0; i < connections; i++)
    if (connection[i].net != -1 && connection[i].relaying)
      return false;
  return true;
}

static _Noreturn void be_worker(int fd)
{
  static struct pollfd p[1 + 2 * CONNECTIONS_MAX];
  bool open = true;
  channel = fd;
  signal(SIGHUP, SIG_IGN);
  while (open || !is_idle()) {
    bool deaf = there_is("deaf");
    int wait_ms = deaf ? 10 : -1;
    p[0] = (struct pollfd){.fd = open && !deaf ? channel : -1, .events = POLLIN};
    for (size_t i = 0; i < connections; i++) {
      struct connection const *c = &connection[i];
      p[1 + 2 * i] = (struct pollfd){.fd = c->net_ended || c->waiting ? -1 : c->net, .events = POLLIN};
      p[2 + 2 * i] = (struct pollfd){.fd = c->plain, .events = c->relaying ? POLLIN : 0};
      if (c->net != -1 && c->waiting)
        wait_ms = 10;
    }
    poll(p, 1 + 2 * connections, wait_ms);
    for (size_t i = 0; i < connections; i++)
      if (connection[i].net != -1)
        step(&connection[i], p[1 + 2 * i].revents != 0, p[2 + 2 * i].revents != 0);
    if (open && !deaf && p[0].revents)
      open = listen_to_channel();
  }
  _exit(0);
}

/* --- The keeper ---------------------------------------------------------------------------------------------- */

static char behaviour[256];

static bool behaves(char const *how)
{
  return strncmp(behaviour, how, strlen(how)) == 0;
}

static int number(void)
{
  char const *space = strchr(behaviour, ' ');
  return space ? atoi(space + 1) : 0;
}

static pid_t start_worker(void)
{
  struct tls_worker w = {.pid = 0};
  int pair[2], fd;
  pid_t pid;
  if (behaves("pipe") ? pipe(pair) == -1 : message_pair(pair) == -1)
    _exit(96);
  pid = fork();
  if (pid == 0) {
    dup2(pair[1], 3);
    for (fd = 4; fd < 64; fd++)
      close(fd);
    close(0);
    close(1);
    be_worker(3);
  }
  close(pair[1]);
  w.pid = behaves("unsound") ? 1 : (uint32_t)pid;
  message_send(0, tls_row(TLS_WORKER), 0, &w, &pair[0]);
  note("worker %d", (int)pid);
  close(pair[0]);
  return pid;
}

static void begin(struct message const *m)
{
  struct ids b;
  char groups[512] = "";
  memcpy(&b, m->payload, sizeof b);
  for (uint32_t i = 0; i < b.group_count && strlen(groups) < 480; i++)
    sprintf(strchr(groups, '\0'), " %u", b.group[i]);
  note("begin %u %u%s", b.uid, b.gid, groups);
  if (behaves("exit-begin"))
    _exit(number());
  if (behaves("junk"))
    send(0, "xxxxxxxxxxxxxxxxxx", 18, MSG_NOSIGNAL);
  for (int i = 0; i < (behaves("workers") ? number() : 1); i++)
    start_worker();
  if (behaves("silent"))
    return;
  message_send(0, tls_row(TLS_READY), 0, NULL, NULL);
  if (behaves("ready-twice"))
    message_send(0, tls_row(TLS_READY), 0, NULL, NULL);
  note("ready");
}

static void read_behaviour(void)
{
  char path[512];
  FILE *f;
  snprintf(path, sizeof path, "%s/keeper", folder);
  f = fopen(path, "re");
  if (!f || !fgets(behaviour, sizeof behaviour, f))
    strcpy(behaviour, "workers 1");
  if (f)
    fclose(f);
}

static void note_start(int argc, char **argv)
{
  char arguments[512] = "";
  for (int i = 1; i < argc && strlen(arguments) + strlen(argv[i]) < 500; i++)
    sprintf(strchr(arguments, '\0'), " [%s]", argv[i]);
  note("start %d%s", (int)getpid(), arguments);
}

int main(int argc, char **argv)
{
  static struct message m;
  struct pollfd p = {.fd = 0, .events = POLLIN};
  folder = getenv("TLS_FOLDER");
  if (!folder)
    return 95;
  read_behaviour();
  note_start(argc, argv);
  signal(SIGHUP, SIG_IGN);
  if (behaves("exit "))
    return number();
  if (behaves("kill"))
    kill(getpid(), SIGKILL);
  for (;;) {
    poll(&p, 1, 20);
    switch (message_receive(0, tls_to_keeper, 2, &m)) {
    case MESSAGE_RECEIVED:
      if (m.header.kind == TLS_BEGIN)
        begin(&m);
      else
        note("reload");
      break;
    case MESSAGE_NONE:
      if (waitpid(-1, NULL, WNOHANG) > 0)
        start_worker();
      break;
    case MESSAGE_END:
    case MESSAGE_REFUSED: return 0;
    }
  }
}
