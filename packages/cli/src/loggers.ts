import * as Logger from "effect/Logger"

const colored = Logger.prettyLogger({ colors: true, stderr: true })
const plain = Logger.prettyLogger({ colors: false, stderr: true })

/** Lines for people, on standard error. */
export const forPeople = (hasColors: boolean): Logger.Logger<unknown, void> => (hasColors ? colored : plain)

/** A JSON object on each line of standard error. */
export const asJson: Logger.Logger<unknown, void> = Logger.withConsoleError(Logger.jsonLogger)
