/** Writes the record of an agent without installing it. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Host, hostOf } from '../../src/installed/host.ts';
import { type Layout, layoutOf } from '../../src/installed/layout.ts';
import type { InstallRecord } from '../../src/installed/record.ts';

/** @returns the agent's layout. The folder of its log exists. */
export function recordInstalled(
  label: string,
  host: Partial<Host>,
  changes: (layout: Layout) => Partial<InstallRecord> = () => ({}),
): Layout {
  const layout = layoutOf(label, hostOf(host));
  const record: InstallRecord = {
    format: 1,
    version: '0.0.0',
    label,
    supervisor: 'systemd',
    module: '/agent.ts',
    kind: 'rpc',
    methods: [],
    hash: 'abc',
    entry: 'agent.cjs',
    node: { path: process.execPath, version: process.version },
    options: {},
    madeFolders: [],
    ...changes(layout),
  };
  mkdirSync(dirname(layout.logFile), { recursive: true });
  replaceFile(layout.record, JSON.stringify(record));
  return layout;
}

/** As an installation writes its files: each program that reads the file finds the earlier text or the new one. */
export function replaceFile(path: string, text: string): void {
  const written = `${path}.new`;
  writeFileSync(written, text);
  renameSync(written, path);
}
