/*
 * keep: starts a server with the listening socket as descriptor 3, prints `started` and the server's process id, and
 * ends the server when standard input ends. Fails when the server ends earlier.
 *
 *   --socket PATH  -- COMMAND ARGUMENT ...
 */
#include "shared.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_MS 200

int keep_main(int count, char **arguments) {
  int options = 0;
  while (options < count && strcmp(arguments[options], "--") != 0) options += 1;
  if (options + 1 >= count) fail("keep: -- and a command are required");
  const char *path = option(options, arguments, "--socket", NULL);
  pid_t pid = start_server(listen_at(path), arguments + options + 1);
  printf("started %ld\n", (long)pid);
  fflush(stdout);
  struct pollfd input = {.fd = 0, .events = POLLIN};
  char rest[64];
  for (;;) {
    if (poll(&input, 1, CHECK_MS) > 0 && read(0, rest, sizeof rest) <= 0) break;
    if (waitpid(pid, NULL, WNOHANG) == pid) fail("the server has exited");
  }
  stop_server(pid);
  unlink(path);
  return 0;
}
