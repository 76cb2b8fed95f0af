/**
 * @since 0.1.0
 */
/**
 * The response of a destination: a status, or a status with headers and a body.
 *
 * @since 0.1.0
 * @category models
 */
export type Response =
  | number
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** Text is sent as UTF-8. */
      readonly body?: string | Uint8Array
    }
