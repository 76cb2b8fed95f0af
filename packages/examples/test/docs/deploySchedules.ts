import { Plan } from "@effect-qstash/jobs"
import { Export, jobs } from "./jobs.ts"

const tenants = ["t1", "t2"]

export default Plan.make(
  jobs,
  tenants.map((tenant) =>
    Export.schedule({ key: tenant, cron: "0 7 * * MON", payload: { exportId: tenant, rows: 100 } })
  )
)
