/** The functions and constants that the code of schemas refers to. The same code is there once. */

/** Code for a value: an expression that is true or false. @param v an identifier or a member of one. */
export type CodeFor = (v: string) => string;

export type Declarations = {
  /** @returns its name. */
  constant(value: string): string;
  /** A function of a value `v`. @param statements end with a return. */
  functionOf(statements: string): CodeFor;
  /** The name of a function that is defined later, since it may call itself. */
  reserve(): string;
  /** @param statements of a value `v`; they end with a return. */
  define(name: string, statements: string): void;
  lines(): string[];
};

export function createDeclarations(): Declarations {
  const known = new Map<string, string>();
  const lines: string[] = [];
  let count = 0;

  const nextName = (prefix: string): string => {
    count += 1;
    return `${prefix}${count}`;
  };
  const once = (code: string, prefix: string, line: (name: string) => string): string => {
    const earlier = known.get(code);
    if (earlier !== undefined) return earlier;
    const name = nextName(prefix);
    known.set(code, name);
    lines.push(line(name));
    return name;
  };

  return {
    constant: (value) => once(value, 'k', (name) => `const ${name} = ${value};`),
    functionOf(statements) {
      const name = once(statements, 'c', (own) => `function ${own}(v) { ${statements} }`);
      return (v) => `${name}(${v})`;
    },
    reserve: () => nextName('d'),
    define: (name, statements) => void lines.push(`function ${name}(v) { ${statements} }`),
    lines: () => lines,
  };
}

/** Whether the code calls one of the functions. */
export function isCall(code: string): boolean {
  return /\b[cd]\d+\(/.test(code);
}

/** All of the codes for one value, or one of them. */
export function joined(operator: '&&' | '||', codes: readonly CodeFor[], v: string): string {
  const texts = codes.map((code) => code(v));
  return texts.length === 1 ? (texts[0] ?? 'true') : `(${texts.join(` ${operator} `)})`;
}
