package io.firn.compaction.orphan;

/**
 * Names of files as one compares them: the path alone. The same object is {@code s3://} to one engine and {@code
 * s3a://} to another, {@code file:/} and {@code file:///}, with the authority or without. Two files of different
 * buckets may so look alike; then one is taken to be referenced that is not, and stays, which does no harm.
 */
final class Locations {
    private Locations() {}

    /** Without scheme and authority, and without empty or trailing parts. */
    static String path(String location) {
        int from = 0;
        int colon = location.indexOf(':');
        int slash = location.indexOf('/');
        if (colon > 0 && (slash < 0 || colon < slash)) {
            from = colon + 1;
            if (location.startsWith("//", from)) {
                int end = location.indexOf('/', from + 2);
                from = end < 0 ? location.length() : end;
            }
        }
        StringBuilder path = new StringBuilder(location.length() - from + 1);
        for (int at = from; at < location.length(); at++) {
            char each = location.charAt(at);
            if (each != '/' || path.isEmpty() || path.charAt(path.length() - 1) != '/') {
                path.append(each);
            }
        }
        int length = path.length();
        if (length > 1 && path.charAt(length - 1) == '/') {
            path.setLength(length - 1);
        }
        return path.toString();
    }

    /** With exactly one slash at the end, so that {@code orders} does not cover {@code orders_staging}. */
    static String folder(String location) {
        return location.endsWith("/") ? location : location + "/";
    }

    /** Whether one folder is the other or lies in it. */
    static boolean within(String inner, String outer) {
        return (path(inner) + "/").startsWith(path(outer) + "/");
    }

    static String name(String location) {
        return location.substring(location.lastIndexOf('/') + 1);
    }
}
