package io.firn.deploy.output;

import ch.qos.logback.classic.LoggerContext;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/**
 * Masks what {@code ${env:}} and {@code ${file:}} of the configuration stand for. Each value is masked in all spellings
 * in which libraries print it: whole, line by line, an element of a list, a quoted part, the user information of a URL;
 * as JSON and URLs spell it; in any case. A masked value shows as {@code ***} and a number that tells it from others, so
 * that labels stay apart. Safe for use by several threads.
 */
public final class Secrets {
    /** What is shorter hides nothing, and would mask half of every text. */
    static final int MIN_LENGTH = 6;

    private static final String IN_LOG = "io.firn.secrets";

    private static final Pattern QUOTED = Pattern.compile("\"([^\"]*)\"|'([^']*)'");

    private static final Pattern ELEMENT = Pattern.compile("([^\\s,]+)");

    /** Between the scheme and the host of a URL: user and password. */
    private static final Pattern USER_INFO = Pattern.compile("//([^/@\\s]*)@");

    private static final Pattern QUERY_VALUE = Pattern.compile("[?&;][^=&;\\s]+=([^&;\\s]+)");

    private final Map<String, Integer> numbers = new LinkedHashMap<>();
    private int values;
    private volatile @Nullable Pattern pattern;

    /** Masks a value in all output from now on; nothing if it is too short to be a secret. */
    public synchronized void add(String value) {
        Set<String> spellings = new LinkedHashSet<>();
        for (String part : parts(value)) {
            if (part.length() >= MIN_LENGTH) {
                spellings.add(part);
                spellings.add(json(part));
                spellings.add(URLEncoder.encode(part, StandardCharsets.UTF_8));
            }
        }
        if (spellings.isEmpty()) {
            return;
        }
        values++;
        spellings.forEach(spelling -> numbers.putIfAbsent(spelling.toLowerCase(Locale.ROOT), values));
        // The longest first: a part of a value must not leave the rest of it.
        pattern = Pattern.compile(
                numbers.keySet().stream()
                        .sorted(Comparator.comparingInt(String::length).reversed())
                        .map(Pattern::quote)
                        .collect(Collectors.joining("|")),
                Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    }

    private static Set<String> parts(String value) {
        Set<String> parts = new LinkedHashSet<>();
        parts.add(value.strip());
        value.lines().map(String::strip).forEach(parts::add);
        if (QUOTED.matcher(value).find()) {
            // As a login module's options have it: what is not quoted are names.
            addAll(QUOTED.matcher(value), parts);
        } else {
            addAll(ELEMENT.matcher(value), parts);
        }
        addAll(USER_INFO.matcher(value), parts);
        addAll(QUERY_VALUE.matcher(value), parts);
        for (String part : Set.copyOf(parts)) {
            // A password behind its user's name.
            int colon = part.indexOf(':');
            if (colon > 0 && value.contains(part + "@")) {
                parts.add(part.substring(colon + 1));
            }
        }
        return parts;
    }

    private static void addAll(Matcher matcher, Set<String> parts) {
        while (matcher.find()) {
            addGroups(matcher, parts);
        }
    }

    private static void addGroups(Matcher matcher, Set<String> parts) {
        for (int i = 1; i <= matcher.groupCount(); i++) {
            String group = matcher.group(i);
            if (group != null) {
                parts.add(group);
            }
        }
    }

    private static String json(String text) {
        StringBuilder escaped = new StringBuilder();
        for (char each : text.toCharArray()) {
            switch (each) {
                case '"', '\\' -> escaped.append('\\').append(each);
                case '\n' -> escaped.append("\\n");
                case '\r' -> escaped.append("\\r");
                case '\t' -> escaped.append("\\t");
                default -> escaped.append(each);
            }
        }
        return escaped.toString();
    }

    /** Returns the text with each secret masked. */
    public String mask(String text) {
        return masked(text, Spans.ALL);
    }

    /** Returns a JSON text with each secret masked, but for names of fields, which are Firn's. */
    public String maskJson(String text) {
        return masked(text, Spans.NO_FIELD_NAMES);
    }

    private enum Spans {
        ALL,
        NO_FIELD_NAMES
    }

    private String masked(String text, Spans spans) {
        Pattern known = pattern;
        if (known == null) {
            return text;
        }
        Matcher matcher = known.matcher(text);
        StringBuilder masked = new StringBuilder();
        while (matcher.find()) {
            boolean kept = spans == Spans.NO_FIELD_NAMES && isFieldName(text, matcher.start(), matcher.end());
            matcher.appendReplacement(
                    masked, Matcher.quoteReplacement(kept ? matcher.group() : "***" + number(matcher.group())));
        }
        return matcher.appendTail(masked).toString();
    }

    private static boolean isFieldName(String text, int start, int end) {
        return start > 0 && text.charAt(start - 1) == '"' && text.startsWith("\":", end);
    }

    private synchronized int number(String secret) {
        return numbers.getOrDefault(secret.toLowerCase(Locale.ROOT), 0);
    }

    /** Masks them in the log of this process from now on, too. */
    public void maskInLog() {
        ILoggerFactory loggers = LoggerFactory.getILoggerFactory();
        if (loggers instanceof LoggerContext) {
            maskIn((LoggerContext) loggers);
        }
    }

    /** Masks them in the log of this context. */
    public void maskIn(LoggerContext log) {
        log.putObject(IN_LOG, this);
    }

    /** Returns those that {@link #maskInLog} put into the context of the log. */
    static @Nullable Secrets inLog(ch.qos.logback.core.@Nullable Context log) {
        return log != null && log.getObject(IN_LOG) instanceof Secrets ? (Secrets) log.getObject(IN_LOG) : null;
    }
}
