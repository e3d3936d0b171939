import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto'

/** A browser's side of web push: its keys, and what it reads of a message (RFC 8291 and RFC 8188, written anew). */
export interface PushBrowser {
  keys: { p256dh: string; auth: string }
  read(body: Buffer): string
}

export function createPushBrowser(): PushBrowser {
  const ecdh = createECDH('prime256v1')
  const publicKey = ecdh.generateKeys()
  const auth = randomBytes(16)
  return {
    keys: { p256dh: publicKey.toString('base64url'), auth: auth.toString('base64url') },
    read(body) {
      // salt (16) · record size (4) · length of the key (1) · key of the sender · one record
      const salt = body.subarray(0, 16)
      const keyEnd = 21 + (body[20] ?? 0)
      const senderKey = body.subarray(21, keyEnd)
      const record = body.subarray(keyEnd)
      const shared = ecdh.computeSecret(senderKey)
      const derive = (secret: Buffer, saltOf: Buffer, info: Buffer, length: number) =>
        Buffer.from(hkdfSync('sha256', secret, saltOf, info, length))
      const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), publicKey, senderKey])
      const material = derive(shared, auth, keyInfo, 32)
      const key = derive(material, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
      const nonce = derive(material, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
      const decipher = createDecipheriv('aes-128-gcm', key, nonce)
      decipher.setAuthTag(record.subarray(-16))
      const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()])
      // The text ends with a 2, then zeros.
      return padded.subarray(0, padded.lastIndexOf(2)).toString('utf8')
    },
  }
}
