/** Loads msgpackr from its folder. In what the build makes, boot/load-package.ts stands in its place. */
import { createRequire } from 'node:module';

/** Without code that is made from text, and without native code. */
const PACKAGE = 'msgpackr/index-no-eval';

export function loadPackage(): Pick<typeof import('msgpackr'), 'Packr' | 'addExtension'> {
  return createRequire(import.meta.url)(PACKAGE);
}
