import type { Capabilities } from "../Harness.ts"

export const slowly: Capabilities["slowly"] = (after, status) => ({ status, after })
