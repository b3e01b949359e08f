import { Router } from 'express'
import type { DataSource } from 'typeorm'

/** `strangler extract` writes this file from the capability's endpoints and contract. */
export const NOT_BUILT: string[] = []

export const PATH_VALUES: Record<string, { entity: string; columns: Record<string, string> }> = {}

export function endpoints(_dataSource: DataSource): Router {
  return Router()
}
