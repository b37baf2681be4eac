/** How commander stores a flag: `--max-frame` as `maxFrame`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}
