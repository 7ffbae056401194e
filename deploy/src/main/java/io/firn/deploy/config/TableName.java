package io.firn.deploy.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Names of tables as people write them: {@code shop.orders}, {@code shop."US Gross"}. */
final class TableName {
    private TableName() {}

    /** Returns namespace and name with dots between and without quotes; empty where the text is no table's name. */
    static Optional<String> parse(String text) {
        List<String> levels = new ArrayList<>();
        int at = 0;
        while (true) {
            boolean isQuoted = at < text.length() && "`\"".indexOf(text.charAt(at)) >= 0;
            int end = isQuoted ? text.indexOf(text.charAt(at), at + 1) : text.indexOf('.', at);
            if (isQuoted && end < 0) {
                return Optional.empty();
            }
            int stop = end < 0 ? text.length() : end;
            String level = text.substring(isQuoted ? at + 1 : at, stop);
            if (!(isQuoted ? isQuotedLevel(level) : isBareLevel(level))) {
                return Optional.empty();
            }
            levels.add(level);
            at = isQuoted ? stop + 1 : stop;
            if (at == text.length()) {
                return levels.size() > 1 ? Optional.of(String.join(".", levels)) : Optional.empty();
            }
            if (text.charAt(at++) != '.') {
                return Optional.empty();
            }
        }
    }

    private static boolean isBareLevel(String level) {
        return !level.isEmpty() && level.chars().noneMatch(c -> Character.isWhitespace(c) || c == '"' || c == '`');
    }

    /** A dot within would be taken for one between levels. */
    private static boolean isQuotedLevel(String level) {
        return !level.isBlank()
                && level.equals(level.strip())
                && level.indexOf('.') < 0
                && level.chars().noneMatch(Character::isISOControl);
    }
}
