/** JSON Pointers, by https://www.rfc-editor.org/rfc/rfc6901: where a value is in the params of a request. */

export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * From the list of arguments into the params as they were sent.
 * @param isByName whether the params are one object, which is the first argument.
 */
export function pointerInParams(pointer: string, isByName: boolean): string {
  return isByName ? pointer.replace(/^\/0/, '') : pointer;
}
