/** The files that `launchpool init` writes: an agent, its test, a README, and what a project needs. */
import { existsSync } from 'node:fs';
import { open, rm, rmdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import { makeFolder } from '../make-folder.ts';
import { labelFrom } from './default-label.ts';

export type InitOptions = {
  /** The folder for the files. Created when it does not exist. */
  folder: string;
  /** A raw agent, which takes and returns bytes, instead of an RPC agent. @default false */
  raw?: boolean;
};

/**
 * Writes a small agent with its test and a README. Overwrites nothing; an existing package.json or tsconfig.json is kept.
 * @returns the paths of the written files.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID when another of the files exists; nothing is written then
 */
export async function init(options: InitOptions): Promise<{ folder: string; files: string[] }> {
  const { raw = false } = options;
  const folder = resolve(options.folder);
  const files = Object.entries(scaffold(`com.example.${labelFrom(basename(folder))}`, raw)).map(([name, text]) => ({
    path: join(folder, name),
    text,
  }));
  const existing = files.filter(({ path }) => existsSync(path) && !KEPT.has(basename(path))).map(({ path }) => path);
  if (existing.length > 0) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `files exist: ${existing.join(', ')}`, {
      hint: 'Choose another folder. No file was written.',
    });
  }
  const isNew = !existsSync(folder);
  makeFolder(folder);
  const missing = files.filter(({ path }) => !existsSync(path));
  const written: string[] = [];
  try {
    for (const { path, text } of missing) {
      const file = await open(path, 'wx');
      written.push(path);
      await file.writeFile(text).finally(() => file.close());
    }
  } catch (error) {
    for (const path of written) await rm(path, { force: true });
    if (isNew) await rmdir(folder).catch(() => undefined);
    throw error;
  }
  return { folder, files: missing.map(({ path }) => path) };
}

/** The files of a project, which may exist before. */
const KEPT: ReadonlySet<string> = new Set(['package.json', 'tsconfig.json']);

function scaffold(label: string, raw: boolean): Readonly<Record<string, string>> {
  const call = raw ? `launchpool call ${label} --raw 'Hello'` : `launchpool call ${label} greet '"you"'`;
  return {
    'agent.ts': raw ? RAW_AGENT : RPC_AGENT,
    'agent.test.ts': raw ? RAW_TEST : RPC_TEST,
    'README.md': `# ${label}

An agent that starts on the first call and exits when it is idle.

\`\`\`sh
npm test                                       # starts the agent, by launchpool/testing
npx launchpool dev agent.ts                    # run it in the foreground, with a restart after each change
npx launchpool install agent.ts --label ${label}
npx ${call}
npx launchpool uninstall ${label}
\`\`\`
`,
    'package.json': `${JSON.stringify(packageJson(), null, 2)}\n`,
    'tsconfig.json': TSCONFIG,
  };
}

function packageJson(): object {
  return { private: true, type: 'module', scripts: { test: 'node --test' } };
}

const lines = (...text: string[]): string => `${text.join('\n')}\n`;

/** For editors and `tsc`; Node needs none. */
const TSCONFIG = lines(
  '{',
  '  "compilerOptions": {',
  '    "target": "es2024",',
  '    "lib": ["es2024", "esnext.disposable"],',
  '    "module": "nodenext",',
  '    "types": ["node"],',
  '    "strict": true,',
  '    "erasableSyntaxOnly": true,',
  '    "verbatimModuleSyntax": true,',
  '    "allowImportingTsExtensions": true,',
  '    "skipLibCheck": true,',
  '    "noEmit": true',
  '  },',
  '  "include": ["*.ts"]',
  '}',
);

const RPC_AGENT = lines(
  '/** Every exported function is a method. */',
  'export function greet(name: string): string {',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template literal of the written file
  '  return `Hello, ${name}!`;',
  '}',
);

/** The test calls the agent as its clients do. */
const testOf = (title: string, ...body: string[]): string =>
  lines(
    "import assert from 'node:assert/strict';",
    "import test from 'node:test';",
    "import { startAgent } from 'launchpool/testing';",
    "import type * as module from './agent.ts';",
    '',
    `test('${title}', async (t) => {`,
    "  const agent = await startAgent<typeof module>(new URL('./agent.ts', import.meta.url));",
    '  t.after(() => agent.close());',
    ...body.map((line) => `  ${line}`),
    '});',
  );

const RPC_TEST = testOf('greets by name', "assert.equal(await agent.client.greet('you'), 'Hello, you!');");

const RAW_AGENT = lines(
  '/** Gets a message and returns its reply. */',
  'export default function reverse(message: Uint8Array): Uint8Array {',
  '  return message.reverse();',
  '}',
);

const RAW_TEST = testOf('reverses a message', "assert.equal(String(await agent.client.request('abc')), 'cba');");
