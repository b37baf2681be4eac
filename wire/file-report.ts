/** The files of an agent in development, on their way from its threads to the holder that watches them. */

/** Absolute paths; those of folders end with a slash. */
export type FileReport = {
  /** Loaded, read, or listed for the names in them. */
  files: string[];
  /** Written, or about to be: such changes are the agent's own. */
  written: string[];
  /** When the first of the files was used, in milliseconds since 1970: it may have changed after that. */
  since: number;
};
