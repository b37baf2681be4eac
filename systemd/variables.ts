/** Variables of sd_listen_fds(3), sd_notify(3) and sd_watchdog_enabled(3), which threads and child processes must not see. */
export const SYSTEMD_VARIABLES = [
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'LISTEN_PIDFDID',
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
] as const;
