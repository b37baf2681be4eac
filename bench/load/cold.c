/*
 * cold: how long it takes from a connection to the first reply of a server that has to be started for it, with the
 * listening socket as descriptor 3 as sd_listen_fds(3) has it. Prints each time as a line of JSON. The server is ended
 * after each reply, and has exited before the next round.
 *
 *   --socket PATH  --rounds N  --text TEXT  --reply TEXT  --burst N  -- COMMAND ARGUMENT ...
 *
 * With --burst, that many connections are made at once; firstMs is then the time of the earliest reply, lastMs of the latest.
 */
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_CONNECTIONS 1024
#define MOST_BYTES 65536
#define PATIENCE_MS 20000
#define LOOK_MS 500

/* One client: its socket, the received part of its reply, and the time at which the reply was complete. */
struct caller {
  int fd;
  size_t got;
  double ms;
  unsigned char bytes[MOST_BYTES];
};

static void ask(struct caller *caller, const unsigned char *request, size_t length) {
  if (write(caller->fd, request, length) != (ssize_t)length) fail("cannot write: %s", strerror(errno));
}

/* Waits until every reply is complete, and checks it. */
static void receive_replies(struct caller *callers, int count, const unsigned char *expected, size_t length, uint64_t started_ns, pid_t pid) {
  static struct pollfd polled[MOST_CONNECTIONS];
  for (int open = count; open > 0;) {
    for (int index = 0; index < count; index += 1)
      polled[index] = (struct pollfd){.fd = callers[index].got < length ? callers[index].fd : -1, .events = POLLIN};
    if (poll(polled, (nfds_t)count, LOOK_MS) == 0) {
      if (waitpid(pid, NULL, WNOHANG) == pid) fail("the server exited without a reply");
      if (now_ns() - started_ns > PATIENCE_MS * 1000000ull) fail("no reply within %d ms", PATIENCE_MS);
    }
    for (int index = 0; index < count; index += 1) {
      struct caller *caller = &callers[index];
      if (polled[index].fd < 0 || polled[index].revents == 0) continue;
      ssize_t got = read(caller->fd, caller->bytes + caller->got, length - caller->got);
      if (got == 0) fail("closed by the server");
      if (got < 0) fail("cannot read: %s", strerror(errno));
      caller->got += (size_t)got;
      if (caller->got < length) continue;
      if (memcmp(caller->bytes, expected, length) != 0) fail("wrong reply: %.*s", (int)length - HEADER_BYTES, caller->bytes + HEADER_BYTES);
      caller->ms = (double)(now_ns() - started_ns) / 1e6;
      open -= 1;
    }
  }
}

static size_t frame(unsigned char *target, const char *text) {
  size_t length = strlen(text);
  if (length + HEADER_BYTES > MOST_BYTES) fail("a text is too long");
  write_header(target, (uint32_t)length);
  memcpy(target + HEADER_BYTES, text, length);
  return length + HEADER_BYTES;
}

int cold_main(int count, char **arguments) {
  int options = 0;
  while (options < count && strcmp(arguments[options], "--") != 0) options += 1;
  if (options + 1 >= count) fail("cold: -- and a command are required");
  const char *path = option(options, arguments, "--socket", NULL);
  long stay_ms = (long)whole_option(options, arguments, "--stay", "0");
  int burst = (int)whole_option(options, arguments, "--burst", "1");
  if (burst < 1 || burst > MOST_CONNECTIONS) fail("--burst: 1 to %d", MOST_CONNECTIONS);
  static unsigned char request[MOST_BYTES], expected[MOST_BYTES];
  size_t request_length = frame(request, option(options, arguments, "--text", "Hello"));
  size_t expected_length = frame(expected, option(options, arguments, "--reply", "Uryyb"));
  struct caller *callers = calloc((size_t)burst, sizeof *callers);
  if (callers == NULL) fail("out of memory");
  // A failed run may have left its socket.
  unlink(path);
  int listener = listen_at(path);

  uint64_t started_ns = now_ns();
  for (int index = 0; index < burst; index += 1) {
    callers[index].fd = connect_to(path);
    // The server must not inherit it: it would keep the connection open.
    fcntl(callers[index].fd, F_SETFD, FD_CLOEXEC);
    ask(&callers[index], request, request_length);
  }
  // Like a supervisor: the first connection starts the server.
  pid_t pid = start_server(listener, arguments + options + 1);
  receive_replies(callers, burst, expected, expected_length, started_ns, pid);
  double first = callers[0].ms, last = callers[0].ms;
  for (int index = 0; index < burst; index += 1) {
    if (callers[index].ms < first) first = callers[index].ms;
    if (callers[index].ms > last) last = callers[index].ms;
    close(callers[index].fd);
  }
  usleep((useconds_t)stay_ms * 1000);
  stop_server(pid);
  printf("{\"firstMs\":%.3f,\"lastMs\":%.3f}\n", first, last);
  unlink(path);
  return 0;
}
