/** Calls import(). In the bundle, whose scripts cannot call it, boot/import-module.ts replaces this file. */
export function importModule<Namespace>(url: string): Promise<Namespace> {
  return import(url);
}
