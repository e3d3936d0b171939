import type { DoorAnswer, IntakeDoor } from '#server/serving/pipeline/intake-door.ts'

export interface IntakeDoorOptions {
  host: string
  port: number
  /** Sent as a till sends it; undefined when the intake asks for none. */
  intakeKey: string | undefined
}

/** The intake answers or refuses within 15 s of having read a request. */
const TIMEOUT_MS = 20_000
const HEALTH_TIMEOUT_MS = 1_000
const AWAY: DoorAnswer = {
  kind: 'away',
  detail: 'The intake does not answer: it may be starting. Nothing has changed; try again.',
}

/** Asks the intake over HTTP, as everything does that writes to the log. */
export function createIntakeDoor({ host, port, intakeKey }: IntakeDoorOptions): IntakeDoor {
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`

  async function settle(path: string, body: string): Promise<DoorAnswer> {
    let response: Response
    try {
      response = await fetch(`${origin}/api/v1/dead-letters/${path}`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(intakeKey === undefined ? {} : { Authorization: `Bearer ${intakeKey}` }),
        },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
    } catch {
      return AWAY
    }
    return answerOf(response.status, await response.json().catch(() => null))
  }

  return {
    async isUp() {
      try {
        const response = await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })
        await response.body?.cancel()
        return response.ok
      } catch {
        return false
      }
    },
    requeue: ({ deadLetter, payload }) => settle(`${deadLetter}/requeue`, payload ?? ''),
    discard: ({ deadLetter, reason }) => settle(`${deadLetter}/discard`, JSON.stringify({ reason })),
  }
}

function answerOf(status: number, body: unknown): DoorAnswer {
  const { outcome, detail } = fieldsOf(body)
  if (status === 200 && (outcome === 'appended' || outcome === 'duplicate' || outcome === 'discarded'))
    return { kind: outcome }
  if (status === 401 || status === 403) {
    return {
      kind: 'away',
      detail: 'The intake does not know the key of this dashboard: give both one INTAKE_KEY.',
    }
  }
  if (status === 429 || status >= 500 || detail === null)
    return { ...AWAY, ...(detail === null ? {} : { detail }) }
  return { kind: 'refused', detail }
}

function fieldsOf(body: unknown): { outcome: string | null; detail: string | null } {
  if (typeof body !== 'object' || body === null) return { outcome: null, detail: null }
  const { outcome, detail } = body as Record<string, unknown>
  return {
    outcome: typeof outcome === 'string' ? outcome : null,
    detail: typeof detail === 'string' ? detail : null,
  }
}
