export interface Night {
  /** Today, as a whole number of days. */
  readonly day: number
  /** In how many nights the whole shop is counted; each counts another part. */
  readonly nights: number
}

/** The nightly count of one part of the stock, in which every row loses a piece. Returns the number of rows written. */
export type NightlyCount = (night: Night) => Promise<number>

export const tonight = (now: Date): Night => ({ day: Math.floor(now.getTime() / 86_400_000), nights: 30 })

export const isDue = (sku: string, { day, nights }: Night) =>
  Number(sku.replaceAll(/\D/g, '')) % nights === day % nights
