/** The options of an installation. */
import type { JobOptions } from './job-options.ts';
import type { PlaceOptions } from './place.ts';

export type InstallOptions = JobOptions &
  PlaceOptions & {
    /** Path of the agent's module. */
    module: string;
    /** Names of packages, and patterns of files, that code names only when it runs. @default none */
    include?: readonly string[] | undefined;
    /** Path of the Node that runs the agent. @default the Node that runs this */
    node?: string | undefined;
    /** Copies that Node into the agent's folder. @default only when its path is temporary */
    copyNode?: boolean | undefined;
    /** How many versions are kept, the current one among them, for rollback(). @default 3 */
    keep?: number | undefined;
    /** Destination of the agent's log. @default 'journal' if journald runs, else 'file' */
    log?: 'journal' | 'file' | undefined;
  };
