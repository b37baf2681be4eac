/** How long does the first reply of an agent made of real packages take, beside plain Node with the same packages? */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  hasPackages,
  installPackage,
  NO_PACKAGES,
  PACKAGE_MODULES,
  type PackagePrograms,
} from '../installed/packages.ts';
import { type Cell, failureText, type Missing, type Prepared, type Question, question } from '../question.ts';
import { PACKAGE_KINDS } from '../question-line-up.ts';
import { figure } from '../results.ts';
import { ratioText } from '../text.ts';

type PackagesPrepared = Prepared & { programs: ReadonlyMap<string, PackagePrograms>; folder: string };

/** Compiled code is saved after the reply; that of large packages takes a while. */
const KEEPING_MS = 1_500;
const AGAIN = 'package-agent-again';
const PLAIN = 'package-node';

export const firstReplyPackages: Question = question<Cell, PackagesPrepared>({
  name: 'first-reply-packages',
  partOf: 'first-reply',
  asks: 'How long does the first reply of an agent made of real packages take, beside plain Node with the same packages?',
  note:
    '`package-agent-new` is an installed agent of one thread at its first start: no compiled code is kept yet. ' +
    '`package-agent-again` is a later start, with kept compiled code. Both times are from the connection to the reply. ' +
    '`package-node` is plain `node -e` with the source of the same agent, at its first start and at every later one: without ' +
    '`NODE_COMPILE_CACHE`, Node keeps nothing for the next start. `package-node-kept` is a later start with ' +
    '`NODE_COMPILE_CACHE`. These times are from the start of the process to its whole output.',
  mode: 'rpc',
  handler: 'none',
  cells: Object.keys(PACKAGE_MODULES).map((name) => ({ name })),
  kinds: PACKAGE_KINDS,
  quickKinds: [],
  alone: true,
  async prepare({ folder, cells }) {
    if (!hasPackages()) {
      const missing = PACKAGE_KINDS.map((contender) => ({ contender, why: NO_PACKAGES }));
      return { missing, programs: new Map(), folder, close: async () => undefined };
    }
    const programs = new Map<string, PackagePrograms>();
    const missing: Missing[] = [];
    for (const [index, cell] of cells.entries()) {
      try {
        programs.set(cell, await installPackage(cell, join(folder, `p${index}`)));
      } catch (error) {
        // A native package may lack this platform.
        const why = failureText(error);
        missing.push(...PACKAGE_KINDS.map((contender) => ({ contender, cell, why })));
      }
    }
    return { missing, programs, folder, close: async () => undefined };
  },
  async measure({ cell: { name }, kind, generator, socketPath }, { programs, folder }) {
    const { agent, plain } = programs.get(name) as PackagePrograms;
    const cold = async (cache: string, stay?: number): Promise<number> => {
      const options = { socketPath, burst: 1, ...agent(cache) };
      return (await generator.cold(stay === undefined ? options : { ...options, stay })).lastMs;
    };
    const node = async (cache?: string): Promise<number> => (await generator.wall(plain(cache))).outputMs;
    const kept = join(folder, `kept-${kind}-${name.replaceAll(/\W/g, '')}`);
    switch (kind) {
      case 'package-agent-new':
        return withEmptyFolder(folder, async (cache) => ({ medianMs: await cold(cache) }));
      case AGAIN:
        if (await isNew(kept)) await cold(kept, KEEPING_MS);
        return { medianMs: await cold(kept) };
      case 'package-node-kept':
        if (await isNew(kept)) await node(kept);
        return { medianMs: await node(kept) };
      default:
        return { medianMs: await node() };
    }
  },
  ratios: [
    { field: 'ratioToNode', of: 'medianMs', to: PLAIN },
    { field: 'ratioToNodeKept', of: 'medianMs', to: 'package-node-kept' },
  ],
  columns: [
    { field: 'medianMs', title: 'first reply, or output', unit: 'ms' },
    { field: 'ratioToNode', title: '/ plain node -e', unit: 'ratio' },
    { field: 'ratioToNodeKept', title: '/ node -e with NODE_COMPILE_CACHE', unit: 'ratio' },
  ],
  chart: { field: 'medianMs', title: 'time to the first reply, or to the output', unit: 'ms', logarithmic: false },
  answer(results) {
    const per = Object.keys(PACKAGE_MODULES).flatMap((cell) => {
      const [first, again] = ['package-agent-new', AGAIN].map((name) => figure(results, cell, name, 'ratioToNode'));
      return again === undefined ? [] : [`${cell}: ${ratioText(first)} at its first start, ${ratioText(again)} later`];
    });
    if (per.length === 0) return `${NO_PACKAGES}.`;
    return `Of the time of plain \`node -e\` with the same packages, an installed agent takes ${per.join('; ')}.`;
  },
});

/** Whether this folder did not exist before. */
async function isNew(folder: string): Promise<boolean> {
  return (await mkdir(folder, { recursive: true })) !== undefined;
}

async function withEmptyFolder<Value>(folder: string, run: (empty: string) => Promise<Value>): Promise<Value> {
  const empty = await mkdtemp(join(folder, 'new-'));
  try {
    return await run(empty);
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
}
