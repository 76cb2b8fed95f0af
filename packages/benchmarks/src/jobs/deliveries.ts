/** The deliveries that every worker gets. */
export const signingKeys = {
  currentSigningKey: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
  nextSigningKey: "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"
}

/** Where QStash would call the job. */
export const name = "summary"
export const workerUrl = "https://api.example.com/jobs"
export const url = `${workerUrl}/${name}`

export const responseText = '{"isSent":true}'
