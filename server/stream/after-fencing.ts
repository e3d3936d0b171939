import type { Owner } from './state/generations.ts'

/** Owner name of a replay that switches generations; a service that it stopped waits for the outcome. */
export const REPLAY_OWNER = 'replay'

export interface Fencing {
  /** Epoch under which this process owned the partition. */
  ownEpoch: number
  owner: Owner
  /** Generation this process worked on. */
  generation: number
  activeGeneration: number
}

/**
 * What a process does whose partition was taken.
 * - `lost`: another stream process works on it now, so this one leaves it alone.
 * - `follow`: a replay took it to switch generations, and has switched: go on with the new one.
 * - `wait`: a replay took it and is still at it.
 * - `retake`: a replay took it and died before it switched: go on with the old one.
 */
export function afterFencing(fencing: Fencing): 'lost' | 'follow' | 'wait' | 'retake' {
  const { ownEpoch, owner, generation, activeGeneration } = fencing
  // Only whom the replay itself stopped goes on: another process may have had the partition in between.
  const isByReplay = owner.name.startsWith(`${REPLAY_OWNER} `) && owner.epoch === ownEpoch + 1
  if (!isByReplay) return 'lost'
  if (activeGeneration !== generation) return 'follow'
  return owner.isConnected ? 'wait' : 'retake'
}
