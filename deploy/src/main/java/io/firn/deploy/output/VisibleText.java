package io.firn.deploy.output;

/** Text of others, made fit for one line of a log or a terminal. */
public final class VisibleText {
    private static final int FIRST_BIDI_MARK = 0x202A;
    private static final int LAST_BIDI_MARK = 0x202E;
    private static final int FIRST_ISOLATE = 0x2066;
    private static final int LAST_ISOLATE = 0x2069;
    private static final int LINE_SEPARATOR = 0x2028;
    private static final int PARAGRAPH_SEPARATOR = 0x2029;

    private VisibleText() {}

    /** Returns the text without a character that ends a line, moves the cursor or changes the direction of writing. */
    public static String line(String text) {
        StringBuilder visible = null;
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (isHidden(each)) {
                if (visible == null) {
                    visible = new StringBuilder(text.length() + 16).append(text, 0, i);
                }
                visible.append(escaped(each));
            } else if (visible != null) {
                visible.append(each);
            }
        }
        return visible == null ? text : visible.toString();
    }

    static boolean isHidden(char each) {
        return Character.isISOControl(each)
                || each == LINE_SEPARATOR
                || each == PARAGRAPH_SEPARATOR
                || each >= FIRST_BIDI_MARK && each <= LAST_BIDI_MARK
                || each >= FIRST_ISOLATE && each <= LAST_ISOLATE;
    }

    static String escaped(char hidden) {
        return switch (hidden) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format("\\u%04x", (int) hidden);
        };
    }
}
