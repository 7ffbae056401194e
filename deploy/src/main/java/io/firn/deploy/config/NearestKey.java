package io.firn.deploy.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds what was probably meant by a misspelt key or name. */
public final class NearestKey {
    private NearestKey() {}

    /** As the beginning of a sentence, {@code did you mean orders? }; empty where nothing is known. */
    public static String hint(String key, Collection<String> known) {
        return to(key, known).map(nearest -> "did you mean " + nearest + "? ").orElse("");
    }

    /** The closest, where it differs in case, separators and little else. */
    public static Optional<String> close(String key, Collection<String> known) {
        return known.stream()
                .filter(candidate -> distance(plain(key), plain(candidate)) <= Math.min(2, key.length() / 4))
                .min(Comparator.<String>comparingInt(candidate -> distance(plain(key), plain(candidate)))
                        .thenComparing(Comparator.naturalOrder()));
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[_ -]", "");
    }

    /** The closest of the known keys by edit distance, the first of the alphabet among equals. */
    static Optional<String> to(String key, Collection<String> known) {
        return known.stream()
                .min(Comparator.<String>comparingInt(candidate -> distance(key, candidate))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** Levenshtein's: the number of insertions, deletions and replacements. */
    static int distance(String left, String right) {
        int[] previous = new int[right.length() + 1];
        for (int column = 0; column <= right.length(); column++) {
            previous[column] = column;
        }
        for (int row = 1; row <= left.length(); row++) {
            int[] current = new int[right.length() + 1];
            current[0] = row;
            for (int column = 1; column <= right.length(); column++) {
                int replaced = previous[column - 1] + (left.charAt(row - 1) == right.charAt(column - 1) ? 0 : 1);
                current[column] = Math.min(replaced, 1 + Math.min(previous[column], current[column - 1]));
            }
            previous = current;
        }
        return previous[right.length()];
    }
}
