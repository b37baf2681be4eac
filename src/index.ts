/** `launchpool`: the public names, in the order of the README. */
export type { Job, ProcessType } from '../job/job.ts';
export type { JobStatus, Supervisor } from '../job/supervisor.ts';
export { ERROR_CODES, type ErrorCode, LaunchpoolError } from '../wire/errors.ts';
export { type Agent, close, connect, connectRaw, notify, type RawClient, withOptions } from './client/index.ts';
export { type DoctorOptions, doctor } from './install/doctor/doctor.ts';
export type { Finding, FindingId } from './install/doctor/finding.ts';
export { type DryRun, dryRun } from './install/dry-run.ts';
export { type Installed, install } from './install/install.ts';
export { logCommandOf } from './install/logs.ts';
export type { JobOptions } from './install/options.ts';
export type { InstallOptions } from './install/plan.ts';
export { restart } from './install/restart.ts';
export { type AgentStatus, list, type StatusOptions, status } from './install/status.ts';
export type { StepEvent } from './install/steps.ts';
export { type Uninstalled, type UninstallOptions, uninstall } from './install/uninstall.ts';
export { type UpgradeOptions, upgrade } from './install/upgrade.ts';
export { type Activator, type ActivatorEvent, type ActivatorOptions, createActivator } from './supervisor/activator.ts';
export { createEmbedded, type Embedded } from './supervisor/embedded.ts';
