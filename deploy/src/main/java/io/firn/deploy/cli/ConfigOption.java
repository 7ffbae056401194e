package io.firn.deploy.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Names the configuration file. */
final class ConfigOption {
    @Option(
            names = "--config",
            required = true,
            paramLabel = "FILE",
            description = "The configuration, YAML. Required.")
    private Path file = Path.of("firn.yaml");

    Path file() {
        return file;
    }
}
