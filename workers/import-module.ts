/** import() by another name: the bundle, whose scripts cannot have it, replaces this file. */
export function importModule<Namespace>(url: string): Promise<Namespace> {
  return import(url);
}
