/** The tools of an agent, from the description of its methods. */
import type { Description, MethodDescription, SchemaObject, ToolFacts } from '../../description/description.ts';
import type { Era } from './eras.ts';
import { inputSchema, outputSchema } from './tool-shape.ts';

export type ToolAnnotations = {
  readOnlyHint?: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint?: boolean;
};

/** As `tools/list` has it. */
export type Tool = {
  name: string;
  title?: string;
  description: string;
  inputSchema: SchemaObject;
  outputSchema?: SchemaObject;
  annotations?: ToolAnnotations;
};

/** All methods that are not hidden; where some have the tag `@mcp tool`, these alone. */
export function toolMethods({ methods }: Pick<Description, 'methods'>): MethodDescription[] {
  const chosen = methods.filter(({ mcp }) => mcp?.isTool);
  return (chosen.length > 0 ? chosen : methods).filter(({ mcp }) => !mcp?.isHidden);
}

export function toolOf(name: string, method: MethodDescription, { $defs }: Description, era: Era): Tool {
  const { mcp = {} } = method;
  const output = outputSchema(method, $defs, era);
  const annotations = annotationsOf(mcp);
  return {
    name,
    ...(mcp.title !== undefined && { title: mcp.title }),
    description: descriptionOf(method),
    inputSchema: inputSchema(method, $defs),
    ...(output && { outputSchema: output }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

/** Whether a call may be made again without a further effect. */
export function isRepeatable({ mcp }: MethodDescription): boolean {
  return mcp?.readOnly === true || mcp?.idempotent === true;
}

function annotationsOf({ readOnly, destructive, idempotent, openWorld }: ToolFacts): ToolAnnotations {
  return {
    ...(readOnly !== undefined && { readOnlyHint: readOnly }),
    ...(destructive !== undefined && { destructiveHint: destructive }),
    ...(idempotent !== undefined && { idempotentHint: idempotent }),
    ...(openWorld !== undefined && { openWorldHint: openWorld }),
  };
}

/** A method without a comment has its signature. */
function descriptionOf({ description, signature, result, deprecated }: MethodDescription): string {
  const parts = [
    description ?? signature.join('\n'),
    result.description && `Returns: ${result.description}`,
    deprecated && (deprecated === true ? 'Deprecated.' : `Deprecated: ${deprecated}`),
  ];
  return parts.filter((part) => part).join('\n\n');
}
