/**
 * Jobs in an `HttpApi`, beside the application's own endpoints: one of them publishes the job that another one runs. QStash
 * reaches the jobs under `/jobs`, so `JOBS_URL` is `https://api.example.com/jobs`.
 */
import { Job, Jobs, JobsHttpApi } from "@effect-qstash/jobs"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

const User = Schema.Struct({ email: Schema.String })

export const Welcome = Job.make("welcome", { payload: User, key: ({ email }) => email })

export const jobs = Jobs.make("shop", Welcome)

const Api = HttpApi.make("shop")
  .add(HttpApiGroup.make("users").add(HttpApiEndpoint.post("register", "/users").setPayload(User)))
  .add(JobsHttpApi.group.prefix("/jobs"))

const UsersLive = HttpApiBuilder.group(Api, "users", (handlers) =>
  handlers.handle("register", ({ payload }) => Effect.orDie(Effect.asVoid(Welcome.publish(payload))))
)

const JobsLive = HttpApiBuilder.group(Api, "jobs", (handlers) =>
  handlers.handleRaw("run", () => jobs.httpApp).handleRaw("outcome", () => jobs.httpApp)
)

/** Serve it with `HttpApiBuilder.serve()`. It needs the layers that `billing/worker.ts` has. */
export const ApiLive = HttpApiBuilder.api(Api).pipe(Layer.provide([UsersLive, JobsLive]))
