/* Starts and ends a server that gets its listening socket as descriptor 3. */
#include "shared.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTEN_FD 3
/* Less than the time after which the bench kills this program. */
#define STOP_MS 4000

static volatile sig_atomic_t server;

void stop_server(pid_t pid) {
  int status;
  // The child may not have created its group yet.
  if (kill(-pid, SIGTERM) != 0) kill(pid, SIGTERM);
  for (int waited = 0; waitpid(pid, &status, WNOHANG) == 0; waited += 1) {
    if (waited == STOP_MS && kill(-pid, SIGKILL) != 0) kill(pid, SIGKILL);
    // usleep() is not safe in a signal handler, poll() is.
    poll(NULL, 0, 1);
  }
  server = 0;
}

/* Also when a measurement fails. */
static void stop_last_server(void) {
  if (server > 0) stop_server(server);
}

static void end_with_server(int number) {
  stop_last_server();
  _exit(128 + number);
}

pid_t start_server(int listener, char **command) {
  const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  sigset_t blocked, before;
  sigemptyset(&blocked);
  for (size_t index = 0; index < sizeof signals / sizeof *signals; index += 1) {
    sigaddset(&blocked, signals[index]);
    signal(signals[index], end_with_server);
  }
  // Between fork() and the assignment the handler would miss the server.
  sigprocmask(SIG_BLOCK, &blocked, &before);
  pid_t pid = fork();
  if (pid < 0) fail("cannot fork: %s", strerror(errno));
  if (pid > 0) {
    server = pid;
    atexit(stop_last_server);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
  }
  // A group of its own, with its children, which it may fail to end itself.
  setpgid(0, 0);
  for (size_t index = 0; index < sizeof signals / sizeof *signals; index += 1) signal(signals[index], SIG_DFL);
  sigprocmask(SIG_SETMASK, &before, NULL);
  char self[32];
  snprintf(self, sizeof self, "%ld", (long)getpid());
  setenv("LISTEN_PID", self, 1);
  setenv("LISTEN_FDS", "1", 1);
  // dup2 of a descriptor to itself would leave it closed on exec.
  int copy = dup(listener);
  if (dup2(copy, LISTEN_FD) < 0) _exit(126);
  if (copy != LISTEN_FD) close(copy);
  // Standard output is for the figures.
  dup2(STDERR_FILENO, STDOUT_FILENO);
  execvp(command[0], command);
  fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
  _exit(127);
}
