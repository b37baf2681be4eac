/** Ships in the bundle in place of workers/import-module.ts: see code-cache.ts. */

/** A parameter of the bundled scripts, like `require`. */
declare const importFromOutside: (url: string) => Promise<never>;

export const importModule: (url: string) => Promise<never> = (url) => importFromOutside(url);
