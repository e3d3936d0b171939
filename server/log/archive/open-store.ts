import type { S3Settings } from '#platform/environment.ts'
import type { ArchiveStore } from './archive-store.ts'
import { openFolderStore } from './folder-store.ts'

/**
 * Opens the archive at an address.
 * @throws ArchiveError where the address is in S3 and no key is set
 */
export async function openArchiveStore(address: string, s3: S3Settings | undefined): Promise<ArchiveStore> {
  if (!address.startsWith('s3://')) return openFolderStore(address)
  const { openS3Store } = await import('./s3-store.ts')
  return openS3Store(address, s3)
}
