package io.firn.deploy.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Names the configuration file of a command that can do without a service. */
final class OptionalConfig {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "A configuration, YAML: with it no service is asked. Default: none, the service at --url.")
    private @Nullable Path file;

    Optional<Path> file() {
        return Optional.ofNullable(file);
    }
}
