/** The options that `run` and `dev` have beside those of the agent. Loaded at each start of an agent. */
import type { Table } from './option.ts';

export const RUN_TABLE = {
  socket: {
    flag: 'socket',
    value: { kind: 'path', placeholder: 'PATH' },
    help: 'path of the socket that the supervisor passes to the agent',
  },
  label: {
    flag: 'label',
    value: { kind: 'text', placeholder: 'LABEL' },
    help: "the agent's label in launchd",
  },
  cache: {
    flag: 'cache',
    value: { kind: 'path', placeholder: 'FOLDER' },
    defaultText: "a folder in the user's cache",
    help: 'folder for compiled code',
  },
  logFile: {
    flag: 'log-file',
    value: { kind: 'path', placeholder: 'FILE' },
    help: 'file behind standard error; the agent limits its size',
  },
  development: {
    flag: 'development',
    switch: true,
    help: 'logs for people, sends stacks to callers, and reports loaded files to `launchpool dev`',
  },
} as const satisfies Table;

export const DEV_TABLE = {
  socket: {
    flag: 'socket',
    value: { kind: 'path', placeholder: 'PATH' },
    defaultText: 'named after the module, and printed',
    help: 'path of the socket; the control socket stands beside it, as X.control.sock',
  },
} as const satisfies Table;
