/** One `tools/call`: from its params to its result. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { traceIn } from '../../wire/trace-context.ts';
import type { Caller } from './calling.ts';
import type { Catalogue, ServedTool } from './catalogue.ts';
import { type Content, contentOf, structuredOf, textOf } from './content.ts';
import { type Era, metaOf } from './eras.ts';
import { Fault, isObject, isRequestId, type Params } from './messages.ts';
import { createProgress, type Progress } from './progress.ts';
import { errorResult, errorText } from './tool-errors.ts';
import { ArgumentsError, outputSchema, paramsFrom } from './tool-shape.ts';
import { isRepeatable } from './tools.ts';

export type ToolResult = { content: Content[]; structuredContent?: unknown; isError?: true };

export type ToolCallContext = {
  catalogue: Catalogue;
  caller: Caller;
  write: (message: object) => void;
  drained: () => Promise<void>;
};

/**
 * Errors of the agent are results of the tool, which the model sees.
 * @throws Fault for a request that names no tool; up to 2025-06-18 also for arguments that do not fit
 */
export async function callTool(
  params: Params,
  era: Era,
  signal: AbortSignal,
  context: ToolCallContext,
): Promise<ToolResult> {
  const { name, arguments: given = {} } = params;
  if (typeof name !== 'string') throw new Fault('invalidParams', 'tools/call needs the name of a tool');
  if (!isObject(given)) throw new Fault('invalidParams', `the arguments of ${name} are not an object`);
  try {
    const tool = context.catalogue.find(name);
    if (tool === undefined) throw new Fault('invalidParams', `Unknown tool: ${name}`);
    return await callAgent(tool, given, era, signal, metaOf(params), context);
  } catch (error) {
    if (error instanceof Fault || signal.aborted) throw error;
    if (era === '2025-06-18' && isOfArguments(error))
      throw new Fault('invalidParams', errorText(error), error instanceof LaunchpoolError ? error.data : undefined);
    return errorResult(error);
  }
}

async function callAgent(
  { label, method, description }: ServedTool,
  given: Params,
  era: Era,
  signal: AbortSignal,
  meta: Params,
  { caller, write, drained }: ToolCallContext,
): Promise<ToolResult> {
  const isStream = method.stream !== undefined;
  const params = paramsFrom(method, description.$defs, given);
  const { progressToken } = meta;
  const progress = isRequestId(progressToken) ? createProgress(progressToken, isStream, write) : undefined;
  try {
    const value = await caller.call({
      label,
      method: method.name,
      params,
      isStream,
      isRepeatable: isRepeatable(method),
      signal,
      onProgress: progress?.report,
      onValue: progress && valueReporter(progress, drained),
      trace: traceIn(meta),
    });
    const content = contentOf(value, `launchpool:${label}/${encodeURIComponent(method.name)}`);
    const isStructured = outputSchema(method, description.$defs, era) !== undefined;
    return { content, ...(isStructured && { structuredContent: structuredOf(value) }) };
  } finally {
    progress?.end();
  }
}

function valueReporter(progress: Progress, drained: () => Promise<void>): (value: unknown) => Promise<void> {
  return (value) => {
    progress.value(textOf(value));
    return drained();
  };
}

function isOfArguments(error: unknown): boolean {
  if (error instanceof ArgumentsError) return true;
  return error instanceof LaunchpoolError && error.code === 'ERR_LAUNCHPOOL_PARAMS_INVALID';
}
