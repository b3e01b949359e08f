/** A sentence of the kit's: what stands between backticks is to be typed, and is shown as such. */
export function Prose({ text }: { readonly text: string }) {
  const parts = text.split('`')
  // A backtick without its other one is a backtick.
  if (parts.length % 2 === 0) return <>{text}</>
  return <>{parts.map((part, at) => (at % 2 === 0 ? part : <code key={at}>{toTyped(part)}</code>))}</>
}

/** The kit says `strangler`; who reads it here has only seen `npx strangler` work, which a global installation answers too. */
function toTyped(command: string): string {
  return command.startsWith('strangler ') ? `npx ${command}` : command
}
