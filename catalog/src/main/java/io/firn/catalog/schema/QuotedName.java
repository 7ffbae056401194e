package io.firn.catalog.schema;

import java.util.Optional;

/**
 * A name between backticks or double quotes.
 *
 * @param name without the quotes
 * @param end index after the closing quote
 */
record QuotedName(String name, int end) {
    /** Returns the name that begins at this index, if a quote is there. */
    static Optional<QuotedName> at(String text, int start) {
        if (start >= text.length() || "`\"".indexOf(text.charAt(start)) < 0) {
            return Optional.empty();
        }
        int end = text.indexOf(text.charAt(start), start + 1);
        return Optional.of(new QuotedName(end < 0 ? "" : text.substring(start + 1, end), end + 1));
    }

    /** Whether there is a name and the quote ends. */
    boolean isComplete() {
        return !name.isEmpty();
    }

    /** Returns the name as it can be read again. */
    static String written(String name) {
        boolean plain = !name.isEmpty() && name.chars().allMatch(c -> Character.isLetterOrDigit(c) || c == '_');
        String quote = name.indexOf('`') < 0 ? "`" : "\"";
        return plain ? name : quote + name + quote;
    }

    /** Returns the text without quotes around the whole of it. */
    static String unquoted(String text) {
        return at(text, 0)
                .filter(quoted -> quoted.isComplete() && quoted.end() == text.length())
                .map(QuotedName::name)
                .orElse(text);
    }
}
