#!/bin/sh
# Runs a part of the tests as on a Mac, as far as Linux can be made like one:
#   - TMPDIR has 49 bytes, behind a link; with the rights for it, /tmp and /var are links too
#   - PATH has neither /usr/local nor a version manager, and programs like those of BSD come first
#   - the programs find no /proc, and no socket path may have more than 103 bytes
# The tests that need Linux report that they tested nothing.
set -eu
if [ "$(uname)" = Darwin ]; then
  echo 'This is a Mac: `npm test` is the run.'
  exit 0
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/test/mac-like

if [ "${MAC_LIKE_ROOT-}" = "" ] && [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  # A root folder of its own, in a mount namespace that ends with the run.
  exec unshare -m sh -c '
    set -eu
    # In this namespace alone.
    new=/mnt
    mount -t tmpfs none "$new"
    for entry in /* /.[!.]*; do
      name=${entry#/}
      case $name in tmp | var | private | mnt) continue ;; esac
      if [ -L "$entry" ]; then cp -P "$entry" "$new/$name"
      elif [ -d "$entry" ]; then mkdir "$new/$name" && mount --rbind "$entry" "$new/$name"
      elif [ -f "$entry" ]; then cp "$entry" "$new/$name"; fi
    done
    mkdir -p "$new/private/tmp" "$new/private/var/folders"
    chmod 1777 "$new/private/tmp"
    for entry in /var/*; do
      name=${entry#/var/}
      if [ -L "$entry" ]; then cp -P "$entry" "$new/private/var/$name"
      elif [ -d "$entry" ]; then mkdir -p "$new/private/var/$name" && mount --rbind "$entry" "$new/private/var/$name"; fi
    done
    ln -s private/tmp "$new/tmp"
    ln -s private/var "$new/var"
    MAC_LIKE_ROOT=1 exec chroot "$new" /bin/sh "$@"
  ' sh "$here/run.sh" "$@"
fi

if [ "${MAC_LIKE_ROOT-}" = 1 ]; then
  TMPDIR=/var/folders/zz/$(printf 'y%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30)/T/
else
  echo 'mac-like: without root and unshare, /tmp and /var are not links here' >&2
  base=$(mktemp -d /tmp/mac-XXXXXX)
  trap 'rm -rf "$base"' EXIT
  mkdir -p "$base/private"
  ln -s private "$base/var"
  TMPDIR=$base/var/folders/zzzzzzzzzzzzzzzzzz/T/
fi
mkdir -p "$TMPDIR"
export TMPDIR
unset XDG_RUNTIME_DIR XDG_DATA_HOME XDG_STATE_HOME XDG_CONFIG_HOME LAUNCHPOOL_TEST_ALL
export PATH="$here/bin:/usr/bin:/bin:/usr/sbin:/sbin"
export NODE_OPTIONS="--require=$here/preload.cjs"
# For the jobs of the launchd double, which have an environment of their own.
export MAC_LIKE_NODE_OPTIONS="$NODE_OPTIONS"
cd "$root"
if [ $# -eq 0 ]; then
  set -- \
    'test/src/client/*.test.ts' 'test/src/gate/*.test.ts' 'test/libc/*.test.ts' 'test/src/holder/held-socket*.test.ts' \
    'test/src/holder/activator.test.ts' 'test/launchd/*.test.ts' 'test/src/install/domains.test.ts' \
    'test/src/install/node-path.test.ts' 'test/src/install/install-labels.test.ts' 'test/src/install/dry-run.test.ts' \
    'test/src/install/report.test.ts' \
    'test/wire/address.test.ts' 'test/end-to-end/shutdown.test.ts' 'test/src/cli/call.test.ts' 'test/src/log-output.test.ts'
fi
node_modules/.bin/node test/run.ts "$@"
