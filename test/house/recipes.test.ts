/** The recipes of docs/protocol.md that find a socket by its label, run by the languages that this machine has. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { socketPathOf } from '../../wire/address.ts';
import { runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { findTool } from '../helpers/tools.ts';

const text = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const LABEL = 'com.example.recipe';

function recipeIn(language: string): string {
  return new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, 's').exec(text)?.[1] ?? '';
}

type Recipe = { name: string; program: string; run: string };

const RECIPES: Readonly<Record<string, Recipe>> = {
  python: {
    name: 'a.py',
    program: `import os, sys\nlabel = "${LABEL}"\n${recipeIn('python')}\nprint(path)`,
    run: 'python3 a.py',
  },
  perl: {
    name: 'a.pl',
    program: `use strict; use warnings; my $label = '${LABEL}';\n${recipeIn('perl')}\nprint "$path\\n";`,
    run: 'perl a.pl',
  },
  ruby: {
    name: 'a.rb',
    program: `label = "${LABEL}"\n${recipeIn('ruby')}\nputs path`,
    run: 'ruby a.rb',
  },
  go: {
    name: 'a.go',
    program: `package main\nimport ("cmp"; "fmt"; "os"; "path/filepath"; "runtime")\nfunc main() {\nlabel := "${LABEL}"\n${recipeIn('go')}\nfmt.Println(path) }`,
    run: 'go run a.go',
  },
  rust: {
    name: 'a.rs',
    program: `fn main() { let label = "${LABEL}";\n${recipeIn('rust')}\nprintln!("{path}"); }`,
    run: 'rustc -o a a.rs && ./a',
  },
  swift: {
    name: 'a.swift',
    program: `import Foundation\nlet label = "${LABEL}"\n${recipeIn('swift')}\nprint(path)`,
    run: 'swift a.swift',
  },
};

for (const [language, { name, program, run }] of Object.entries(RECIPES)) {
  test(`${language} finds the socket of a label`, async (t) => {
    t.timeout(120_000);
    t.true(recipeIn(language).includes('label'));
    const [tool] = run.split(' ') as [string];
    // docs/protocol.md names the recipes that are run.
    if (findTool(tool) === undefined || (language === 'swift' && process.platform !== 'darwin')) return;
    const folder = await tempDir(t);
    writeFileSync(join(folder, name), program);
    const env = { ...process.env, XDG_RUNTIME_DIR: folder };
    const { stdout, stderr } = await runProgram(['/bin/sh', '-c', run], { cwd: folder, env });
    t.is(stdout.toString(), `${socketPathOf(LABEL, { env })}\n`, stderr);
  });
}
