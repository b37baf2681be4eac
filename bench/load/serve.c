/*
 * serve: answers in C, on one thread, as simply as possible. Its figures are the upper limit of the
 * generator itself. Prints `ready` and its process id, and ends with its standard input.
 *
 *   --socket PATH  --mode raw|rpc  --expect rot13|echo
 */
#include "shared.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_CLIENTS 1024
#define RAW_BYTES (256 * 1024)
/* A request of JSON-RPC is answered when all of it has been read. */
#define RPC_BYTES (4 * 1024 * 1024)
#define RPC_REQUEST_BEFORE_ID "{\"jsonrpc\":\"2.0\",\"id\":"
#define RPC_RESULT ",\"result\":"

struct client {
  int fd;
  /* Unanswered input: whole requests and the beginning of one. */
  unsigned char *in;
  size_t in_bytes;
  /* Raw replies are as long as their requests: the rest of the current one. */
  size_t left;
  unsigned char *out;
  size_t out_from, out_to;
};

static bool rpc, echo;
static size_t room;
static unsigned char turned[256];

static void turn_all(unsigned char *target, const unsigned char *source, size_t length) {
  if (echo) memcpy(target, source, length);
  else
    for (size_t index = 0; index < length; index += 1) target[index] = turned[source[index]];
}

/* Answers all input so far, in parts: the consumed input goes to the output. */
static size_t answer_raw(struct client *client) {
  size_t at = 0;
  while (at < client->in_bytes) {
    if (client->left == 0) {
      if (client->in_bytes - at < HEADER_BYTES) break;
      memcpy(client->out + client->out_to, client->in + at, HEADER_BYTES);
      client->left = read_header(client->in + at);
      at += HEADER_BYTES;
      client->out_to += HEADER_BYTES;
    }
    size_t part = client->left < client->in_bytes - at ? client->left : client->in_bytes - at;
    turn_all(client->out + client->out_to, client->in + at, part);
    at += part;
    client->out_to += part;
    client->left -= part;
  }
  return at;
}

/* Accepts only the exact form of the generator's requests. */
static size_t answer_rpc(struct client *client) {
  size_t at = 0;
  while (client->in_bytes - at >= HEADER_BYTES) {
    size_t length = read_header(client->in + at);
    if (length > room - HEADER_BYTES) fail("a request is too long");
    if (client->in_bytes - at < HEADER_BYTES + length) break;
    const unsigned char *json = client->in + at + HEADER_BYTES;
    const unsigned char *id_end = memchr(json + sizeof RPC_REQUEST_BEFORE_ID - 1, ',', length);
    const unsigned char *text = id_end == NULL ? NULL : memchr(id_end, '[', length - (size_t)(id_end - json));
    if (text == NULL) fail("a request does not have the form of the generator");
    size_t before = (size_t)(id_end - json);
    size_t text_bytes = length - (size_t)(text + 1 - json) - 2;
    unsigned char *out = client->out + client->out_to + HEADER_BYTES;
    memcpy(out, json, before);
    memcpy(out + before, RPC_RESULT, sizeof RPC_RESULT - 1);
    size_t reply_bytes = before + sizeof RPC_RESULT - 1;
    turn_all(out + reply_bytes, text + 1, text_bytes);
    reply_bytes += text_bytes;
    out[reply_bytes++] = '}';
    write_header(client->out + client->out_to, (uint32_t)reply_bytes);
    client->out_to += HEADER_BYTES + reply_bytes;
    at += HEADER_BYTES + length;
  }
  return at;
}

/* False when the client has disconnected. */
static bool serve_client(struct client *client) {
  if (client->out_from == client->out_to) {
    ssize_t got = read(client->fd, client->in + client->in_bytes, room - client->in_bytes);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    client->in_bytes += (size_t)got;
    client->out_from = client->out_to = 0;
    size_t taken = rpc ? answer_rpc(client) : answer_raw(client);
    client->in_bytes -= taken;
    memmove(client->in, client->in + taken, client->in_bytes);
  }
  while (client->out_from < client->out_to) {
    ssize_t written = write(client->fd, client->out + client->out_from, client->out_to - client->out_from);
    if (written < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS;
    client->out_from += (size_t)written;
  }
  return true;
}

static void accept_client(int listener, struct client *client) {
  client->fd = accept(listener, NULL, NULL);
  if (client->fd < 0) fail("accept: %s", strerror(errno));
  make_nonblocking(client->fd);
  client->in = malloc(room);
  client->out = malloc(2 * room);
  if (client->in == NULL || client->out == NULL) fail("out of memory");
  client->in_bytes = client->left = client->out_from = client->out_to = 0;
}

int serve_main(int count, char **arguments) {
  static struct client clients[MOST_CLIENTS];
  static struct pollfd polled[MOST_CLIENTS + 2];
  int inherited = (int)whole_option(count, arguments, "--fd", "0");
  int listener = inherited > 0 ? inherited : listen_at(option(count, arguments, "--socket", NULL));
  echo = strcmp(option(count, arguments, "--expect", "rot13"), "echo") == 0;
  rpc = strcmp(option(count, arguments, "--mode", "raw"), "rpc") == 0;
  room = rpc ? RPC_BYTES : RAW_BYTES;
  for (int byte = 0; byte < 256; byte += 1) turned[byte] = turn((unsigned char)byte);
  printf("ready %ld\n", (long)getpid());
  fflush(stdout);

  for (int open = 0;;) {
    polled[0] = (struct pollfd){.fd = listener, .events = open < MOST_CLIENTS ? POLLIN : 0};
    polled[1] = (struct pollfd){.fd = inherited > 0 ? -1 : 0, .events = POLLIN};
    for (int index = 0; index < open; index += 1) {
      bool writing = clients[index].out_from < clients[index].out_to;
      polled[index + 2] = (struct pollfd){.fd = clients[index].fd, .events = writing ? POLLOUT : POLLIN};
    }
    int waiting = open;
    if (poll(polled, (nfds_t)(open + 2), -1) < 0 && errno != EINTR) fail("poll: %s", strerror(errno));
    char rest[64];
    if (polled[1].revents != 0 && read(0, rest, sizeof rest) <= 0) return 0;
    /* From the last to the first, so that the last can replace a removed one. */
    for (int index = waiting - 1; index >= 0; index -= 1) {
      if (polled[index + 2].revents == 0 || serve_client(&clients[index])) continue;
      close(clients[index].fd);
      free(clients[index].in);
      free(clients[index].out);
      clients[index] = clients[--open];
    }
    if (polled[0].revents != 0) accept_client(listener, &clients[open++]);
  }
}
