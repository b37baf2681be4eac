/** The thread of process.ts: opens the compiler, and describes the module. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Description } from '../../description/description.ts';
import type { CompilerApi } from './compiler-api.ts';
import { type FoundCompiler, failureOf } from './find-compiler.ts';
import { describeExports } from './methods.ts';
import { projectOptionsOf } from './project-options.ts';
import { createTypeReader } from './type-reader.ts';

export type Work = { module: string; compiler: FoundCompiler; scratch: string };

export type Answer = { description: Description } | { reason: string };

async function open({ module, compiler: { folder, api }, scratch }: Work): Promise<CompilerApi> {
  const project = projectOptionsOf(module);
  if (api === 'classic') return (await import('./classic-api.ts')).openClassic(folder, module, project);
  return (await import('./native-api.ts')).openNative(folder, module, project, scratch);
}

async function describe(work: Work): Promise<Answer> {
  try {
    const reader = createTypeReader(await open(work));
    try {
      return { description: describeExports(reader) };
    } finally {
      reader.close();
    }
  } catch (error) {
    return { reason: failureOf(work.compiler, error) };
  }
}

parentPort?.postMessage(await describe(workerData));
