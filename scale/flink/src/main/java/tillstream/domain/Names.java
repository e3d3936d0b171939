package tillstream.domain;

/**
 * Texts that come again and again (stores, products, tills, days), each held once: no order makes its own, their hashes are
 * known when maps ask, and equal ones are nearly always the same. What is rare falls out; nothing depends on it. Not for two
 * threads.
 */
final class Names {
  private static final int SIZE = 1 << 14;
  /** What is longer is nobody's name. */
  private static final int LONGEST = 64;

  private final String[] held = new String[SIZE];

  String of(char[] letters, int start, int length) {
    if (length > LONGEST) return new String(letters, start, length);
    int hash = 0;
    for (int at = start; at < start + length; at += 1) hash = 31 * hash + letters[at];
    int place = (hash ^ (hash >>> 15)) & (SIZE - 1);
    String known = held[place];
    if (known != null && known.hashCode() == hash && isSame(known, letters, start, length)) return known;
    String name = new String(letters, start, length);
    held[place] = name;
    return name;
  }

  private static boolean isSame(String known, char[] letters, int start, int length) {
    if (known.length() != length) return false;
    for (int at = 0; at < length; at += 1) if (known.charAt(at) != letters[start + at]) return false;
    return true;
  }
}
