import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  createProxyMiddleware,
  loggerPlugin,
  type Options,
  type Plugin,
  proxyEventsPlugin,
} from 'http-proxy-middleware'
import { DECIDED_BY_KIT } from '../config/schema.ts'
import { LONGEST_ANSWER_HEADERS } from '../core/answer-bounds.ts'
import { StranglerError } from '../core/errors.ts'

export type HpmOptions = Record<string, unknown>
export type HpmMiddleware = ReturnType<typeof createProxyMiddleware>
/** httpxy's server, which every plugin receives. */
export type HpmServer = Parameters<Plugin>[0]

/** What the kit hears from http-proxy-middleware, before the endpoint's own handlers do. */
export interface HpmEvents {
  /** Where the request goes, and by which connections. `false`: a connection of its own, with no agent. */
  destination(req: IncomingMessage): { target: string; agent: Agent | false }
  proxyReq?(out: ClientRequest, req: IncomingMessage): void
  proxyRes?(answer: IncomingMessage, req: IncomingMessage): void
  proxyReqWs?(out: ClientRequest, req: IncomingMessage, socket: Socket): void
  failed(error: unknown, req: IncomingMessage): void
  /** A handler of the endpoint's own has thrown or rejected. `req` is undefined for the events that name none. */
  handlerFailed(error: unknown, req: IncomingMessage | undefined): void
}

/**
 * A middleware with the endpoint's options (rewriting, `on` handlers, plugins) whose every decision and failure is the kit's.
 * Of the default plugins only `on` and the configured logger are kept: the others answer the client by themselves.
 */
export function createHpmMiddleware(options: HpmOptions, events: HpmEvents): HpmMiddleware {
  const own = { ...options } as Options & HpmOptions
  // The configuration refuses these; an embedding program may still hand them over.
  for (const key of DECIDED_BY_KIT) delete own[key]
  const plugins: Plugin[] = [createKitPlugin(events)]
  if (own.ejectPlugins !== true) plugins.push(proxyEventsPlugin as Plugin)
  if (own.logger !== undefined) plugins.push(loggerPlugin as Plugin)
  return createProxyMiddleware({
    preserveHeaderKeyCase: true,
    ...own,
    plugins: [...plugins, ...(own.plugins ?? [])],
    ejectPlugins: true,
    router(req: IncomingMessage, _res: ServerResponse | undefined, perRequest: Options) {
      const { target, agent } = events.destination(req)
      perRequest.agent = agent
      // httpxy makes the request's options of this object, and writes the request's own fields into it.
      perRequest.ssl = { ...(perRequest.ssl as object | undefined), maxHeaderSize: LONGEST_ANSWER_HEADERS }
      return target
    },
  })
}

function createKitPlugin(events: HpmEvents): Plugin {
  return (server) => {
    guardHandlers(server, events)
    server.on('proxyReq', (out, req) => events.proxyReq?.(out, req))
    server.on('proxyRes', (answer, req) => events.proxyRes?.(answer, req))
    server.on('proxyReqWs', (out, req, socket) => events.proxyReqWs?.(out, req, socket))
    server.on('econnreset', (error, req) => events.failed(error, req))
    server.on('error', (error, req) => {
      if (req !== undefined) events.failed(error, req)
    })
  }
}

// At which place each event of httpxy carries the request.
const REQUEST_AT: Readonly<Record<string, number>> = {
  start: 0,
  end: 0,
  proxyReq: 1,
  proxyRes: 1,
  proxyReqWs: 1,
  error: 1,
  econnreset: 1,
}

/** A handler that throws does so inside an event of a socket, where it would end the process. */
function guardHandlers(server: HpmServer, events: HpmEvents): void {
  const emit = (event: string, ...args: unknown[]): boolean => {
    const req = args[REQUEST_AT[event] ?? args.length] as IncomingMessage | undefined
    const listeners = server.rawListeners(event as 'error')
    for (const listener of listeners) {
      callGuarded(
        () => Reflect.apply(listener, server, args),
        (error) => events.handlerFailed(error, req),
      )
    }
    return listeners.length > 0
  }
  Object.assign(server, { emit })
}

/** Calls a foreign function; whatever it throws, at once or later, goes to `onFailure`. */
export function callGuarded(call: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    const result = call()
    if (result instanceof Promise) result.catch(onFailure)
  } catch (error) {
    onFailure(error)
  }
}

/** What the endpoint's own code has thrown, as an error of the kit. */
export function optionsFailed(cause: unknown): StranglerError {
  if (cause instanceof StranglerError) return cause
  return new StranglerError(
    'STRANGLER_INTERNAL',
    'The http-proxy-middleware options of the endpoint failed.',
    { cause },
  )
}
