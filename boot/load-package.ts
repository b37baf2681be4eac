/** Stands in place of wire/messagepack/load-package.ts in the bundles, which have the package in them. */

export function loadPackage(): Pick<typeof import('msgpackr'), 'Packr' | 'addExtension'> {
  return require('msgpackr/index-no-eval');
}
