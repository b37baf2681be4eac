#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_ATTEMPTS 2000
#define CONNECT_PAUSE_US 5000

void fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  vfprintf(stderr, format, values);
  va_end(values);
  fputc('\n', stderr);
  exit(1);
}

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t processor_ns(long pid) {
#ifdef __linux__
  clockid_t clock;
  struct timespec time;
  if (clock_getcpuclockid((pid_t)pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
#else
  (void)pid;
  return 0;
#endif
}

void write_header(unsigned char *target, uint32_t length) {
  target[0] = (unsigned char)(length >> 24);
  target[1] = (unsigned char)(length >> 16);
  target[2] = (unsigned char)(length >> 8);
  target[3] = (unsigned char)length;
}

uint32_t read_header(const unsigned char *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

unsigned char turn(unsigned char byte) {
  unsigned char letter = byte | 0x20;
  if (letter < 'a' || letter > 'z') return byte;
  return letter < 'n' ? byte + 13 : byte - 13;
}

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) fail("%s: too long for the path of a socket", path);
  strcpy(address.sun_path, path);
  return address;
}

int connect_to(const char *path) {
  struct sockaddr_un address = address_of(path);
  for (int attempt = 0;; attempt += 1) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) fail("socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    int error = errno;
    close(fd);
    bool full = error == ECONNREFUSED || error == EAGAIN || error == EINTR;
    if (!full || attempt == CONNECT_ATTEMPTS) fail("%s: cannot connect: %s", path, strerror(error));
    usleep(CONNECT_PAUSE_US);
  }
}

int listen_at(const char *path) {
  struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 511) != 0)
    fail("%s: cannot listen: %s", path, strerror(errno));
  return fd;
}

void make_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) fail("fcntl: %s", strerror(errno));
}

long raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("getrlimit: %s", strerror(errno));
  rlim_t most = limit.rlim_max;
#ifdef OPEN_MAX
  /* macOS reports "unlimited" and accepts no more than this. */
  if (most == RLIM_INFINITY || most > OPEN_MAX) most = OPEN_MAX;
#endif
  if (most > limit.rlim_cur) {
    limit.rlim_cur = most;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur == RLIM_INFINITY ? LONG_MAX : (long)limit.rlim_cur;
}

const char *option(int count, char **arguments, const char *name, const char *otherwise) {
  for (int index = 0; index + 1 < count; index += 2)
    if (strcmp(arguments[index], name) == 0) return arguments[index + 1];
  if (otherwise == NULL) fail("%s is missing", name);
  return otherwise;
}

double real_option(int count, char **arguments, const char *name, const char *otherwise) {
  const char *text = option(count, arguments, name, otherwise);
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != '\0' || value < 0) fail("%s %s: not a number", name, text);
  return value;
}

uint64_t whole_option(int count, char **arguments, const char *name, const char *otherwise) {
  double value = real_option(count, arguments, name, otherwise);
  if (value != (double)(uint64_t)value) fail("%s: not a whole number", name);
  return (uint64_t)value;
}

/* Below 128 each nanosecond has a bucket; above, each doubling has 64 buckets of equal width. */
static unsigned place_of(uint64_t ns) {
  if (ns < 64) return (unsigned)ns;
  unsigned row = 0;
  for (uint64_t rest = ns >> 7; rest > 0; rest >>= 1) row += 1;
  return row * 64 + (unsigned)(ns >> row);
}

static double middle_of(unsigned place) {
  if (place < 128) return place;
  unsigned row = place / 64 - 1;
  uint64_t step = place - row * 64;
  return ((double)step + 0.5) * (double)((uint64_t)1 << row);
}

void histogram_add(struct histogram *histogram, uint64_t ns) {
  unsigned place = place_of(ns);
  histogram->counts[place < 4096 ? place : 4095] += 1;
  histogram->total += 1;
  if (ns > histogram->longest) histogram->longest = ns;
}

double histogram_us(const struct histogram *histogram, double share) {
  if (histogram->total == 0) return 0;
  uint64_t wanted = (uint64_t)(share * (double)histogram->total);
  uint64_t seen = 0;
  for (unsigned place = 0; place < 4096; place += 1) {
    seen += histogram->counts[place];
    if (seen > wanted) {
      double ns = middle_of(place);
      return (ns < (double)histogram->longest ? ns : (double)histogram->longest) / 1000;
    }
  }
  return (double)histogram->longest / 1000;
}

static const char *skip_space(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at += 1;
  return at;
}

/* The end of the string whose first quote is at `at`, behind its last quote; NULL when it is not such a string. */
static const char *skip_string(const char *at, const char *end) {
  if (at == end || *at != '"') return NULL;
  for (at += 1; at < end && *at != '"'; at += 1)
    if (*at == '\\') return NULL;
  return at == end ? NULL : at + 1;
}

static bool is_text(const char *from, const char *to, const char *text) {
  return (size_t)(to - from) == strlen(text) && memcmp(from, text, (size_t)(to - from)) == 0;
}

bool parse_rpc_reply(const char *json, size_t length, struct rpc_reply *reply) {
  const char *end = json + length;
  const char *at = skip_space(json, end);
  bool version = false, id = false, result = false;
  if (at == end || *at != '{') return false;
  do {
    const char *name = skip_space(at + 1, end);
    const char *name_end = skip_string(name, end);
    if (name_end == NULL) return false;
    const char *value = skip_space(name_end, end);
    if (value == end || *value != ':') return false;
    value = skip_space(value + 1, end);
    if (is_text(name, name_end, "\"id\"") && !id) {
      id = value < end && *value >= '0' && *value <= '9';
      for (reply->id = 0; value < end && *value >= '0' && *value <= '9'; value += 1)
        reply->id = reply->id * 10 + (uint64_t)(*value - '0');
      at = value;
    } else {
      at = skip_string(value, end);
      if (at == NULL) return false;
      if (is_text(name, name_end, "\"jsonrpc\"") && is_text(value, at, "\"2.0\"")) {
        version = true;
      } else if (is_text(name, name_end, "\"result\"") && !result) {
        result = true;
        reply->result = value + 1;
        reply->result_length = (size_t)(at - value) - 2;
      } else {
        return false;
      }
    }
    at = skip_space(at, end);
  } while (at < end && *at == ',');
  if (at == end || *at != '}' || skip_space(at + 1, end) != end) return false;
  return version && id && result;
}
