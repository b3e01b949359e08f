/** How much is measured. */
export interface CompareBenchOptions {
  readonly json: boolean
  /** Rounds over all subjects; every figure is a median over them. */
  readonly rounds: number
  /** How long one subject works on one pair of bodies in one round. */
  readonly milliseconds: number
}

export const COMPARE_BENCH_DEFAULTS: CompareBenchOptions = { json: false, rounds: 9, milliseconds: 60 }

/** The sizes of one body, by the names that the report gives them. */
export const SIZES: Readonly<Record<string, number>> = {
  '1 KiB': 2 ** 10,
  '100 KiB': 100 * 2 ** 10,
  '5 MiB': 5 * 2 ** 20,
}
