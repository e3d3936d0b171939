package tillstream.job;

/** An array literal of Postgres as it grows: the cheapest way to send many rows, as `platform/pg-array.ts` does. */
final class ArrayText {
    private final StringBuilder literal;

    /** @param values about how many come */
    ArrayText(int values) {
        literal = new StringBuilder(16 + 10 * values).append('{');
    }

    /** As it is: numbers, dates, truth values. */
    void plain(Object value) {
        separate();
        if (value == null) literal.append("NULL");
        // Most are: digits go where they belong, without a text of their own.
        else if (value instanceof Long number) literal.append(number.longValue());
        else literal.append(value);
    }

    void text(String value) {
        separate();
        if (value == null) {
            literal.append("NULL");
            return;
        }
        literal.append('"');
        if (value.indexOf('"') < 0 && value.indexOf('\\') < 0) {
            literal.append(value).append('"');
            return;
        }
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
