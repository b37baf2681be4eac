/** The values of default parameters that are literals. */
import { type Expression, type Property, parseExpressionAt, type SpreadElement } from 'acorn';

/** The value of a literal of JSON; undefined for other expressions. */
export function literalValue(source: string): unknown {
  try {
    const node = parseExpressionAt(source, 0, { ecmaVersion: 'latest' });
    return source.slice(node.end).trim() === '' ? evaluate(node) : undefined;
  } catch {
    // It has syntax of TypeScript, such as `[] as string[]`.
    return undefined;
  }
}

function evaluate(node: Expression): unknown {
  switch (node.type) {
    case 'Literal':
      return node.value === null || /^(?:string|number|boolean)$/.test(typeof node.value) ? node.value : undefined;
    case 'TemplateLiteral':
      return node.quasis.length === 1 ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
    case 'UnaryExpression': {
      const value = node.operator === '-' ? evaluate(node.argument) : undefined;
      return typeof value === 'number' ? -value : undefined;
    }
    case 'ArrayExpression': {
      const values = node.elements.map((each) =>
        each === null || each.type === 'SpreadElement' ? undefined : evaluate(each),
      );
      return values.includes(undefined) ? undefined : values;
    }
    case 'ObjectExpression': {
      const entries = node.properties.map(entryOf);
      return entries.every((entry) => entry !== undefined) ? Object.fromEntries(entries) : undefined;
    }
    default:
      return undefined;
  }
}

function entryOf(property: Property | SpreadElement): [string, unknown] | undefined {
  if (property.type !== 'Property' || property.kind !== 'init' || property.computed) return undefined;
  const { key } = property;
  const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
  const value = evaluate(property.value);
  return name === undefined || value === undefined ? undefined : [name, value];
}
