package tillstream.job;

/** An array literal of Postgres as it grows: the cheapest way to send many rows, as `platform/pg-array.ts` does. */
final class ArrayText {
    private final StringBuilder literal = new StringBuilder("{");

    /** As it is: numbers, dates, truth values. */
    void plain(Object value) {
        separate();
        if (value == null) literal.append("NULL");
        else literal.append(value);
    }

    void text(String value) {
        separate();
        if (value == null) {
            literal.append("NULL");
            return;
        }
        literal.append('"');
        for (int index = 0; index < value.length(); index++) {
            char letter = value.charAt(index);
            if (letter == '"' || letter == '\\') literal.append('\\');
            literal.append(letter);
        }
        literal.append('"');
    }

    private void separate() {
        if (literal.length() > 1) literal.append(',');
    }

    String close() {
        return literal.append('}').toString();
    }
}
