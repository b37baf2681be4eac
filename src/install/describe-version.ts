/** The description of the methods of a version: read while the other steps run, and written beside its other files. */
import { join } from 'node:path';
import { checksPath } from '../../description/checks-file.ts';
import { standAlone } from '../../description/definitions.ts';
import type { Description } from '../../description/description.ts';
import { DESCRIPTION_FILE, descriptionText, readDescription } from '../../description/description-file.ts';
import type { MethodForm, MethodForms, ModuleFacts } from '../../workers/task.ts';
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
 * Waits for the description, and writes it and the checks of arguments that are made of it, if they differ: comments and types
 * are no part of what names a version. An installation does not fail for it.
 * @param forms undefined if the module was not loaded this time.
 * @returns whether the checks have changed: an agent that runs has others.
 */
export async function describeVersion(
  folder: string,
  facts: ModuleFacts,
  forms: MethodForms | undefined,
  describing: Describing,
  { detail, skip, undo }: StepContext,
): Promise<boolean> {
  try {
    const found = facts.kind === 'raw' ? RAW : await descriptionOf(folder, facts, forms, describing);
    const wrote = await writeText(join(folder, DESCRIPTION_FILE), descriptionText(found), 0o644, undo);
    const { checksCode } = await import('../checks/checks-code.ts');
    const hasNewChecks = await writeText(checksPath(folder), checksCode(found), 0o644, undo);
    if (facts.kind === 'raw') {
      detail('a raw agent has none');
      return false;
    }
    const how = found.reason === undefined ? `types: ${found.compiler}` : `without types: ${found.reason}`;
    if (wrote || hasNewChecks) detail(how);
    else skip(`${how}; nothing has changed`);
    return hasNewChecks;
  } catch (error) {
    skip(`the description cannot be written: ${(error as Error).message}`);
    return false;
  }
}

async function descriptionOf(
  folder: string,
  { methods }: ModuleFacts,
  forms: MethodForms | undefined,
  { description }: Describing,
): Promise<Description> {
  const { onlyMethods } = await import('../../description/only-methods.ts');
  const before = forms === undefined ? readDescription(folder) : undefined;
  const formOf = (name: string, index: number): MethodForm => forms?.[index] ?? formIn(before, name);
  return onlyMethods(
    await description,
    methods.map((name, index) => ({ name, ...formOf(name, index) })),
  );
}

/** What a method has said of itself when the version was described before. */
function formIn(before: Description | undefined, name: string): MethodForm {
  const method = before?.methods.find((each) => each.name === name);
  if (before === undefined || method === undefined) return { arity: 0 };
  const { params, checksItself } = method;
  return {
    arity: params.length,
    ...(checksItself && {
      schemas: params.map(({ schema, required }) => ({ json: standAlone(before, schema), isOptional: !required })),
    }),
  };
}
