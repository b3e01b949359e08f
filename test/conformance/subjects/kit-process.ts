import { type KitOptions, startKitServer } from './kit-server.ts'

/** What the process is told. */
export type KitCommand =
  | { readonly start: KitOptions }
  | { readonly swap: 'monolith' | 'service' }
  | { readonly count: 'sockets' }

// The kit's proxy as a process of its own: started and toggled by messages, stopped by SIGTERM.
let kit: Awaited<ReturnType<typeof startKitServer>> | undefined

process.on('message', (command: KitCommand) => {
  if ('start' in command) void start(command.start)
  else if ('count' in command) process.send?.(countSockets())
  else {
    kit?.swap(command.swap)
    process.send?.('swapped')
  }
})

function countSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCPSocket')).length
}

async function start(options: KitOptions): Promise<void> {
  kit = await startKitServer(options, () => undefined)
  const { server } = kit
  process.once('SIGTERM', () => {
    server.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })
  process.send?.({ port: kit.port })
}
