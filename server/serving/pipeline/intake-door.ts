/**
 * The way from the dashboard to the intake, which alone writes to the log. Given by the process that serves
 * pages: it knows the intake's address and key, the pages do not.
 */
export interface IntakeDoor {
  /** Whether the intake answers, asked for a second at most. */
  isUp(): Promise<boolean>
  /** @param payload the repaired event as JSON; null sends what was kept */
  requeue(request: { deadLetter: number; payload: string | null }): Promise<DoorAnswer>
  discard(request: { deadLetter: number; reason: string }): Promise<DoorAnswer>
}

export type DoorAnswer =
  | { kind: 'appended' | 'duplicate' | 'discarded' }
  /** The event is still wrong, or the letter is settled or unknown: in a sentence. */
  | { kind: 'refused'; detail: string }
  /** The intake could not be asked: nothing has changed. */
  | { kind: 'away'; detail: string }
