/*
 * hold: opens many idle connections, sends a request on every N-th of them and on the last one, prints the times as a
 * line of JSON, and keeps all of them open until its standard input ends.
 *
 *   --socket PATH  --connections N  --every N
 */
#include "shared.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Descriptors that are not connections: the standard streams, and those of the server, which has the same limit. */
#define OTHER_DESCRIPTORS 64
#define TEXT_BYTES 32
#define PATIENCE_MS 10000

static void write_all(int fd, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno != EINTR) fail("cannot write: %s", strerror(errno));
    if (written > 0) bytes += written, length -= (size_t)written;
  }
}

static void read_all(int fd, unsigned char *bytes, size_t length, long which) {
  while (length > 0) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    if (poll(&polled, 1, PATIENCE_MS) == 0) fail("connection %ld: the reply is missing", which);
    ssize_t got = read(fd, bytes, length);
    if (got == 0) fail("connection %ld: closed by the server", which);
    if (got < 0 && errno != EINTR) fail("connection %ld: cannot read: %s", which, strerror(errno));
    if (got > 0) bytes += got, length -= (size_t)got;
  }
}

/* One raw request with a text of its own, and its reply, checked. */
static void ask_one(int fd, long which) {
  unsigned char request[HEADER_BYTES + TEXT_BYTES], reply[HEADER_BYTES + TEXT_BYTES];
  write_header(request, TEXT_BYTES);
  for (int index = 0; index < TEXT_BYTES; index += 1)
    request[HEADER_BYTES + index] = (unsigned char)('a' + (which >> (index % 16)) % 26);
  write_all(fd, request, sizeof request);
  read_all(fd, reply, sizeof reply, which);
  for (int index = HEADER_BYTES; index < HEADER_BYTES + TEXT_BYTES; index += 1) request[index] = turn(request[index]);
  if (memcmp(request, reply, sizeof reply) != 0) fail("connection %ld: wrong reply", which);
}

int hold_main(int count, char **arguments) {
  const char *path = option(count, arguments, "--socket", NULL);
  long wanted = (long)whole_option(count, arguments, "--connections", "1000");
  long every = (long)whole_option(count, arguments, "--every", "100");
  long limit = raise_descriptor_limit();
  long connections = wanted < limit - OTHER_DESCRIPTORS ? wanted : limit - OTHER_DESCRIPTORS;
  if (connections < 1 || every < 1) fail("--connections and --every must be at least 1");
  int *fds = calloc((size_t)connections, sizeof *fds);
  if (fds == NULL) fail("out of memory");

  struct histogram times = {0};
  uint64_t started_ns = now_ns();
  for (long index = 0; index < connections; index += 1) fds[index] = connect_to(path);
  uint64_t connected_ns = now_ns();
  ask_one(fds[connections - 1], connections - 1);
  uint64_t accepted_ns = now_ns();
  long asked = 0;
  for (long index = 0; index < connections; index += every, asked += 1) {
    uint64_t started_ns = now_ns();
    ask_one(fds[index], index);
    histogram_add(&times, now_ns() - started_ns);
  }
  printf("{\"connections\":%ld,\"wanted\":%ld,\"limit\":%ld,\"connectMs\":%.2f,\"acceptMs\":%.2f,\"asked\":%ld,"
         "\"p50us\":%.1f,\"p99us\":%.1f,\"maxUs\":%.1f}\n",
         connections, wanted, limit, (double)(connected_ns - started_ns) / 1e6, (double)(accepted_ns - started_ns) / 1e6,
         asked, histogram_us(&times, 0.5), histogram_us(&times, 0.99), (double)times.longest / 1000);
  fflush(stdout);
  char rest[64];
  while (read(0, rest, sizeof rest) > 0) continue;
  return 0;
}
