/**
 * Why a server could not start.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Another process listens on the port.
 *
 * @since 0.1.0
 * @category errors
 */
export class PortInUse extends Schema.TaggedError<PortInUse>()("PortInUse", {
  host: Schema.String,
  port: Schema.Number
}) {
  override get message(): string {
    return `Port ${this.port} is in use on ${this.host}: stop what listens there, or choose another port`
  }
}

/**
 * The address cannot be listened on: not one of this machine, a port that needs privileges, or no port at all. `code` is
 * Node's.
 *
 * @since 0.1.0
 * @category errors
 */
export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  host: Schema.String,
  port: Schema.Number,
  code: Schema.String
}) {
  override get message(): string {
    return `Cannot listen on ${this.host}, port ${this.port} (${this.code})`
  }
}
