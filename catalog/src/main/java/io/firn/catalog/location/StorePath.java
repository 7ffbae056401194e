package io.firn.catalog.location;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A file or directory in a store, in a form that can be compared. Immutable.
 *
 * <p>Two comparisons exist, because a mistake must never delete a file. {@link #isBelow} proves: it reads both paths as
 * they are written. {@link #overlaps} suspects: it also decodes percent signs and resolves {@code ..}, as some clients
 * of a store do and others do not.
 */
public final class StorePath {
    private static final String FILES = "file";

    private final String store;
    private final String authority;
    private final List<String> written;
    private final List<String> resolved;
    private final boolean hasDotSegments;

    private StorePath(String store, String authority, List<String> written) {
        this.store = store;
        this.authority = authority;
        this.written = List.copyOf(written);
        this.resolved = resolved(written);
        this.hasDotSegments = written.stream().map(StorePath::decoded).anyMatch(StorePath::hasDots);
    }

    /**
     * Reads a location as engines write it: {@code s3://bucket/a/b}, {@code file:/a/b}, {@code /a/b}.
     *
     * @throws IllegalArgumentException if the location is blank
     */
    public static StorePath parse(String location) {
        if (location.isBlank()) {
            throw new IllegalArgumentException("a location must not be blank");
        }
        String rest = location;
        String scheme = FILES;
        int colon = location.indexOf(':');
        int slash = location.indexOf('/');
        if (colon > 0 && (slash < 0 || colon < slash)) {
            scheme = location.substring(0, colon).toLowerCase(Locale.ROOT);
            rest = location.substring(colon + 1);
        }
        String authority = "";
        if (rest.startsWith("//")) {
            int end = rest.indexOf('/', 2);
            authority = (end < 0 ? rest.substring(2) : rest.substring(2, end)).toLowerCase(Locale.ROOT);
            rest = end < 0 ? "" : rest.substring(end);
        }
        List<String> segments = new ArrayList<>();
        for (String segment : rest.split("/", -1)) {
            if (!segment.isEmpty()) {
                segments.add(segment);
            }
        }
        return new StorePath(store(scheme), authority(store(scheme), authority), segments);
    }

    /** Clients name the same store by several schemes. */
    private static String store(String scheme) {
        return switch (scheme) {
            case "s3a", "s3n" -> "s3";
            case "abfs", "abfss", "wasb", "wasbs" -> "abfs";
            case "gcs" -> "gs";
            default -> scheme;
        };
    }

    private static String authority(String store, String authority) {
        if (store.equals(FILES)) {
            return "";
        }
        return store.equals("abfs") ? authority.replace(".blob.", ".dfs.") : authority;
    }

    /** Returns the scheme, the same one for all schemes that name the same store; {@code file} where there is none. */
    public String store() {
        return store;
    }

    /** Returns whether this is a whole bucket or file system. */
    public boolean isRoot() {
        return resolved.isEmpty();
    }

    /** Returns whether a segment is {@code .} or {@code ..}, also percent-encoded. */
    public boolean hasDotSegments() {
        return hasDotSegments;
    }

    /** Returns whether this lies strictly below a directory, whichever way a client of the store reads the two paths. */
    public boolean isBelow(StorePath directory) {
        return !hasDotSegments
                && !directory.hasDotSegments
                && isSameStore(directory)
                && written.size() > directory.written.size()
                && isPrefix(directory.written, written);
    }

    /** Returns whether this is the directory, or {@link #isBelow} it. */
    public boolean isAtOrBelow(StorePath directory) {
        return isBelow(directory) || !hasDotSegments && isSameStore(directory) && written.equals(directory.written);
    }

    /** Returns whether, by any reading, the two are the same or one could contain the other. */
    public boolean overlaps(StorePath other) {
        boolean sameStore = store.equals(other.store)
                && (authority.equals(other.authority) || authority.isEmpty() || other.authority.isEmpty());
        return sameStore && (isPrefix(resolved, other.resolved) || isPrefix(other.resolved, resolved));
    }

    /** Returns whether this is the other directory or contains it, by any reading. */
    public boolean contains(StorePath other) {
        return overlaps(other) && resolved.size() <= other.resolved.size();
    }

    /** Returns the segments of the path as they are written. */
    public List<String> segments() {
        return written;
    }

    /** Returns whether the path is in a file system that Hadoop takes for the local one. */
    public boolean isLocalFile() {
        return store.equals(FILES);
    }

    private boolean isSameStore(StorePath other) {
        return store.equals(other.store) && authority.equals(other.authority);
    }

    private static boolean isPrefix(List<String> shorter, List<String> longer) {
        return shorter.size() <= longer.size()
                && longer.subList(0, shorter.size()).equals(shorter);
    }

    private static boolean hasDots(String segment) {
        return List.of(segment.split("/", -1)).stream().anyMatch(each -> each.equals(".") || each.equals(".."));
    }

    private static List<String> resolved(List<String> written) {
        Deque<String> resolved = new ArrayDeque<>();
        for (String segment : written) {
            for (String each : decoded(segment).split("/", -1)) {
                if (each.equals("..")) {
                    resolved.pollLast();
                } else if (!each.isEmpty() && !each.equals(".")) {
                    resolved.addLast(each);
                }
            }
        }
        return List.copyOf(resolved);
    }

    /** Decodes {@code %41} and the like, repeatedly; what is no such escape stays as it is. */
    private static String decoded(String segment) {
        String text = segment;
        for (int round = 0; round < 3 && text.indexOf('%') >= 0; round++) {
            text = decodedOnce(text);
        }
        return text;
    }

    private static String decodedOnce(String text) {
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream(text.length());
        byte[] all = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        for (int at = 0; at < all.length; at++) {
            int high = at + 2 < all.length && all[at] == '%' ? Character.digit(all[at + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(all[at + 2], 16);
            if (low < 0) {
                bytes.write(all[at]);
            } else {
                bytes.write(high * 16 + low);
                at += 2;
            }
        }
        return bytes.toString(java.nio.charset.StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StorePath
                && store.equals(((StorePath) other).store)
                && authority.equals(((StorePath) other).authority)
                && written.equals(((StorePath) other).written);
    }

    @Override
    public int hashCode() {
        return Objects.hash(store, authority, written);
    }

    @Override
    public String toString() {
        return store + "://" + authority + "/" + String.join("/", written);
    }
}
