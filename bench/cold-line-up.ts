/** The contenders of which a server starts for each connection, with the listening socket as descriptor 3. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_FLAGS } from '../src/activation/node-flags.ts';
import { writeModuleFile } from '../src/module/module-file.ts';
import type { Python } from '../test/helpers/pythons.ts';
import type { Contender } from './line-up-entry.ts';

const ROOT = join(import.meta.dirname, '..');
const RAW = { text: 'Hello, launchd', reply: 'Uryyb, ynhapuq' };
const RPC = {
  text: '{"jsonrpc":"2.0","id":1,"method":"rot13","params":["Hello"]}',
  reply: '{"jsonrpc":"2.0","id":1,"result":"Uryyb"}',
};

export const COLD_KINDS = [
  'cold-launchpool',
  'cold-unbuilt',
  'cold-rpc',
  'cold-floor',
  'cold-inline',
  'cold-other-node',
  'cold-python',
  'cold-python-pool',
  'cold-c',
] as const;
const COLD_AGENT = 'cold-agent';

type ColdKind = (typeof COLD_KINDS)[number];

type ColdOptions = { generator: string; built: string; pythons: readonly Python[]; nodes: readonly string[] };

export function coldContenders({ generator, built, pythons, nodes }: ColdOptions): Contender[] {
  const run = (program: string, handler: string, by = process.execPath): string[] => [
    ...[by, ...NODE_FLAGS, program, 'run', handler],
    ...['--threads', '1', '--log-level', 'warn'],
  ];
  const rot13 = installedAgentIn(built);
  const rot13WithPackages = join(ROOT, 'bench', 'handlers', 'rpc', 'rot13-with-packages.ts');
  const node = (name: string, by = process.execPath): string[] => [
    by,
    join(built, 'bench', 'contenders', 'cold', `${name}.cjs`),
  ];
  const python = join(ROOT, 'bench', 'contenders', 'cold', 'python.py');
  const bin = join(built, 'dist', 'launchpool.cjs');
  const contender = coldContender(keptCodeIn(built));
  return [
    contender('cold-launchpool', run(bin, rot13), () => writeInstalledAgent(built)),
    contender('cold-unbuilt', run(join(ROOT, 'src', 'cli', 'entry.ts'), rot13), () => writeInstalledAgent(built)),
    { ...contender('cold-rpc', run(bin, rot13WithPackages)), cold: RPC },
    contender('cold-floor', node('floor')),
    contender('cold-inline', node('inline')),
    ...nodes.flatMap((by) => {
      const name = `node${execFileSync(by, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()}`;
      return [
        {
          ...contender('cold-other-node', run(bin, rot13, by), () => writeInstalledAgent(built)),
          name: `cold-launchpool-${name}`,
        },
        { ...contender('cold-other-node', node('floor', by)), name: `cold-floor-${name}` },
      ];
    }),
    ...pythons.flatMap(({ path, version }) => {
      const name = `python${version.split('.').slice(0, 2).join('.')}`;
      return [
        { ...contender('cold-python', [path, python, 'single']), name: `cold-${name}` },
        { ...contender('cold-python-pool', [path, python, 'pool']), name: `cold-${name}-pool` },
      ];
    }),
    contender('cold-c', [generator, 'serve', '--fd', '3']),
  ];
}

/** The agent as `install` leaves it: with the file that says what the module offers, so that it reads its client at once. */
function writeInstalledAgent(built: string): void {
  const handlers = join(built, 'bench', 'handlers');
  const folder = join(built, COLD_AGENT);
  mkdirSync(join(folder, 'raw'), { recursive: true });
  for (const file of ['rot13-table.js', join('raw', 'rot13.js')])
    copyFileSync(join(handlers, file), join(folder, file));
  writeModuleFile(folder, join('raw', 'rot13.js'), { kind: 'raw', methods: [] });
}

function installedAgentIn(built: string): string {
  return join(built, COLD_AGENT, 'raw', 'rot13.js');
}

/** A start keeps its compiled code for the next one, here outside of the user's own cache. */
function keptCodeIn(built: string): NodeJS.ProcessEnv {
  return {
    XDG_CACHE_HOME: join(built, 'cache'),
    PYTHONPYCACHEPREFIX: join(built, 'cache', 'python'),
    PYTHONDONTWRITEBYTECODE: '',
  };
}

type Cold = (kind: ColdKind, command: string[], prepare?: () => void) => Contender;

/** A contender is prepared when the sources are compiled, before its first start. */
function coldContender(env: NodeJS.ProcessEnv): Cold {
  return (kind, command, prepare = () => undefined) => ({
    name: kind,
    kind,
    command: () => {
      prepare();
      return command as [string, ...string[]];
    },
    env: () => env,
    cold: RAW,
  });
}
