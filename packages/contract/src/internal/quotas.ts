import type { Quotas } from "../Harness.ts"

/** High enough for all laws except those about quotas. */
export const quotas: Quotas = {
  maxSchedules: 20,
  maxQueues: 10,
  maxUrlGroups: 8,
  maxEndpointsPerUrlGroup: 12,
  maxMessagesPerRequest: 120,
  maxBytesPerRequest: 4_000_000,
  maxRetries: 50,
  maxPageBytes: 1_000_000
}
