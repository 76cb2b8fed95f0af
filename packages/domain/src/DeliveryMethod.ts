import { oneOf } from "./internal/effectSchema.ts"

/**
 * The HTTP method of a delivery. The default is `POST`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeliveryMethod = oneOf(
  "DeliveryMethod",
  "one of GET, POST, PUT, PATCH and DELETE",
  "GET",
  "POST",
  "PUT",
  "PATCH",
  "DELETE"
)

/**
 * @since 0.1.0
 * @category models
 */
export type DeliveryMethod = typeof DeliveryMethod.Type
