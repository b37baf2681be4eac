/** What the help and the completion of a shell say of each verb: its line, and the words that it takes beside its options. */
import type { Verb } from './verb-tables.ts';

/** What a word stands for. A target is a label or the path of a socket. */
export type WordKind = 'module' | 'folder' | 'label' | 'target' | 'method' | 'version' | 'level' | 'shell';

/** The words of `call` end with the method: its arguments can be anything. */
type VerbEntry = {
  summary: string;
  words: readonly WordKind[];
  /** What all further words stand for. */
  more?: WordKind;
};

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const VERBS: Readonly<Record<Verb, VerbEntry>> = {
  init: { summary: 'write a new agent: a module, its test, a README', words: ['folder'] },
  dev: { summary: 'hold a socket and start the agent on demand, in the foreground', words: ['module'] },
  serve: { summary: 'serve the agent on NATS, for many machines, in the foreground', words: ['module'] },
  run: { summary: 'serve the agent; for supervisors', words: ['module'] },
  install: { summary: 'have launchd or systemd start an agent on demand', words: ['module'] },
  upgrade: { summary: 'install an agent again, from the same module', words: ['label'] },
  versions: { summary: 'list the versions of an installed agent that are kept', words: ['label'] },
  rollback: { summary: 'return an installed agent to an earlier version', words: ['label', 'version'] },
  uninstall: { summary: 'remove an installed agent and everything that belongs to it', words: ['label'] },
  stop: { summary: 'stop an installed agent until it is started', words: ['label'] },
  start: { summary: 'start an agent that is stopped', words: ['label'] },
  restart: { summary: 'restart an installed agent', words: ['label'] },
  status: { summary: 'print the state of an installed agent', words: ['label'] },
  list: { summary: 'print the state of all installed agents', words: [] },
  path: { summary: 'print the path of the socket of an installed agent', words: ['label'] },
  env: { summary: 'print the paths of an installed agent as variables for a shell', words: ['label'] },
  logs: { summary: 'print the log of an installed agent', words: ['label'] },
  doctor: { summary: 'find problems of installed agents', words: ['label'] },
  top: { summary: 'show the state and load of agents, repeatedly', words: ['target'] },
  reload: { summary: 'have a running agent load its module again', words: ['target'] },
  metrics: { summary: 'print the metrics of a running agent, in the format of Prometheus', words: ['target'] },
  'log-level': { summary: 'print or change the log level of a running agent', words: ['target', 'level'] },
  describe: { summary: 'print the methods of an agent', words: ['target', 'method'] },
  call: { summary: 'call a method and print its result', words: ['target', 'method'] },
  repl: { summary: 'call an agent line by line', words: ['target'] },
  mcp: {
    summary: 'serve agents as tools to a client of MCP, on standard input and output',
    words: ['label'],
    more: 'label',
  },
  completion: { summary: 'print the script with which a shell completes commands', words: ['shell'] },
};
