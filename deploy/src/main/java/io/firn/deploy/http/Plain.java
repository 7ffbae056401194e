package io.firn.deploy.http;

/** What others sent, made fit for a line of the log. */
final class Plain {
    private static final int MOST = 200;

    private Plain() {}

    /** Without what could end a line or move a terminal's cursor, and not for ever. */
    static String text(String sent) {
        String visible = sent.replaceAll("[^\\x20-\\x7e]", "?");
        return visible.length() > MOST ? visible.substring(0, MOST) + "..." : visible;
    }
}
