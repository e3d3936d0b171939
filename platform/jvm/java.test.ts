import { describe, expect, test } from 'vitest'
import { findJava, JavaMissingError, javaVersion } from './java.ts'

describe('finding Java', () => {
  test.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_392"', 8],
    ['openjdk version "21-ea" 2023-09-19', 21],
    ['openjdk version "25" 2025-09-16 LTS', 25],
    ['command not found', undefined],
  ])('%s is release %s', (said, version) => {
    expect(javaVersion(said)).toBe(version)
  })

  test('a JAVA_HOME without Java is an error that names it and says what to do', async () => {
    const looking = findJava({ javaHome: '/nowhere', jarsDir: '/nowhere', mavenRepository: 'http://nowhere' })
    await expect(looking).rejects.toThrow(JavaMissingError)
    await expect(looking).rejects.toThrow(/JAVA_HOME \(\/nowhere\).*Install a JDK/)
  })
})
