package io.firn.catalog;

import io.firn.catalog.location.UncommittedFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;

/**
 * Proves that files can be written, read and deleted below a location, with one small file of its own. The file is
 * deleted whatever happens; if it cannot be, the error names it.
 */
public final class StoreWriteProbe {
    private static final String PREFIX = "firn-check-";
    private static final String HADOOP_FILES = "org.apache.iceberg.hadoop.HadoopFileIO";

    /** One of the three things that are tried, with the right that it needs on S3. */
    private enum Step {
        WRITE("written", "s3:PutObject"),
        READ("read", "s3:GetObject"),
        DELETE("deleted", "s3:DeleteObject");

        private final String done;
        private final String right;

        Step(String done, String right) {
            this.done = done;
            this.right = right;
        }
    }

    private StoreWriteProbe() {}

    /**
     * Tries where the table's data files are written.
     *
     * @return the location below which the file was
     * @throws FirnException {@code store-access-refused}, or another code that says why the store did not take it
     */
    public static String run(Table table, Map<String, String> catalogProperties) {
        String data = table.properties().get(TableProperties.WRITE_DATA_LOCATION);
        return run(table.io(), data == null ? table.location() : data, catalogProperties);
    }

    /**
     * Tries in the catalog's warehouse, for tables that are not there yet.
     *
     * @return as above; empty if only the catalog knows where it puts tables and through which client
     */
    @SuppressWarnings("IllegalCatch") // stores and their clients throw what they like
    public static Optional<String> runInWarehouse(Map<String, String> catalogProperties) {
        String warehouse = catalogProperties.get(CatalogProperties.WAREHOUSE_LOCATION);
        String type = catalogProperties.getOrDefault(CatalogUtil.ICEBERG_CATALOG_TYPE, "");
        String otherwise = type.equals("jdbc") || type.equals("hadoop") ? HADOOP_FILES : "";
        String implementation = catalogProperties.getOrDefault(CatalogProperties.FILE_IO_IMPL, otherwise);
        if (warehouse == null || implementation.isEmpty() || !warehouse.contains("/")) {
            return Optional.empty();
        }
        FileIO opened;
        try {
            opened = CatalogUtil.loadFileIO(implementation, catalogProperties, Hadoop.configuration());
        } catch (RuntimeException | LinkageError failed) {
            throw CatalogFailures.translate(
                    failed, "the store cannot be opened", "catalog.io-impl: " + implementation, catalogProperties);
        }
        try (FileIO io = opened) {
            return Optional.of(run(io, warehouse, catalogProperties));
        }
    }

    /** @param location of a directory, which need not exist */
    @SuppressWarnings("IllegalCatch")
    static String run(FileIO io, String location, Map<String, String> catalogProperties) {
        String directory = existing(location.endsWith("/") ? location.substring(0, location.length() - 1) : location);
        String file = directory + "/" + PREFIX + UUID.randomUUID();
        Step step = Step.WRITE;
        try {
            write(io, file);
            step = Step.READ;
            read(io, file);
        } catch (IOException | RuntimeException failed) {
            FirnException failure = failure(step, file, failed, catalogProperties);
            deleteAfter(failure, io, file);
            throw failure;
        }
        try {
            UncommittedFiles.deleteOrThrow(io, file);
        } catch (RuntimeException failed) {
            throw failure(Step.DELETE, file, failed, catalogProperties);
        }
        return directory;
    }

    private static byte[] content(String file) {
        return ("written by firn check; delete it\n" + file + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static void write(FileIO io, String file) throws IOException {
        OutputFile output = io.newOutputFile(file);
        try (PositionOutputStream out = output.create()) {
            out.write(content(file));
        }
    }

    private static void read(FileIO io, String file) throws IOException {
        byte[] expected = content(file);
        try (InputStream in = io.newInputFile(file).newStream()) {
            if (!Arrays.equals(in.readNBytes(expected.length + 1), expected)) {
                throw new IOException("the store returned something else than was written");
            }
        }
    }

    /** A write that failed may have left something; if that cannot be deleted either, the first failure says more. */
    @SuppressWarnings("IllegalCatch")
    private static void deleteAfter(FirnException failure, FileIO io, String file) {
        try {
            UncommittedFiles.deleteOrThrow(io, file);
        } catch (RuntimeException alsoFailed) {
            failure.addSuppressed(alsoFailed);
        }
    }

    private static FirnException failure(
            Step step, String file, Exception failed, Map<String, String> catalogProperties) {
        String what = "no file can be " + step.done + " in the store";
        Throwable thrown = failed instanceof IOException ? new UncheckedIOException((IOException) failed) : failed;
        FirnException failure = CatalogFailures.translate(thrown, what, file, catalogProperties);
        String said = failure.what().startsWith(what) ? failure.what() : what + ": " + failure.what();
        String action = failure.kind() == FirnException.Kind.USER
                ? "let these credentials write, read and delete below " + file.substring(0, file.lastIndexOf('/'))
                        + " (missing on S3: " + step.right + ")"
                : failure.action();
        String stays = step == Step.DELETE ? "; delete the file by hand" : "";
        return new FirnException(failure.code(), failure.kind(), said, file, action + stays, failed);
    }

    /** On a local disk the nearest directory that exists: a file further below would leave empty directories. */
    private static String existing(String location) {
        boolean isUri = location.startsWith("file:");
        if (!isUri && !location.startsWith("/")) {
            return location;
        }
        Path directory = Path.of(isUri ? location.replaceFirst("^file:/*", "/") : location);
        while (!Files.isDirectory(directory) && directory.getParent() != null) {
            directory = directory.getParent();
        }
        return (isUri ? "file:" : "") + directory;
    }
}
