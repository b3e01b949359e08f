import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { trace } from '@opentelemetry/api'

// Given to a kit with `--import`, in its threads too: writes down what is loaded of OpenTelemetry, and each span that is begun.
const place = process.env['WATCH_TRACING'] ?? ''
const note = (line: string) => appendFileSync(place, `${line}\n`)

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/')) note(`load ${specifier}`)
    return next(specifier, context)
  },
})

const getTracer = trace.getTracer.bind(trace)
trace.getTracer = (...names) => {
  const tracer = getTracer(...names)
  const startSpan = tracer.startSpan.bind(tracer)
  return Object.assign(Object.create(tracer), {
    startSpan: (...given: Parameters<typeof startSpan>) => {
      note('span')
      return startSpan(...given)
    },
  })
}
