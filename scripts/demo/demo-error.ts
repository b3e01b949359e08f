/** Why the demo does not start here; its message is all that a person needs. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}
