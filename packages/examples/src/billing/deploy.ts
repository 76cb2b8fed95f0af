/** The schedules of the application, for `effect-qstash jobs plan` and for a deployment in code. */
import { Plan } from "@effect-qstash/jobs"
import { Digest, jobs } from "./jobs.ts"
import { TenantId } from "./work.ts"

const tenants = Array.from({ length: 20 }, (_, index) => TenantId.make(`t${index + 1}`))

export default Plan.make(
  jobs,
  tenants.map((tenantId) =>
    Digest.schedule({ key: tenantId, cron: "CRON_TZ=Europe/Berlin 0 7 * * MON", payload: { tenantId } })
  )
)
