/** Takes the place of workers/import-module.ts in the bundle: see code-cache.ts. */

/** Handed in with `require` and the like. */
declare const importFromOutside: (url: string) => Promise<never>;

export const importModule: (url: string) => Promise<never> = (url) => importFromOutside(url);
