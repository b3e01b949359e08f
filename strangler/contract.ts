/** Contracts in test suites, of a service that knows nothing else of the kit. Everything else is internal. */
export type { ContractFailure } from './compare/contract/check-answer.ts'
export type { OpenApiDocument } from './compare/contract/write-openapi.ts'
export { checkAnswer, type ExchangeToCheck } from './contract/check-exchange.ts'
export {
  checkCall,
  checkEvent,
  type ExpectationFailure,
  type Expectations,
  readExpectations,
} from './contract/expectations.ts'
export { type ContractReport, type VerifyOptions, verifyContract } from './contract/verify-contract.ts'
