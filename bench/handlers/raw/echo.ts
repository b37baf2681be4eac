/** The message itself: what is left is the moving of it. */

export default function echo(message: Uint8Array): Uint8Array {
  return message;
}
