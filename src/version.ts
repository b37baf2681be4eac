/** The version of this package. */
import { createRequire } from 'node:module';

/** A package may refer to itself by its name, wherever its built files are. */
export const PACKAGE_VERSION: string = createRequire(import.meta.url)('launchpool/package.json').version;
