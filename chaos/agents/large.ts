/** Methods with replies of a chosen length. */

export function large(bytes: number): string {
  return 'x'.repeat(bytes);
}

export async function largeLater(bytes: number): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return 'x'.repeat(bytes);
}

export function short(): number {
  return 1;
}
