/** A file of a bundle: its path and mode, with its contents or its source. */

/** The folder that contains the files of the module, in the folder of a version. */
export const APP = 'app';

export type BundleFile = {
  /** Relative to the bundle's folder, with `/`. */
  path: string;
  /** 0o755 when the original is executable, otherwise 0o644. */
  mode: number;
} & BundleContents;

export type BundleContents =
  | { content: Uint8Array }
  /** The path of the file to copy. */
  | { source: string }
  /** The target of a symbolic link, relative to the link's folder. */
  | { link: string };
