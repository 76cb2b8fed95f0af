import { Plan } from "@effect-qstash/jobs"
import { Digest, jobs } from "./jobs.ts"

const tenants = ["t1", "t2"]

export default Plan.make(
  jobs,
  tenants.map((tenant) => Digest.schedule({ key: tenant, cron: "0 7 * * MON", payload: { tenant } }))
)
