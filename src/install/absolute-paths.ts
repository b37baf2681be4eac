/** Paths among the options of an installation, as they are kept: an upgrade runs in another working directory. */
import { resolve } from 'node:path';
import type { InstallOptions } from '../installed/install-options.ts';
import { AGENT_TABLE } from '../options/agent-table.ts';
import { INSTALL_TABLE } from '../options/install-table.ts';
import type { Option } from '../options/option.ts';

export function withAbsolutePaths<Options extends InstallOptions>(options: Options): Options {
  const own = Object.entries(INSTALL_TABLE).filter(isPath);
  const agents = Object.values(AGENT_TABLE).map((row) => [row.flag, row] as const);
  const { agent } = options;
  return {
    ...options,
    module: resolve(options.module),
    ...resolved(
      options,
      own.map(([key]) => key),
    ),
    ...(agent && {
      agent: {
        ...agent,
        ...resolved(
          agent,
          agents.filter(isPath).map(([flag]) => flag),
        ),
      },
    }),
  };
}

function isPath([, row]: readonly [string, Option]): boolean {
  return 'value' in row && row.value.kind === 'path';
}

/** Those of the given names that are paths, made absolute. */
function resolved(options: object, names: readonly string[]): Record<string, string> {
  const values = options as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    names.flatMap((name) => (typeof values[name] === 'string' ? [[name, resolve(values[name])]] : [])),
  );
}
