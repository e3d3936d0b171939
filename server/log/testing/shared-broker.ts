import { inject, test } from 'vitest'

/** What the door of scale/kafka/testing/shared-broker.ts answers: host:port, or why there is none. */
export type BrokerAnswer = { url: string } | { missing: string }

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers where the run's broker is, which the first question starts. */
    testBrokerDoor: string
  }
}

/**
 * The broker that all integration tests of a run share, as host:port; null where there is no Java to run one, which is
 * then said by name, as a test of the file that asks. Call it at the top of a test file.
 */
export async function sharedBroker(): Promise<string | null> {
  const response = await fetch(inject('testBrokerDoor'))
  if (!response.ok) throw new Error(await response.text())
  const answer: BrokerAnswer = JSON.parse(await response.text())
  if ('url' in answer) return answer.url
  test(`left out, for there is no broker of Kafka: ${answer.missing}`, () => {})
  return null
}
