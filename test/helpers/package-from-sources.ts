/** Imports of `launchpool` by examples are those of the sources, and not of a build. To be imported before such a file is. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === 'launchpool' ? new URL('../../src/index.ts', import.meta.url).href : specifier, context),
});
