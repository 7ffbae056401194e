package io.firn.deploy.maintain;

import io.firn.catalog.FirnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A folder on local disk for one run of a job. */
public final class Scratch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Scratch.class);

    private final Path folder;

    private Scratch(Path folder) {
        this.folder = folder;
    }

    /** Below the folder that {@code java.io.tmpdir} names. */
    public static Scratch create() {
        try {
            return new Scratch(Files.createTempDirectory("firn-job-"));
        } catch (IOException e) {
            throw FirnException.external(
                    "scratch-unusable",
                    "no folder can be made for what a job spills: " + e.getMessage(),
                    String.valueOf(System.getProperty("java.io.tmpdir")),
                    "make room or name another folder with -Djava.io.tmpdir",
                    e);
        }
    }

    public Path folder() {
        return folder;
    }

    @Override
    public void close() {
        try (Stream<Path> left = Files.walk(folder)) {
            List<Path> deepestFirst = left.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.warn("{} could not be removed: {}", folder, e.getMessage());
        }
    }
}
