/*
 * The load generator of the bench:
 *   load  sends requests over many connections, checks each reply, and prints rates and times as a line of JSON;
 *   hold  opens idle connections, sends requests on some, and keeps all until its standard input ends;
 *   cold  starts a server for each connection, and times its first reply;
 *   keep  starts a server, and ends it when its standard input ends;
 *   wall  times a program from its start to its end, and checks its output;
 *   serve answers in C, which shows the limit of the generator itself.
 * Under the names systemctl and loginctl it is a double of these programs.
 */
#include "shared.h"

#include <signal.h>
#include <string.h>

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  const char *slash = strrchr(arguments[0], '/');
  const char *name = slash == NULL ? arguments[0] : slash + 1;
  if (strcmp(name, "systemctl") == 0) return systemctl_main(count - 1, arguments + 1);
  if (strcmp(name, "loginctl") == 0) return loginctl_main();
  const char *what = count > 1 ? arguments[1] : "";
  if (strcmp(what, "cold") == 0) return cold_main(count - 2, arguments + 2);
  if (strcmp(what, "keep") == 0) return keep_main(count - 2, arguments + 2);
  if (strcmp(what, "wall") == 0) return wall_main(count - 2, arguments + 2);
  if (count % 2 != 0) fail("usage: %s load|hold|cold|keep|wall|serve --socket PATH [--option value ...]", arguments[0]);
  if (strcmp(what, "load") == 0) return load_main(count - 2, arguments + 2);
  if (strcmp(what, "hold") == 0) return hold_main(count - 2, arguments + 2);
  if (strcmp(what, "serve") == 0) return serve_main(count - 2, arguments + 2);
  fail("%s: not one of load, hold, cold, keep, wall, serve", what);
}
