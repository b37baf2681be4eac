/** The fault of a value that passes none of the alternatives of a union: as near to the mistake as can be known. */
import { definitionName } from './definitions.ts';
import type { Description, Schema, SchemaObject } from './description.ts';
import { isObject } from './schema-walk.ts';

/** A value that does not pass. */
export type Fault = { path: readonly (string | number)[]; schema: Schema; value: unknown };

/** An alternative, and why the value does not pass it. */
export type Refusal = { alternative: Schema; fault: Fault };

/** @param whole the fault of the value itself, which is the answer where no part of it is at fault for sure. */
export function unionFault($defs: Description['$defs'], refusals: readonly Refusal[], whole: Fault): Fault {
  const { path, value } = whole;
  // Of the others, the value does not have the type.
  const near = refusals.filter(({ fault }) => fault.path.length > path.length);
  const ofKinds = near.filter(({ alternative }) => literalsOf(alternative).length > 0);
  const ofOwnKind = ofKinds.filter(({ alternative }) => hasLiterals(alternative));
  if (ofOwnKind.length > 0) return commonFault(ofOwnKind) ?? whole;
  const others = near.filter((each) => !ofKinds.includes(each));
  if (others.length === 0) return literalFault(ofKinds) ?? whole;
  // A value of another kind is not meant to be an alternative whose parts it does not have.
  const isMeant = ofKinds.length === 0 || others.some(({ fault }) => fault.value !== undefined);
  return (isMeant ? commonFault(others) : undefined) ?? whole;

  /** Whether the value has the literals by which the alternatives are told apart. */
  function hasLiterals(alternative: Schema): boolean {
    return literalsOf(alternative).every(([name, literals]) => literals.includes(ownOf(name) ?? null));
  }

  function literalsOf(alternative: Schema): [name: string, literals: unknown[]][] {
    return Object.entries(resolved(alternative).properties ?? {}).flatMap(([name, inner]) => {
      const literals = resolved(inner).enum;
      return Array.isArray(literals) ? [[name, literals]] : [];
    });
  }

  /** The property that has a literal in each alternative, and in the value the one of none: its kind. */
  function literalFault(refused: readonly Refusal[]): Fault | undefined {
    const [first, ...others] = refused.map(({ alternative }) => new Map(literalsOf(alternative)));
    for (const [name, literals] of first ?? []) {
      const all = others.map((other) => other.get(name));
      if (!all.every((each) => each !== undefined)) continue;
      const known = [...new Set([literals, ...all].flat())];
      const own = ownOf(name);
      if (!known.includes(own ?? null)) return { path: [...path, name], schema: { enum: known }, value: own };
    }
    return undefined;
  }

  function ownOf(name: string): unknown {
    const object = Object(value) as Record<string, unknown>;
    return Object.hasOwn(object, name) ? object[name] : undefined;
  }

  function resolved(schema: Schema): SchemaObject {
    if (!isObject(schema)) return {};
    return schema.$ref === undefined ? schema : resolved($defs[definitionName(schema.$ref)] ?? true);
  }
}

/** That of one alternative, or of one part that no alternative takes. A part that is there comes before one that is missing. */
function commonFault(refusals: readonly Refusal[]): Fault | undefined {
  const faults = refusals.map(({ fault }) => fault);
  const ofParts = faults.filter(({ value }) => value !== undefined);
  const [first, ...others] = ofParts.length === 0 ? faults : ofParts;
  if (first === undefined || others.length === 0) return first;
  const place = JSON.stringify(first.path);
  if (others.some(({ path }) => JSON.stringify(path) !== place)) return undefined;
  return { ...first, schema: { anyOf: [first, ...others].map(({ schema }) => schema) } };
}
