/** A contender of the bench: its name, and how it is started. */
import type { Mode } from './generator.ts';

export type Setting = { socketPath: string; mode: Mode; threads: number; handler: string };

export type Contender = {
  /** As it stands in the results: `python3.13-pool` for the kind `python-pool`. */
  name: string;
  kind: string;
  command(setting: Setting): readonly [string, ...string[]];
  /** Called before the first start only: it may take a while. */
  env(): NodeJS.ProcessEnv;
  /** Whether only its question knows how it is started, in each measurement. */
  byQuestion?: true;
  /** Is started for each connection, with descriptor 3: what it is asked, and its reply. */
  cold?: { text: string; reply: string };
};
