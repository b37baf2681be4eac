/*
 * wall: starts a program, waits for its end, checks what it prints, and prints as a line of JSON the times of its end and
 * of its last output, and the processor time of the program and of its own programs.
 *
 *   --expect TEXT  its whole output
 *   --lines N      how many lines it prints, instead of the text
 *   -- COMMAND ARGUMENT ...
 */
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OUTPUT_BYTES (1 << 20)

static size_t read_all(int fd, char *bytes, size_t room, uint64_t *last_ns) {
  size_t length = 0;
  for (;;) {
    ssize_t got = read(fd, bytes + length, room - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read: %s", strerror(errno));
    if (got == 0) return length;
    length += (size_t)got;
    *last_ns = now_ns();
    if (length == room) fail("the program prints more than %d bytes", MAX_OUTPUT_BYTES);
  }
}

static void check_output(const char *bytes, size_t length, const char *expected, uint64_t lines) {
  if (lines == 0) {
    if (length != strlen(expected) || memcmp(bytes, expected, length) != 0) fail("wrong output: %.*s", (int)length, bytes);
    return;
  }
  uint64_t found = 0;
  for (size_t index = 0; index < length; index += 1) found += bytes[index] == '\n';
  if (found != lines) fail("%llu lines instead of %llu: %.*s", (unsigned long long)found, (unsigned long long)lines, (int)(length < 500 ? length : 500), bytes);
}

int wall_main(int count, char **arguments) {
  int options = 0;
  while (options < count && strcmp(arguments[options], "--") != 0) options += 1;
  if (options + 1 >= count) fail("wall: -- and a command are required");
  uint64_t lines = whole_option(options, arguments, "--lines", "0");
  const char *expected = option(options, arguments, "--expect", lines > 0 ? "" : NULL);
  char **command = arguments + options + 1;
  int output[2];
  if (pipe(output) != 0) fail("pipe: %s", strerror(errno));

  uint64_t started_ns = now_ns(), last_ns = started_ns;
  pid_t pid = fork();
  if (pid < 0) fail("cannot fork: %s", strerror(errno));
  if (pid == 0) {
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    close(output[0]);
    close(output[1]);
    execvp(command[0], command);
    fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
    _exit(127);
  }
  close(output[1]);
  static char bytes[MAX_OUTPUT_BYTES];
  size_t length = read_all(output[0], bytes, sizeof bytes, &last_ns);
  int status;
  struct rusage used;
  if (wait4(pid, &status, 0, &used) != pid) fail("wait4: %s", strerror(errno));
  double ms = (double)(now_ns() - started_ns) / 1e6;

  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail("the program failed with wait status %d", status);
  check_output(bytes, length, expected, lines);
  double processor_ms = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
                        (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
  printf("{\"ms\":%.3f,\"outputMs\":%.3f,\"processorMs\":%.3f}\n", ms, (double)(last_ns - started_ns) / 1e6, processor_ms);
  return 0;
}
