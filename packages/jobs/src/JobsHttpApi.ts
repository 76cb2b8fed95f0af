/**
 * The router of jobs as a group of an `HttpApi`.
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"

/**
 * A group for the jobs of an application, at the root of the group's path. Handle both endpoints with the jobs' `httpApp`.
 *
 * @example
 * const Api = HttpApi.make("api").add(JobsHttpApi.group.prefix("/jobs"))
 * const JobsLive = HttpApiBuilder.group(Api, "jobs", (handlers) =>
 *   handlers.handleRaw("run", () => jobs.httpApp).handleRaw("outcome", () => jobs.httpApp))
 *
 * @since 0.1.0
 * @category models
 */
export const group = HttpApiGroup.make("jobs")
  .add(HttpApiEndpoint.post("run", "/:job"))
  .add(HttpApiEndpoint.post("outcome", "/:job/outcome"))
