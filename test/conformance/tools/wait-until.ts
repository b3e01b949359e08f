/** Waits until a condition holds, looking every 5 ms. @throws when it does not within the time */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 5_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
