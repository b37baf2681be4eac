/** Agents of real packages, installed, beside `node -e` with the same source. */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import type { WallOptions } from '../generator.ts';
import { outputOf } from '../processes.ts';
import type { ColdStart } from '../question.ts';
import { installAgent, makePlace } from './install-agent.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'packages');

/** The modules by the names of their cells. */
export const PACKAGE_MODULES: Readonly<Record<string, string>> = {
  prettier: 'agents/prettier.ts',
  zod: 'agents/zod.ts',
  'marked + highlight.js': 'first-reply/marked-highlight.ts',
  typescript: 'agents/typescript.ts',
  sharp: 'agents/sharp.ts',
};

export const NO_PACKAGES = 'not installed: npm ci --prefix packages';

export function hasPackages(): boolean {
  return existsSync(join(FOLDER, 'node_modules'));
}

/** One module, as an installed agent and as a plain program. */
export type PackagePrograms = {
  /** @param cache the folder of compiled code. */
  agent(cache: string): ColdStart;
  /** @param cache the folder of compiled code that Node itself keeps, if it is told to. */
  plain(cache?: string): WallOptions;
};

/** @param folder a short path: sockets stand below it. */
export async function installPackage(name: string, folder: string): Promise<PackagePrograms> {
  const module = join(FOLDER, PACKAGE_MODULES[name] as string);
  const command = await plainCommand(module);
  const cwd = dirname(module);
  const answer = await outputOf(command, {}, { cwd });
  const place = await makePlace(folder);
  const agent = { threads: '1', 'log-level': 'warn' };
  const { job, layout } = await installAgent(place, { label: 'bench.package', module, agent });
  await rm(layout.cache, { recursive: true, force: true });
  const [, ...args] = job.command;
  return {
    agent: (cache) => ({
      command: [process.execPath, ...args.map((each) => (each === layout.cache ? cache : each))],
      env: { ...process.env, ...job.env, HOME: place.host.home },
      text: '{"jsonrpc":"2.0","id":1,"method":"answer","params":[]}',
      reply: `{"jsonrpc":"2.0","id":1,"result":${answer.trim()}}`,
    }),
    plain: (cache) => ({ command, cwd, env: { NODE_COMPILE_CACHE: cache }, expect: answer }),
  };
}

/** `node -e` with the source of the agent, which calls it once. */
async function plainCommand(module: string): Promise<[string, ...string[]]> {
  const { code } = await transform(await readFile(module, 'utf8'), { loader: 'ts', format: 'esm', target: 'node22' });
  const source = `${code}\nprocess.stdout.write(JSON.stringify(await answer()) + '\\n');`;
  return [process.execPath, '--input-type=module', '-e', source];
}
