import type { EntitySchema } from 'typeorm'

/** `strangler extract` writes this file from the tables of the capability. */
export const entities: EntitySchema<never>[] = []

/** What the entities have no word for; run once, when the tables are made. */
export const declarations: string[] = []
