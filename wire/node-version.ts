/**
 * The first import of each entry of the package: on a Node that is too old it throws, before a module further down fails
 * with an error that does not say why. Modules are linked before any of them runs, so no other module may import a name from
 * Node by `import { name }` that an old Node does not have.
 */
const [major = 0, minor = 0] = (process.versions.node ?? '').split('.').map(Number);
if (major < 22 || (major === 22 && minor < 20))
  throw new Error(`Node ${process.versions.node} is too old for launchpool; use Node 22.20 or later.`);
