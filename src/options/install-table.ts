/** The options of `install` beside those of the agent. */
import { PROCESS_TYPES } from '../../job/job.ts';
import { JSON_TABLE } from './json-table.ts';
import { NATS_TABLE } from './nats-table.ts';
import type { Option } from './option.ts';

/** Whether an upgrade uses the given value again. */
export type InstallOption = Option & { isRetained: boolean };

const SECONDS = { kind: 'text', placeholder: 'SECONDS' } as const;

export const INSTALL_TABLE = {
  label: {
    flag: 'label',
    value: { kind: 'text', placeholder: 'LABEL' },
    defaultText: 'that of the package.json',
    help: 'name of the agent, such as com.example.rot13',
    details: 'Letters, digits, `.`, `-` and `_`.',
    readme: true,
    // The label is the name of the record that contains the options.
    isRetained: false,
  },
  env: {
    flag: 'env',
    value: { kind: 'texts', placeholder: 'NAME=VALUE' },
    defaultText: "PATH, and the supervisor's own",
    help: 'sets an environment variable of the agent, which inherits none from the shell',
    details:
      'NAME alone is refused. The value is written into files that only the user can read; programs of the user can read them, so keep secrets in files of their own.',
    readme: true,
    isRetained: true,
  },
  workingDirectory: {
    flag: 'working-directory',
    value: { kind: 'path', placeholder: 'FOLDER' },
    defaultText: 'the home folder',
    help: "the agent's working directory",
    isRetained: true,
  },
  tcp: {
    flag: 'tcp',
    value: { kind: 'text', placeholder: 'ADDRESS:PORT' },
    defaultText: 'the UNIX socket only',
    help: 'listens on this address of the loopback interface too; requires --authkey-file',
    details: '`127.0.0.1:PORT` or `[::1]:PORT`; every user of the machine can connect.',
    readme: true,
    isRetained: true,
  },
  processType: {
    flag: 'process-type',
    value: { kind: 'choice', placeholder: 'TYPE', choices: PROCESS_TYPES },
    default: 'interactive',
    help: 'macOS: how far the system may throttle the agent',
    details: 'Interactive agents are not throttled.',
    isRetained: true,
  },
  bundleIdentifiers: {
    flag: 'bundle-identifier',
    value: { kind: 'texts', placeholder: 'ID' },
    defaultText: 'none',
    help: 'macOS: the app under which System Settings lists the agent',
    isRetained: true,
  },
  node: {
    flag: 'node',
    value: { kind: 'path', placeholder: 'PATH' },
    defaultText: 'the Node that runs the command',
    help: 'the Node that the agent runs on',
    isRetained: true,
  },
  copyNode: {
    flag: 'copy-node',
    switch: true,
    help: "copies that Node into the agent's folder",
    readme: true,
    isRetained: true,
  },
  log: {
    flag: 'log',
    value: { kind: 'choice', placeholder: 'WHERE', choices: ['journal', 'file'] },
    defaultText: 'journal where there is one, otherwise file',
    help: "destination of the agent's log",
    isRetained: true,
  },
  include: {
    flag: 'include',
    value: { kind: 'texts', placeholder: 'WHAT' },
    defaultText: 'what the sources import and refer to',
    help: 'takes a package along, or files by a pattern, that code names only when it runs',
    details:
      'Such as a transport, a view engine, or `locales/**`. A pattern is relative to the folder of the package.json; `"launchpool": { "include": [...] }` in it says the same.',
    isRetained: true,
  },
  keep: {
    flag: 'keep',
    value: { kind: 'count', min: 1, max: 100 },
    default: 3,
    help: 'number of versions to keep for `rollback`, with the current one',
    isRetained: true,
  },
  nats: {
    ...NATS_TABLE.nats,
    help: 'serves on NATS too, and has systemd keep it running: nats://HOST[:PORT], or tls://',
    details:
      'The packages of NATS come from the project, into the version. Credentials are no part of the URL: give them by --env, ' +
      'such as NATS_CREDS with the path of a file. See nats.md.',
    isRetained: true,
  },
  serviceName: { ...NATS_TABLE.serviceName, defaultText: 'made of the label', isRetained: true },
  queue: { ...NATS_TABLE.queue, isRetained: true },
  durable: { ...NATS_TABLE.durable, isRetained: true },
  maxDeliveries: { ...NATS_TABLE.maxDeliveries, isRetained: true },
  // As they are given, for the record and for `status --options`.
  retryDelay: { ...NATS_TABLE.retryDelayMs, value: SECONDS, default: '1s', isRetained: true },
  keepResults: { ...NATS_TABLE.keepResultsMs, value: SECONDS, default: '24h', isRetained: true },
  replicas: { ...NATS_TABLE.replicas, isRetained: true },
  maxStoredMb: { ...NATS_TABLE.maxStoredMb, isRetained: true },
  supervisor: {
    flag: 'supervisor',
    value: { kind: 'choice', placeholder: 'NAME', choices: ['launchd', 'systemd'] },
    defaultText: "this system's",
    help: 'supervisor that starts the agent; that of another system only with --dry-run',
    // An upgrade always uses the supervisor of this system.
    isRetained: false,
  },
  dryRun: {
    flag: 'dry-run',
    switch: true,
    help: 'prints every file and every command, and changes nothing',
    isRetained: false,
  },
  json: { ...JSON_TABLE.json, isRetained: false },
} as const satisfies Readonly<Record<string, InstallOption>>;
