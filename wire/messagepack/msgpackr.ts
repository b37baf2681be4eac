/** msgpackr, in a copy of its own: its extensions hold for all that use one copy. */
import { loadPackage } from './load-package.ts';

type Msgpackr = ReturnType<typeof loadPackage>;

/** The package makes its decoder of long texts when it is loaded: without this, it would drop a byte order mark. */
function load(): Msgpackr {
  const { TextDecoder: Usual } = globalThis;
  globalThis.TextDecoder = class extends Usual {
    constructor() {
      super('utf-8', { ignoreBOM: true });
    }
  };
  try {
    return loadPackage();
  } finally {
    globalThis.TextDecoder = Usual;
  }
}

export const { Packr, addExtension }: Msgpackr = load();
