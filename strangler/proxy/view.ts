/** What stays possible on a sealed view: looking, and (un)subscribing. */
const STILL_OPEN =
  /^(?:on|once|off|emit|addListener|removeListener|prependListener|listenerCount|get.*|has.*)$/

/** A view of an object, and the means to shut it. */
export interface View<T> {
  readonly value: T
  /** From now on the view changes nothing: methods do nothing, and what is set on it stays on it. */
  seal(): void
}

/**
 * A stand-in for a request, response or socket that is handed to foreign code: it differs in `own`, and everything else is the
 * object's own doing. Copying or deriving would not do: streams keep state that must be one.
 */
export function createView<T extends object>(target: T, own: Record<PropertyKey, unknown>): View<T> {
  const over = new Map<PropertyKey, unknown>(Object.entries(own))
  const bound = new Map<PropertyKey, { method: unknown; call: unknown }>()
  let sealed = false

  const bind = (key: PropertyKey, method: (...args: unknown[]) => unknown): unknown => {
    const known = bound.get(key)
    if (known?.method === method) return known.call
    const call = method.bind(target)
    bound.set(key, { method, call })
    return call
  }
  const value = new Proxy(target, {
    get(_target, key) {
      if (over.has(key)) return over.get(key)
      const found: unknown = Reflect.get(target, key)
      if (typeof found !== 'function' || key === 'constructor') return found
      if (sealed && !(typeof key === 'string' && STILL_OPEN.test(key)))
        return key === 'write' ? () => true : () => value
      return bind(key, found as (...args: unknown[]) => unknown)
    },
    set(_target, key, next) {
      if (!sealed && !over.has(key)) return Reflect.set(target, key, next)
      over.set(key, next)
      return true
    },
  })
  return {
    value,
    seal() {
      sealed = true
    },
  }
}
