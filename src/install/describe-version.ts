/** The description of the methods of a version: read while the other steps run, and written beside its other files. */
import { join } from 'node:path';
import type { Description } from '../../description/description.ts';
import { DESCRIPTION_FILE, descriptionText, readDescription } from '../../description/description-file.ts';
import type { Arities, ModuleFacts } from '../../workers/task.ts';
import { writeText } from './files.ts';
import type { StepContext } from './rollback.ts';

const RAW: Description = { format: 1, methods: [], $defs: {}, notes: [] };

export type Describing = {
  description: Promise<Description>;
  /** Ends the compiler, if it still runs. */
  end(): void;
};

/** Begins to describe a module. @param module its path. */
export function beginDescribing(module: string): Describing {
  const ending = new AbortController();
  // Loaded here: other commands need no compiler.
  const description = import('../describe/describe-module.ts').then(({ describeModule }) =>
    describeModule({ module, signal: ending.signal }),
  );
  // A failed installation does not wait for it.
  description.catch(() => undefined);
  return { description, end: () => ending.abort() };
}

/**
 * Waits for the description and writes it, if it differs: comments and types are no part of what names a version. An
 * installation does not fail for it.
 * @param arities undefined if the module was not loaded this time.
 */
export async function describeVersion(
  folder: string,
  facts: ModuleFacts,
  arities: Arities | undefined,
  describing: Describing,
  { detail, skip, undo }: StepContext,
): Promise<void> {
  try {
    const found = facts.kind === 'raw' ? RAW : await descriptionOf(folder, facts, arities, describing);
    const wrote = await writeText(join(folder, DESCRIPTION_FILE), descriptionText(found), 0o644, undo);
    if (facts.kind === 'raw') return detail('a raw agent has none');
    const how = found.reason === undefined ? `types: ${found.compiler}` : `without types: ${found.reason}`;
    if (wrote) detail(how);
    else skip(`${how}; nothing has changed`);
  } catch (error) {
    skip(`the description cannot be written: ${(error as Error).message}`);
  }
}

async function descriptionOf(
  folder: string,
  { methods }: ModuleFacts,
  arities: Arities | undefined,
  { description }: Describing,
): Promise<Description> {
  const { onlyMethods } = await import('../../description/only-methods.ts');
  const before = arities === undefined ? readDescription(folder) : undefined;
  const arityOf = (name: string, index: number): number =>
    arities?.[index] ?? before?.methods.find((method) => method.name === name)?.params.length ?? 0;
  return onlyMethods(
    await description,
    methods.map((name, index) => ({ name, arity: arityOf(name, index) })),
  );
}
