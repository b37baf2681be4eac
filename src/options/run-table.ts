/** The options that `run` and `dev` have beside those of the agent. Loaded at each start of an agent. */
import type { Table } from './option.ts';

const PORT = { kind: 'port', min: 0, max: 65_535 } as const;

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
  inspect: {
    flag: 'inspect',
    value: PORT,
    help: "opens Node's inspector on each thread, and replaces none that makes no progress; for `launchpool dev`",
  },
  inspectWait: {
    flag: 'inspect-wait',
    switch: true,
    help: 'has each thread wait for a debugger before it loads the module; for `launchpool dev`',
  },
  cpuProf: { flag: 'cpu-prof', switch: true, help: 'writes a CPU profile of each thread; for `launchpool dev`' },
  heapProf: { flag: 'heap-prof', switch: true, help: 'writes a heap profile of each thread; for `launchpool dev`' },
  profPrefix: {
    flag: 'prof-prefix',
    value: { kind: 'path', placeholder: 'PATH' },
    help: 'how the paths of the profiles begin; for `launchpool dev`',
  },
} as const satisfies Table;

export const DEV_TABLE = {
  socket: {
    flag: 'socket',
    value: { kind: 'path', placeholder: 'PATH' },
    defaultText: 'named after the module, and printed',
    help: 'path of the socket; the control socket stands beside it, as X.control.sock',
  },
  inspect: {
    flag: 'inspect',
    value: PORT,
    bare: '0',
    help: "starts the agent at once, opens Node's inspector on each worker thread, and prints where to attach",
    details:
      'Listens at 127.0.0.1, at PORT for the first thread and at a free port for any other, and without PORT. ' +
      'Implies --threads 1, --idle 0 and --drain 1 unless they are given, and no thread is replaced because it makes no ' +
      'progress. See debugging.md.',
  },
  inspectWait: {
    flag: 'inspect-wait',
    value: PORT,
    bare: '0',
    help: 'as --inspect; and each thread waits for a debugger before it loads the module',
  },
  cpuProf: {
    flag: 'cpu-prof',
    switch: true,
    help: 'writes a CPU profile of each worker thread when the thread or the agent ends',
    details: 'See debugging.md.',
  },
  heapProf: {
    flag: 'heap-prof',
    switch: true,
    help: 'writes a profile of the heap of each worker thread, in the same way',
  },
  profDir: {
    flag: 'prof-dir',
    value: { kind: 'path', placeholder: 'FOLDER' },
    defaultText: 'the working folder',
    help: 'folder for the profiles; made if it is missing',
  },
} as const satisfies Table;
