/**
 * The `HttpClient` for Node.
 *
 * @since 0.1.0
 */
export * as UndiciHttpClient from "./UndiciHttpClient.ts"
