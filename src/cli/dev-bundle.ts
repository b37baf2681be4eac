/** The sources of `launchpool dev`: compiled as for an installation, and compiled again after each change. */
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { MethodForms } from '../../workers/task.ts';
import { compileInPlace } from '../bundle/bundle.ts';
import { isScript } from '../bundle/graph.ts';
import { nearestPackageFolder, realPath } from '../bundle/scope.ts';
import { checkModule } from '../install/check-module.ts';
import { workingFolderNote } from '../install/left-behind.ts';
import { methodNotes } from '../install/method-notes.ts';
import { makeFolder } from '../make-folder.ts';
import { writeModuleFile } from '../module/module-file.ts';
import { COMPILED_SOURCES } from './compiled-sources.ts';
import { createDevDescription } from './dev-description.ts';
import { candidatesFor } from './file-watcher.ts';

export type DevBundle = {
  readonly module: string;
  /** The path for the agent to load: a link to the last version. */
  readonly path: string;
  /**
   * Compiles the module again. `path` leads to the result when this resolves.
   * @param signal ends the check of what the module offers, which takes as long as the module takes to load.
   * @returns the error of the compilation, which loading the module then throws too.
   */
  refresh(signal?: AbortSignal): Promise<LaunchpoolError | undefined>;
  /** Resolves when the methods of the last version are described, or cannot be. */
  described(): Promise<void>;
  /** The absolute paths of files that change the result: sources, and files that would resolve what was not resolved. */
  readonly sources: readonly string[];
  /** On the last version, for people: its methods, and the files that an installation does not find. */
  readonly notes: readonly string[];
  /** Whether a file belongs to this bundle, and not to the user. */
  isOwn(file: string): boolean;
  /** Whether a file that the agent uses is below the project, or of a package, or a script elsewhere. */
  isOfProject(file: string): boolean;
  /** Whether the files of this bundle are there. */
  isThere(): boolean;
  remove(): Promise<void>;
  /** Synchronously, for an end without delay. */
  removeNow(): void;
};

/** How many versions stay: a running agent starts further threads from the version that it has loaded. */
const KEPT_VERSIONS = 20;

type CompileErrorData = { files?: string[]; missing?: { specifier: string; folder: string }[] };

const isSource = import.meta.url.endsWith('.ts');
const CHECK = fileURLToPath(new URL(isSource ? '../../boot/check.ts' : '../../runtime/check.js', import.meta.url));

/**
 * @param module the absolute path of the module.
 * @param loadTimeoutMs time that the module may take to load, in milliseconds.
 * @param onReason called with the reason when the types of the module have not been read.
 */
export async function createDevBundle(
  module: string,
  loadTimeoutMs: number,
  onReason: (reason: string) => void = () => undefined,
): Promise<DevBundle> {
  // Modules see their real path, which isOwn() must match.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'launchpool-dev-')));
  // Its absence shows that the folder was removed, as a system does with old files.
  const marker = join(folder, 'in-use');
  await writeFile(marker, '');
  const path = join(folder, 'module');
  const project = nearestPackageFolder(module) ?? dirname(module);
  const name = basename(module, extname(module));
  let sources: readonly string[] = [module];
  let notes: readonly string[] = [];
  let version = 0;
  const description = createDevDescription(module, onReason);

  /** Each version has a folder of its own, which does not change: all threads of an agent load the same version. */
  async function write(loader: string, compiled?: string): Promise<string> {
    version += 1;
    const file = join(folder, String(version), `${name}.cjs`);
    await mkdir(dirname(file));
    await writeFile(file, loader);
    if (compiled !== undefined) await writeFile(join(dirname(file), COMPILED_SOURCES), compiled);
    return file;
  }

  async function pointTo(file: string): Promise<void> {
    const link = join(folder, 'unfinished');
    await rm(link, { force: true });
    await symlink(file, link);
    await rename(link, path);
    await rm(join(folder, String(version - KEPT_VERSIONS)), { recursive: true, force: true });
  }

  /** An agent that loads a module without this file learns what the module offers from its first thread. */
  async function writeFacts(file: string, signal?: AbortSignal): Promise<void> {
    let forms: MethodForms = [];
    const how = {
      env: process.env,
      workingDirectory: process.cwd(),
      timeoutMs: loadTimeoutMs,
      isImportOnly: true,
      onForms: (found: MethodForms) => {
        forms = found;
      },
      ...(signal && { signal }),
    };
    notes = [];
    try {
      const facts = await checkModule({ node: process.execPath, program: CHECK, module: file, ...how });
      writeModuleFile(dirname(file), basename(file), facts);
      notes = methodNotes(facts.methods);
      // Nothing waits for it.
      description.begin(dirname(file), facts, forms);
    } catch (error) {
      // The agent loads the module again, and reports the error.
      sources = [...sources, ...unresolvedIn((error as Error).message, dirname(module))];
    }
  }

  return {
    module,
    path,
    get sources() {
      return [...sources, marker];
    },
    get notes() {
      return notes;
    },
    async refresh(signal) {
      makeFolder(folder);
      await writeFile(marker, '', { flag: 'a' });
      try {
        const {
          loader,
          sources: compiled,
          inputs,
          workingFolderPaths,
        } = await compileInPlace(module, COMPILED_SOURCES);
        sources = inputs;
        const file = await write(loader, compiled);
        await writeFacts(file, signal);
        notes = [...notes, ...workingFolderPaths.map((path) => workingFolderNote(path, 'the home folder'))];
        await pointTo(file);
        return undefined;
      } catch (error) {
        const { message, code, hint, data } = error as LaunchpoolError;
        if (code !== 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED') throw error;
        // A file with an error may never have been a part of the bundle.
        const { files = [], missing = [] } = Object(data) as CompileErrorData;
        const candidates = missing.flatMap(({ specifier, folder: from }) => candidatesFor(specifier, from));
        sources = [...new Set([...sources, ...files, ...candidates])];
        // See workers/handlers.ts.
        const fields = JSON.stringify({ code, hint });
        await pointTo(await write(`throw Object.assign(new SyntaxError(${JSON.stringify(message)}), ${fields});\n`));
        return error as LaunchpoolError;
      }
    },
    isOfProject(file) {
      if (file.startsWith(join(folder, '/'))) return false;
      const isBelow = [project, realPath(project)].some((above) => file.startsWith(join(above, '/')));
      return isBelow || file.includes('/node_modules/') || isScript(file);
    },
    described: description.written,
    isThere: () => existsSync(marker),
    isOwn: (file) => file.startsWith(join(folder, '/')),
    removeNow: () => rmSync(folder, { recursive: true, force: true }),
    async remove() {
      await description.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The files that would resolve what Node has not resolved, as its message says. */
function unresolvedIn(message: string, folder: string): string[] {
  const [, specifier, importer] =
    /Cannot find (?:package|module) '([^']+)'(?: imported from ([^\s']+))?/.exec(message) ?? [];
  if (specifier === undefined) return [];
  return candidatesFor(specifier, importer === undefined ? folder : dirname(importer));
}
