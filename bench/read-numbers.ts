import { parseArgs } from 'node:util'

/** `--warm-up-seconds 3 --json` as `{ warmUpSeconds: 3, json: true }`, or what is wrong with it. */
export function readNumbers(
  args: readonly string[],
  names: readonly string[],
): Readonly<Record<string, number | boolean>> | string {
  const flagOf = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const known = new Map(names.filter((name) => name !== 'json').map((name) => [flagOf(name), name]))
  const options = Object.fromEntries([...known.keys()].map((flag) => [flag, { type: 'string' } as const]))
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { ...options, json: { type: 'boolean', default: false } },
    })
    const { json, ...others } = values
    const numbers = Object.entries(others).map(([flag, text]) => [flag, Number(text)] as const)
    const wrong = numbers.find(([, value]) => !(value > 0))
    if (wrong !== undefined) return `--${wrong[0]} is no number above 0.`
    return {
      ...Object.fromEntries(numbers.map(([flag, value]) => [known.get(flag) ?? flag, value])),
      json: json === true,
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
