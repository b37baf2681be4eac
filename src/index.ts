/** The public names of `launchpool`. */
import '../wire/node-version.ts';

export type { Job, ProcessType } from '../job/job.ts';
export type { JobStatus, Supervisor } from '../job/supervisor.ts';
export { ERROR_CODES, type ErrorCode, LaunchpoolError } from '../wire/errors.ts';
export { type InitOptions, init } from './cli/scaffold.ts';
export { type Agent, call, close, connect, connectRaw, notify, type RawClient, withOptions } from './client/index.ts';
export { type ControlCall, callControl } from './control/call.ts';
export { logCommandOf } from './control/logs.ts';
export { type AgentStatus, list, type StatusOptions, status } from './control/status.ts';
export { type Activator, type ActivatorEvent, type ActivatorOptions, createActivator } from './holder/activator.ts';
export { createEmbedded, type Embedded } from './holder/embedded.ts';
export { type DoctorOptions, doctor } from './install/doctor/doctor.ts';
export type { Finding, FindingId } from './install/doctor/finding.ts';
export { type DryRun, dryRun } from './install/dry-run.ts';
export { type Installed, install } from './install/install.ts';
export { restart } from './install/restart.ts';
export { type RollbackOptions, type RolledBack, rollback } from './install/return-to-version.ts';
export type { StepEvent } from './install/rollback.ts';
export { type Started, type StartOptions, start } from './install/start.ts';
export { type StopOptions, type Stopped, stop } from './install/stop.ts';
export { type Uninstalled, type UninstallOptions, uninstall } from './install/uninstall.ts';
export { type UpgradeOptions, upgrade } from './install/upgrade.ts';
export { type AgentUpgrade, type UpgradeAllOptions, upgradeAll } from './install/upgrade-all.ts';
export { type AgentVersion, versions } from './installed/agent-versions.ts';
export type { InstallOptions } from './installed/install-options.ts';
export type { JobOptions } from './installed/job-options.ts';
