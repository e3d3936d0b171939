/** Text as a pattern of `like` that finds it anywhere: its own wildcards are letters. */
export function likePattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
}
