/* Shared by the programs of the load generator: the clock, the text of requests, sockets, failure. */
#ifndef BENCH_SHARED_H
#define BENCH_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HEADER_BYTES 4

/* Prints the error on standard error and exits with status 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t now_ns(void);
/* The processor time that all threads of a process have used; 0 where the system does not tell it. */
uint64_t processor_ns(long pid);

void write_header(unsigned char *target, uint32_t length);
uint32_t read_header(const unsigned char *bytes);

/* ROT13 by table; every byte but the ASCII letters stays unchanged. */
unsigned char turn(unsigned char byte);

/* A connected socket. Retries for a while before the server accepts: macOS refuses connections that Linux queues. */
int connect_to(const char *path);
int listen_at(const char *path);
void make_nonblocking(int fd);

/*
 * Starts a server with the listening socket as descriptor 3, as sd_listen_fds(3) has it, in a process group of its own.
 * Its standard output goes to standard error. It ends with this program, also at SIGINT, SIGTERM and SIGHUP.
 */
pid_t start_server(int listener, char **command);
/* Ends a server and the processes of its group: by SIGTERM, after four seconds by SIGKILL. */
void stop_server(pid_t pid);

/* Raises the limit of descriptors as far as this user may; returns it. */
long raise_descriptor_limit(void);

/* The value behind `name` among the arguments, or `otherwise`. Both lists of arguments are pairs of name and value. */
const char *option(int count, char **arguments, const char *name, const char *otherwise);
uint64_t whole_option(int count, char **arguments, const char *name, const char *otherwise);
double real_option(int count, char **arguments, const char *name, const char *otherwise);

/* Counts of times in nanoseconds, each exact to about 2 %. */
struct histogram {
  uint64_t counts[64 * 64];
  uint64_t total;
  uint64_t longest;
};
void histogram_add(struct histogram *histogram, uint64_t ns);
double histogram_us(const struct histogram *histogram, double share);

/* A reply of JSON-RPC whose values hold no escapes: {"jsonrpc":"2.0","id":7,"result":"text"}, in any order. */
struct rpc_reply {
  uint64_t id;
  const char *result;
  size_t result_length;
};
bool parse_rpc_reply(const char *json, size_t length, struct rpc_reply *reply);

int load_main(int count, char **arguments);
int hold_main(int count, char **arguments);
int serve_main(int count, char **arguments);
int cold_main(int count, char **arguments);
int keep_main(int count, char **arguments);
int wall_main(int count, char **arguments);
int systemctl_main(int count, char **arguments);
int loginctl_main(void);

#endif
