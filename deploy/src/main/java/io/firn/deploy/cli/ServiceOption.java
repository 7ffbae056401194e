package io.firn.deploy.cli;

import io.firn.catalog.FirnException;
import io.firn.deploy.Assembly;
import io.firn.deploy.tls.Tls;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Names the service that a command talks to, and who asks. */
final class ServiceOption {
    private static final String VARIABLE = "FIRN_TOKEN";
    private static final String URL_VARIABLE = "FIRN_URL";
    private static final URI USUAL = URI.create("http://127.0.0.1:8383");

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Where the service listens. Default: FIRN_URL, else http://127.0.0.1:8383.")
    private @Nullable URI url;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            description =
                    "What the service knows this person by. Others on this machine can read a command line: a file"
                            + " or FIRN_TOKEN is better. Default: FIRN_TOKEN, else none.")
    private @Nullable String token;

    @Option(names = "--token-file", paramLabel = "FILE", description = "The file that holds the token. Default: none.")
    private @Nullable Path tokenFile;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "Who issued the service's certificate, PEM. Default: those that Java trusts.")
    private @Nullable Path issuers;

    @Option(
            names = "--cert",
            paramLabel = "FILE",
            description = "This person's certificate, PEM, instead of a token. Default: none.")
    private @Nullable Path certificate;

    @Option(names = "--key", paramLabel = "FILE", description = "The key of --cert, PEM, PKCS 8. Default: none.")
    private @Nullable Path key;

    ServiceClient client(Assembly assembly) {
        return new ServiceClient(
                url(assembly),
                token(assembly),
                Tls.context(Optional.ofNullable(issuers), Optional.ofNullable(certificate), key));
    }

    /** The service that is asked. */
    URI url(Assembly assembly) {
        if (url != null) {
            return url;
        }
        Optional<String> variable = assembly.variable(URL_VARIABLE).filter(text -> !text.isBlank());
        try {
            return variable.map(URI::create).orElse(USUAL);
        } catch (IllegalArgumentException strange) {
            throw FirnException.user(
                    "service-url",
                    "the address of the service cannot be read",
                    URL_VARIABLE + ": " + variable.orElse(""),
                    "write it as http://host:8383, or name the service with --url");
        }
    }

    private Optional<String> token(Assembly assembly) {
        if (token != null) {
            return Optional.of(token);
        }
        Path file = tokenFile;
        if (file == null) {
            return assembly.variable(VARIABLE);
        }
        try {
            return Optional.of(Files.readString(file).strip());
        } catch (IOException failed) {
            throw FirnException.user(
                    "token-file", "the file with the token cannot be read", "--token-file: " + file, "check the path");
        }
    }
}
