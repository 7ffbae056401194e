package io.firn.deploy.config;

import io.firn.deploy.output.Secrets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Replaces {@code ${env:NAME}} and {@code ${file:PATH}} in values. A relative path is from the configuration's folder.
 */
final class Placeholders {
    /** A placeholder that cannot be replaced; the message says which, and never what any other one holds. */
    static final class Unresolved extends Exception {
        private static final long serialVersionUID = 1L;

        Unresolved(String message) {
            super(message);
        }
    }

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(env|file):([^}]*)}");

    private final Path folder;
    private final Function<String, @Nullable String> environment;
    private final Secrets secrets;

    /** @param secrets receives what placeholders are replaced by */
    Placeholders(Path folder, Function<String, @Nullable String> environment, Secrets secrets) {
        this.folder = folder;
        this.environment = environment;
        this.secrets = secrets;
    }

    static boolean isIn(String text) {
        return PLACEHOLDER.matcher(text).find();
    }

    String replace(String text) throws Unresolved {
        Matcher matcher = PLACEHOLDER.matcher(text);
        StringBuilder replaced = new StringBuilder();
        while (matcher.find()) {
            String value = matcher.group(1).equals("env") ? variable(matcher.group(2)) : content(matcher.group(2));
            secrets.add(value);
            matcher.appendReplacement(replaced, Matcher.quoteReplacement(value));
        }
        return matcher.appendTail(replaced).toString();
    }

    private String variable(String name) throws Unresolved {
        String value = environment.apply(name);
        if (value == null) {
            throw new Unresolved("the environment variable " + name + " is not set");
        }
        return value;
    }

    private String content(String name) throws Unresolved {
        try {
            return Files.readString(folder.resolve(name)).stripTrailing();
        } catch (IOException failed) {
            throw new Unresolved("the file " + folder.resolve(name) + " cannot be read");
        }
    }
}
