/** Who takes part where a server is started for each connection, with the listening socket as descriptor 3. */
import { join } from 'node:path';
import type { Python } from '../test/helpers/pythons.ts';
import type { Contender } from './line-up.ts';

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
  'cold-python',
  'cold-python-pool',
  'cold-c',
] as const;
type ColdKind = (typeof COLD_KINDS)[number];

type ColdOptions = { generator: string; built: string; pythons: readonly Python[] };

export function coldContenders({ generator, built, pythons }: ColdOptions): Contender[] {
  const run = (program: string, handler: string): string[] => [
    ...[process.execPath, program, 'run', join(ROOT, 'bench', 'handlers', handler)],
    ...['--threads', '1', '--log-level', 'warn'],
  ];
  const node = (name: string): string[] => [
    process.execPath,
    join(built, 'bench', 'contenders', 'cold', `${name}.cjs`),
  ];
  const python = join(ROOT, 'bench', 'contenders', 'cold', 'python.py');
  const bin = join(built, 'bin', 'launchpool.cjs');
  return [
    contender('cold-launchpool', run(bin, 'raw/rot13.ts')),
    contender('cold-unbuilt', run(join(ROOT, 'src', 'cli', 'entry.ts'), 'raw/rot13.ts')),
    { ...contender('cold-rpc', run(bin, 'rpc/rot13-with-packages.ts')), cold: RPC },
    contender('cold-floor', node('floor')),
    contender('cold-inline', node('inline')),
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

function contender(kind: ColdKind, command: string[]): Contender {
  return {
    name: kind,
    kind,
    command: () => command as [string, ...string[]],
    // Python would leave compiled files in the checkout.
    env: () => ({ PYTHONDONTWRITEBYTECODE: '1' }),
    cold: RAW,
  };
}
