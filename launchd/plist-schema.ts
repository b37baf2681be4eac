/** The part of launchd.plist(5) that an agent uses. launchd ignores unknown keys and values of other types silently. */
import { z } from 'zod';
import { MAX_SOCKET_PATH_BYTES } from '../wire/address.ts';

/** A plist is XML 1.0, which excludes control characters, and UTF-8, which excludes lone surrogates. */
const text = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches control characters
  .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]*$/, 'has control characters')
  .refine((value) => value.isWellFormed(), 'has a lone surrogate');
/** launchd.plist(5) requires absolute paths, and expands neither `~` nor `$`. */
const absolute = text.regex(/^\//, 'is not absolute');
const count = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

const unixSocket = z.strictObject({
  SockPathName: absolute.refine((path) => Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES, 'is too long'),
  /** A plist has no octal numbers. */
  SockPathMode: z.int().min(0).max(0o777),
});

const tcpSocket = z.strictObject({
  SockFamily: z.enum(['IPv4', 'IPv6']),
  SockNodeName: z.enum(['127.0.0.1', '::1']),
  SockServiceName: text.regex(/^\d{1,5}$/),
});

export const PLIST_SCHEMA = z.strictObject({
  Label: text.min(1),
  ProgramArguments: z
    .array(text)
    .min(1)
    .refine(([program = '']) => program.startsWith('/'), 'is not absolute'),
  Sockets: z.strictObject({
    Listeners: z.array(z.union([unixSocket, tcpSocket])).min(1),
    Control: unixSocket,
  }),
  EnvironmentVariables: z.record(text.min(1), text),
  WorkingDirectory: absolute,
  StandardOutPath: absolute,
  StandardErrorPath: absolute,
  /** Seconds; launchd takes 0 for no limit. */
  ExitTimeOut: count,
  /** Seconds between two starts; launchd ignores 0. */
  ThrottleInterval: count,
  ProcessType: z.enum(['Interactive', 'Standard', 'Adaptive', 'Background']),
  SoftResourceLimits: z.strictObject({ NumberOfFiles: count }),
  Umask: z.int().min(0).max(0o777),
  LimitLoadToSessionType: z.array(z.enum(['Aqua', 'Background'])).min(1),
  AssociatedBundleIdentifiers: z.array(text.min(1)).min(1).optional(),
});

export type Plist = z.infer<typeof PLIST_SCHEMA>;
