/**
 * Loaded before each program of the Mac-like run: what a Mac refuses fails here too. There is no /proc, and a socket path
 * has at most 103 bytes. Node's own reads of /proc do not come through these functions.
 */
const fs = require('node:fs');
const net = require('node:net');
const { syncBuiltinESMExports } = require('node:module');

const MAX_SOCKET_PATH_BYTES = 103;

function failure(code, errno, syscall, path) {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, errno, syscall, path });
}

/** Replaces a function by one that fails for paths in /proc, in the way of its kind. */
function withoutProc(owner, name, isPromise) {
  const original = owner[name];
  if (typeof original !== 'function') return;
  owner[name] = new Proxy(original, {
    apply(target, self, args) {
      const path = String(args[0]);
      if (!path.startsWith('/proc/') && path !== '/proc') return Reflect.apply(target, self, args);
      const error = failure('ENOENT', -2, name, path);
      if (isPromise) return Promise.reject(error);
      const callback = args.at(-1);
      if (typeof callback !== 'function') throw error;
      return process.nextTick(callback, error);
    },
  });
}

for (const name of ['open', 'readFile', 'readdir', 'stat', 'lstat', 'readlink', 'realpath', 'access']) {
  withoutProc(fs, name, false);
  withoutProc(fs, `${name}Sync`, false);
  withoutProc(fs.promises, name, true);
}
fs.existsSync = new Proxy(fs.existsSync, {
  apply: (target, self, args) => !/^\/proc(?:\/|$)/.test(String(args[0])) && Reflect.apply(target, self, args),
});

for (const [owner, name] of [
  [net.Server.prototype, 'listen'],
  [net.Socket.prototype, 'connect'],
]) {
  const original = owner[name];
  owner[name] = function (...args) {
    const [first] = args.flat();
    const path = typeof first === 'string' ? first : first?.path;
    if (typeof path !== 'string' || Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return original.apply(this, args);
    process.nextTick(
      () =>
        this.destroy?.(failure('EINVAL', -22, name, path)) ?? this.emit('error', failure('EINVAL', -22, name, path)),
    );
    return this;
  };
}
syncBuiltinESMExports();
