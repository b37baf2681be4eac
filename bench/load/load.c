/*
 * load: each connection has up to `depth` open requests and sends another one for every reply. Each request is a text
 * of letters and digits that is unique; each reply must be that text, in ROT13 or unchanged, raw ones in the order of
 * the requests, those of JSON-RPC by id. A wrong, missing or second reply ends the program with status 1.
 *
 *   --socket PATH  --connections N  --depth N  --size BYTES  --mode raw|rpc
 *   --expect rot13|echo, which is the method of JSON-RPC too
 *   --seconds S    --warm-up S      --count N (requests in all, instead of seconds)
 *   The time is prolonged, five times at most, until the counted replies are four times the open requests.
 *   --prefix TEXT  the beginning of every text
 *   --slow N       further connections, of depth 1, timed separately, with texts that begin with --slow-prefix TEXT
 *   --pid N       the processor time of this process is printed too, in microseconds for each counted request
 *   --patience S   without any reply for this time, the open requests count as missing
 */
#include "shared.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* The unique part of a request: four digits of base 36 for the connection, eight for its sequence. */
#define KEY_BYTES 12
#define MOST_PREFIX_BYTES 64
#define MOST_HEAD_BYTES (MOST_PREFIX_BYTES + KEY_BYTES)
/* Texts begin at different places of the same row of letters, so that the text of another request is not taken for the right one. */
#define TEXT_PLACES 4096
/* Longer texts are written in place; shorter ones are copied, many into one write. */
#define LONGEST_COPIED 16384
#define READ_BYTES (256 * 1024)
#define RPC_BEFORE_ID "{\"jsonrpc\":\"2.0\",\"id\":"
#define RPC_BEFORE_METHOD ",\"method\":\""
#define RPC_BEFORE_TEXT "\",\"params\":[\""
#define LONGEST_METHOD "rot13"
#define RPC_AFTER_TEXT "\"]}"
#define MOST_RPC_BYTES \
  (sizeof RPC_BEFORE_ID + sizeof RPC_BEFORE_METHOD + sizeof LONGEST_METHOD + sizeof RPC_BEFORE_TEXT + sizeof RPC_AFTER_TEXT + 20)
#define MOST_REPLY_BYTES (64u << 20)

struct request {
  uint64_t sequence;
  uint64_t id;
  uint64_t started_ns;
  bool under_way;
};

struct connection {
  int fd;
  uint32_t index;
  bool slow;
  uint32_t depth;
  const char *prefix;
  size_t head_bytes;
  size_t tail_bytes;

  /* Raw: a ring by sequence. RPC: by the id, which is a multiple of the depth plus the place. */
  struct request *requests;
  uint32_t *free_places;
  uint32_t free_count;
  uint64_t sent;
  uint64_t received;

  unsigned char *out;
  size_t out_from, out_to, out_room;
  const char *out_tail;
  size_t out_tail_bytes;
  const char *out_end;
  size_t out_end_bytes;

  /* The reply that is being read: how far, its length, and for raw ones the expected beginning. */
  size_t position;
  unsigned char header[HEADER_BYTES];
  uint32_t length;
  char expected_head[MOST_HEAD_BYTES];
  const char *expected_tail;
  char *reply;
  size_t reply_room;
  bool ended;
};

static struct {
  bool rpc;
  const char *method;
  uint32_t connections;
  uint64_t most_requests;
  uint64_t started;
  uint64_t answered;
  bool stopping;
  uint64_t from_ns;
  uint64_t until_ns;
  uint64_t counted;
  uint64_t counted_bytes;
  uint64_t last_reply_ns;
  long pid;
  uint64_t processor_from_ns;
  uint64_t processor_until_ns;
} run;

static struct histogram fast_times, slow_times;
static char *plain_text, *expected_text;
static unsigned char expected_turn[256];
static unsigned char input[READ_BYTES];

static void make_texts(size_t longest, bool echo) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  size_t length = longest + TEXT_PLACES;
  plain_text = malloc(length);
  expected_text = malloc(length);
  if (plain_text == NULL || expected_text == NULL) fail("out of memory");
  for (int byte = 0; byte < 256; byte += 1)
    expected_turn[byte] = echo ? (unsigned char)byte : turn((unsigned char)byte);
  uint32_t random = 0x2545f491;
  for (size_t index = 0; index < length; index += 1) {
    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    plain_text[index] = letters[random % 62];
    expected_text[index] = (char)expected_turn[(unsigned char)plain_text[index]];
  }
}

static size_t place_of_text(const struct connection *connection, uint64_t sequence) {
  return (size_t)(connection->index * 997u + sequence * 61u) % TEXT_PLACES;
}

static void write_key(char *target, uint64_t number, int digits) {
  for (int index = digits - 1; index >= 0; index -= 1, number /= 36)
    target[index] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
}

static void write_head(const struct connection *connection, uint64_t sequence, char *target) {
  size_t prefix_bytes = connection->head_bytes - KEY_BYTES;
  memcpy(target, connection->prefix, prefix_bytes);
  write_key(target + prefix_bytes, connection->index, 4);
  write_key(target + prefix_bytes + 4, sequence, 8);
}

static void expect_reply_to(struct connection *connection, uint64_t sequence) {
  write_head(connection, sequence, connection->expected_head);
  for (size_t index = 0; index < connection->head_bytes; index += 1)
    connection->expected_head[index] = (char)expected_turn[(unsigned char)connection->expected_head[index]];
  connection->expected_tail = expected_text + place_of_text(connection, sequence);
}

static void open_connection(struct connection *connection, const char *path, uint32_t index) {
  size_t frame = HEADER_BYTES + connection->head_bytes + MOST_RPC_BYTES;
  connection->fd = connect_to(path);
  make_nonblocking(connection->fd);
  connection->index = index;
  connection->out_room = connection->tail_bytes > LONGEST_COPIED ? frame : (frame + connection->tail_bytes) * connection->depth;
  connection->out = malloc(connection->out_room);
  connection->requests = calloc(connection->depth, sizeof *connection->requests);
  connection->free_places = calloc(connection->depth, sizeof *connection->free_places);
  if (connection->out == NULL || connection->requests == NULL || connection->free_places == NULL) fail("out of memory");
  while (connection->free_count < connection->depth) {
    connection->free_places[connection->free_count] = connection->free_count;
    connection->free_count += 1;
  }
}

static void append(struct connection *connection, const void *bytes, size_t length) {
  memcpy(connection->out + connection->out_to, bytes, length);
  connection->out_to += length;
}

/* Puts the next request behind those that wait to be written. */
static void ask(struct connection *connection, uint64_t now) {
  uint64_t sequence = connection->sent++;
  uint32_t place = run.rpc ? connection->free_places[--connection->free_count] : (uint32_t)(sequence % connection->depth);
  struct request *request = &connection->requests[place];
  request->sequence = sequence;
  request->id = sequence * connection->depth + place;
  request->started_ns = now;
  request->under_way = true;
  run.started += 1;

  size_t text_bytes = connection->head_bytes + connection->tail_bytes;
  const char *tail = plain_text + place_of_text(connection, sequence);
  size_t header_at = connection->out_to;
  connection->out_to += HEADER_BYTES;
  if (run.rpc) {
    char before[MOST_RPC_BYTES];
    int length = snprintf(before, sizeof before, RPC_BEFORE_ID "%" PRIu64 RPC_BEFORE_METHOD "%s" RPC_BEFORE_TEXT,
                          request->id, run.method);
    append(connection, before, (size_t)length);
    write_header(connection->out + header_at, (uint32_t)((size_t)length + text_bytes + sizeof RPC_AFTER_TEXT - 1));
  } else {
    write_header(connection->out + header_at, (uint32_t)text_bytes);
  }
  write_head(connection, sequence, (char *)connection->out + connection->out_to);
  connection->out_to += connection->head_bytes;
  if (connection->tail_bytes > LONGEST_COPIED) {
    connection->out_tail = tail;
    connection->out_tail_bytes = connection->tail_bytes;
    connection->out_end = RPC_AFTER_TEXT;
    connection->out_end_bytes = run.rpc ? sizeof RPC_AFTER_TEXT - 1 : 0;
  } else {
    append(connection, tail, connection->tail_bytes);
    if (run.rpc) append(connection, RPC_AFTER_TEXT, sizeof RPC_AFTER_TEXT - 1);
  }
}

static bool has_output(const struct connection *connection) {
  return connection->out_from < connection->out_to || connection->out_tail_bytes > 0 || connection->out_end_bytes > 0;
}

/* Writes the waiting bytes; returns whether the socket has taken all of them. */
static bool flush_output(struct connection *connection) {
  while (has_output(connection)) {
    struct iovec parts[3] = {
        {connection->out + connection->out_from, connection->out_to - connection->out_from},
        {(void *)(uintptr_t)connection->out_tail, connection->out_tail_bytes},
        {(void *)(uintptr_t)connection->out_end, connection->out_end_bytes},
    };
    ssize_t written = writev(connection->fd, parts, connection->out_end_bytes > 0 ? 3 : connection->out_tail_bytes > 0 ? 2 : 1);
    if (written < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return false;
      if (errno == EINTR) continue;
      fail("connection %u: cannot write: %s", connection->index, strerror(errno));
    }
    size_t left = (size_t)written;
    size_t from_out = left < parts[0].iov_len ? left : parts[0].iov_len;
    left -= from_out;
    size_t from_tail = left < parts[1].iov_len ? left : parts[1].iov_len;
    left -= from_tail;
    connection->out_from += from_out;
    connection->out_tail += from_tail;
    connection->out_tail_bytes -= from_tail;
    connection->out_end += left;
    connection->out_end_bytes -= left;
  }
  connection->out_from = connection->out_to = 0;
  return true;
}

static bool may_ask(const struct connection *connection) {
  if (run.stopping || connection->sent - connection->received >= connection->depth) return false;
  return run.most_requests == 0 || run.started < run.most_requests;
}

/* Sends as many requests as it may, in as few writes as possible. */
static void keep_asking(struct connection *connection) {
  if (!flush_output(connection)) return;
  while (may_ask(connection)) {
    uint64_t now = now_ns();
    do ask(connection, now);
    while (connection->tail_bytes <= LONGEST_COPIED && may_ask(connection));
    if (!flush_output(connection)) return;
  }
}

static void answered(struct connection *connection, struct request *request, uint64_t now) {
  request->under_way = false;
  connection->received += 1;
  run.answered += 1;
  run.last_reply_ns = now;
  if (now < run.from_ns || request->started_ns >= run.until_ns) return;
  /* Requests that are open at the end of the time count in the latencies: only the rate ends there. */
  histogram_add(connection->slow ? &slow_times : &fast_times, now - request->started_ns);
  if (connection->slow || now >= run.until_ns) return;
  run.counted += 1;
  run.counted_bytes += connection->head_bytes + connection->tail_bytes;
}

_Noreturn static void fail_unasked(const struct connection *connection) {
  fail("connection %u: a reply without a request, or a second one, behind %" PRIu64 " right ones",
       connection->index, connection->received);
}

_Noreturn static void fail_wrong(const struct connection *connection, const char *what) {
  fail("connection %u: wrong reply behind %" PRIu64 " right ones: %s", connection->index, connection->received, what);
}

/* Compares a part of a raw reply, which may end anywhere, with the expected bytes. */
static void check_piece(struct connection *connection, const unsigned char *piece, size_t length) {
  size_t at = connection->position - HEADER_BYTES;
  if (at < connection->head_bytes) {
    size_t part = connection->head_bytes - at < length ? connection->head_bytes - at : length;
    if (memcmp(piece, connection->expected_head + at, part) != 0) fail_wrong(connection, "its beginning differs");
    piece += part;
    length -= part;
    at += part;
  }
  if (memcmp(piece, connection->expected_tail + at - connection->head_bytes, length) != 0)
    fail_wrong(connection, "its bytes differ");
}

static void begin_raw_reply(struct connection *connection) {
  if (connection->received == connection->sent) fail_unasked(connection);
  if (connection->length != connection->head_bytes + connection->tail_bytes) fail_wrong(connection, "its length differs");
  expect_reply_to(connection, connection->received);
}

static void begin_rpc_reply(struct connection *connection) {
  if (connection->received == connection->sent) fail_unasked(connection);
  if (connection->length > MOST_REPLY_BYTES) fail_wrong(connection, "it is too long");
  if (connection->length <= connection->reply_room) return;
  connection->reply_room = connection->length;
  connection->reply = realloc(connection->reply, connection->reply_room);
  if (connection->reply == NULL) fail("out of memory");
}

static void end_rpc_reply(struct connection *connection, uint64_t now) {
  struct rpc_reply reply;
  if (!parse_rpc_reply(connection->reply, connection->length, &reply))
    fail("connection %u: wrong reply: not a result: %.*s", connection->index,
         (int)(connection->length < 200 ? connection->length : 200), connection->reply);
  struct request *request = &connection->requests[reply.id % connection->depth];
  if (!request->under_way || request->id != reply.id) fail_unasked(connection);
  expect_reply_to(connection, request->sequence);
  if (reply.result_length != connection->head_bytes + connection->tail_bytes ||
      memcmp(reply.result, connection->expected_head, connection->head_bytes) != 0 ||
      memcmp(reply.result + connection->head_bytes, connection->expected_tail, connection->tail_bytes) != 0)
    fail_wrong(connection, "its result differs");
  connection->free_places[connection->free_count++] = (uint32_t)(reply.id % connection->depth);
  answered(connection, request, now);
}

/* Continues the replies after the earlier bytes. */
static void take(struct connection *connection, const unsigned char *bytes, size_t length, uint64_t now) {
  while (length > 0) {
    size_t part;
    if (connection->position < HEADER_BYTES) {
      part = HEADER_BYTES - connection->position < length ? HEADER_BYTES - connection->position : length;
      memcpy(connection->header + connection->position, bytes, part);
      if (connection->position + part == HEADER_BYTES) {
        connection->length = read_header(connection->header);
        if (run.rpc) begin_rpc_reply(connection);
        else begin_raw_reply(connection);
      }
    } else {
      size_t missing = HEADER_BYTES + connection->length - connection->position;
      part = missing < length ? missing : length;
      if (run.rpc) memcpy(connection->reply + connection->position - HEADER_BYTES, bytes, part);
      else check_piece(connection, bytes, part);
    }
    connection->position += part;
    bytes += part;
    length -= part;
    if (connection->position < HEADER_BYTES || connection->position < HEADER_BYTES + connection->length) continue;
    connection->position = 0;
    if (run.rpc) end_rpc_reply(connection, now);
    else answered(connection, &connection->requests[connection->received % connection->depth], now);
  }
}

/* Reads once, so that a busy connection delays no other. */
static void receive(struct connection *connection) {
  ssize_t length = read(connection->fd, input, sizeof input);
  if (length > 0) {
    take(connection, input, (size_t)length, now_ns());
    return;
  }
  if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  connection->ended = true;
  uint64_t missing = connection->sent - connection->received;
  if (length < 0) fail("connection %u: cannot read: %s", connection->index, strerror(errno));
  if (missing > 0 || connection->position > 0)
    fail("connection %u: closed by the server with %" PRIu64 " replies missing", connection->index, missing);
  if (!run.stopping) fail("connection %u: closed by the server", connection->index);
}

/* One turn: waits until a socket is readable or writable, reads and writes, and sends further requests. */
static void turn_over(struct connection *connections, struct pollfd *polled, int wait_ms) {
  for (uint32_t index = 0; index < run.connections; index += 1) {
    polled[index].fd = connections[index].ended ? -1 : connections[index].fd;
    polled[index].events = has_output(&connections[index]) ? POLLIN | POLLOUT : POLLIN;
  }
  int ready = poll(polled, run.connections, wait_ms);
  if (ready < 0 && errno != EINTR) fail("poll: %s", strerror(errno));
  for (uint32_t index = 0; index < run.connections && ready > 0; index += 1) {
    if (polled[index].revents == 0) continue;
    ready -= 1;
    if (polled[index].revents & (POLLIN | POLLHUP | POLLERR)) receive(&connections[index]);
    if (!connections[index].ended) keep_asking(&connections[index]);
  }
}

/* Bytes behind the last reply are an error: ends the sending side, and reads until the server ends its own. */
static void await_end(struct connection *connections, struct pollfd *polled) {
  uint64_t deadline = now_ns() + 2000000000u;
  uint32_t open = run.connections;
  for (uint32_t index = 0; index < run.connections; index += 1) shutdown(connections[index].fd, SHUT_WR);
  while (open > 0 && now_ns() < deadline) {
    turn_over(connections, polled, 100);
    open = 0;
    for (uint32_t index = 0; index < run.connections; index += 1) open += !connections[index].ended;
  }
}

/* A rate from only a few replies has no meaning. */
static bool prolong(uint64_t seconds_ns, uint64_t least) {
  if (run.counted >= least || run.until_ns - run.from_ns >= 5 * seconds_ns) return false;
  run.until_ns += seconds_ns / 2;
  return true;
}

static void print_result(double seconds) {
  printf("{\"count\":%" PRIu64 ",\"reqPerSec\":%.1f,\"mbPerSec\":%.2f,\"p50us\":%.1f,\"p99us\":%.1f,\"maxUs\":%.1f",
         run.counted, (double)run.counted / seconds, (double)run.counted_bytes / seconds / 1e6,
         histogram_us(&fast_times, 0.5), histogram_us(&fast_times, 0.99), (double)fast_times.longest / 1000);
  if (slow_times.total > 0)
    printf(",\"slowCount\":%" PRIu64 ",\"slowMaxUs\":%.1f", slow_times.total, (double)slow_times.longest / 1000);
  if (run.processor_until_ns > run.processor_from_ns && run.counted > 0)
    printf(",\"processorUs\":%.4f", (double)(run.processor_until_ns - run.processor_from_ns) / 1000 / (double)run.counted);
  printf(",\"checked\":%" PRIu64 "}\n", run.answered);
}

int load_main(int count, char **arguments) {
  const char *path = option(count, arguments, "--socket", NULL);
  uint32_t fast = (uint32_t)whole_option(count, arguments, "--connections", "1");
  uint32_t slow = (uint32_t)whole_option(count, arguments, "--slow", "0");
  uint32_t depth = (uint32_t)whole_option(count, arguments, "--depth", "1");
  size_t size = (size_t)whole_option(count, arguments, "--size", "64");
  const char *prefix = option(count, arguments, "--prefix", "");
  const char *slow_prefix = option(count, arguments, "--slow-prefix", "");
  double seconds = real_option(count, arguments, "--seconds", "1");
  uint64_t patience_ns = (uint64_t)(real_option(count, arguments, "--patience", "10") * 1e9);
  run.rpc = strcmp(option(count, arguments, "--mode", "raw"), "rpc") == 0;
  run.pid = (long)whole_option(count, arguments, "--pid", "0");
  run.most_requests = whole_option(count, arguments, "--count", "0");
  run.connections = fast + slow;
  if (fast == 0 || depth == 0) fail("--connections and --depth must be at least 1");
  if (strlen(prefix) > MOST_PREFIX_BYTES || strlen(slow_prefix) > MOST_PREFIX_BYTES) fail("the prefix is too long");
  size_t head_bytes = strlen(prefix) + KEY_BYTES;
  if (size < head_bytes) fail("--size must be at least %zu", head_bytes);
  raise_descriptor_limit();
  run.method = option(count, arguments, "--expect", "rot13");
  if (strlen(run.method) > sizeof LONGEST_METHOD - 1) fail("--expect: rot13 or echo");
  make_texts(size, strcmp(run.method, "echo") == 0);

  struct connection *connections = calloc(run.connections, sizeof *connections);
  struct pollfd *polled = calloc(run.connections, sizeof *polled);
  if (connections == NULL || polled == NULL) fail("out of memory");
  for (uint32_t index = 0; index < run.connections; index += 1) {
    struct connection *connection = &connections[index];
    connection->slow = index >= fast;
    connection->depth = connection->slow ? 1 : depth;
    connection->prefix = connection->slow ? slow_prefix : prefix;
    connection->head_bytes = strlen(connection->prefix) + KEY_BYTES;
    connection->tail_bytes = connection->slow ? 0 : size - head_bytes;
    open_connection(connection, path, index);
  }
  for (uint32_t index = 0; index < run.connections; index += 1) polled[index].events = POLLIN;

  uint64_t started_ns = now_ns();
  run.last_reply_ns = started_ns;
  run.from_ns = run.most_requests > 0 ? 0 : started_ns + (uint64_t)(real_option(count, arguments, "--warm-up", "0.2") * 1e9);
  run.until_ns = run.most_requests > 0 ? UINT64_MAX : run.from_ns + (uint64_t)(seconds * 1e9);
  /* The slow ones first: they must be open before the others. */
  for (uint32_t index = run.connections; index > 0; index -= 1) keep_asking(&connections[index - 1]);
  for (;;) {
    uint64_t now = now_ns();
    if (run.pid > 0 && run.processor_from_ns == 0 && now >= run.from_ns) run.processor_from_ns = processor_ns(run.pid);
    turn_over(connections, polled, 100);
    now = now_ns();
    if (now >= run.until_ns && !run.stopping) run.stopping = !prolong((uint64_t)(seconds * 1e9), 4ull * fast * depth);
    // With a number of requests, the last of them are still open when no more are sent.
    bool ended = run.most_requests > 0 ? run.answered >= run.most_requests : run.stopping;
    if (run.pid > 0 && ended && run.processor_until_ns == 0) run.processor_until_ns = processor_ns(run.pid);
    if (run.most_requests > 0 && run.started >= run.most_requests) run.stopping = true;
    if (run.stopping && run.answered == run.started) break;
    if (now > run.last_reply_ns + patience_ns)
      fail("%" PRIu64 " replies are missing: none arrived for %.1f s", run.started - run.answered, (double)patience_ns / 1e9);
  }
  uint64_t ended_ns = run.last_reply_ns;
  await_end(connections, polled);
  print_result((double)(run.most_requests > 0 ? ended_ns - started_ns : run.until_ns - run.from_ns) / 1e9);
  return 0;
}
