package io.firn.deploy.quickstart;

import io.firn.catalog.FirnException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where a quickstart keeps everything, for its user alone; one process at a time. The lock goes with the process, however that ends. */
final class Folder implements AutoCloseable {
    /** Of the broker's log, the files of the table and the catalog, for one order; measured, and some more. */
    private static final long BYTES_AN_ORDER = 200;

    /** What a broker without a record takes. */
    private static final long BYTES_AT_LEAST = 128L << 20;

    private static final Set<PosixFilePermission> PRIVATE_FILE = PosixFilePermissions.fromString("rw-------");

    private final Path directory;
    private final FileChannel lockFile;
    private final FileLock lock;

    private Folder(Path directory, FileChannel lockFile, FileLock lock) {
        this.directory = directory;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /**
     * Made where it is not there, taken up where it is.
     *
     * @throws FirnException of kind USER where it cannot be written, has no room, or another quickstart is at it
     */
    static Folder open(Path directory, long records) {
        try {
            makePrivate(directory);
            makePrivate(directory.resolve("warehouse"));
            makePrivate(directory.resolve("kafka"));
            file(directory.resolve("catalog.db"), () -> "");
            FileChannel file =
                    FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = tryLock(file);
            if (lock == null) {
                file.close();
                throw FirnException.user(
                        "quickstart-running",
                        "another quickstart runs in this folder",
                        directory.toString(),
                        "end it first (Ctrl-C), or name another folder with --dir");
            }
            requireRoom(directory, Files.getFileStore(directory).getUsableSpace(), records);
            return new Folder(directory, file, lock);
        } catch (IOException failed) {
            throw unusable(directory, failed);
        }
    }

    /**
     * Makes a directory that others may not look into. One that exists and that everybody may write to is left as it
     * is, since it is not the quickstart's alone; what is made in it is private.
     */
    private static void makePrivate(Path directory) throws IOException {
        Files.createDirectories(directory);
        if (isPosix(directory)
                && !Files.getPosixFilePermissions(directory).contains(PosixFilePermission.OTHERS_WRITE)) {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        }
    }

    private static boolean isPosix(Path path) throws IOException {
        return Files.getFileStore(path).supportsFileAttributeView(PosixFileAttributeView.class);
    }

    /** Writes a file that others may not read, if it is not there yet. */
    private static Path file(Path file, Supplier<String> text) throws IOException {
        if (!Files.exists(file)) {
            FileAttribute<?>[] attributes = isPosix(Objects.requireNonNull(file.getParent()))
                    ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PRIVATE_FILE)}
                    : new FileAttribute<?>[0];
            Files.createFile(file, attributes);
            Files.writeString(file, text.get());
        } else if (isPosix(file)) {
            Files.setPosixFilePermissions(file, PRIVATE_FILE);
        }
        return file;
    }

    /** Returns a private file of that name, with that text if it was not there. */
    Path file(String name, Supplier<String> text) throws IOException {
        return file(directory.resolve(name), text);
    }

    /** Writes a private file anew. */
    Path write(String name, String text) throws IOException {
        return Files.writeString(file(name, () -> ""), text);
    }

    private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
        try {
            return file.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            return null;
        }
    }

    static void requireRoom(Path directory, long usableBytes, long records) {
        long needed = Math.addExact(BYTES_AT_LEAST, Math.multiplyExact(records, BYTES_AN_ORDER));
        if (usableBytes < needed) {
            throw FirnException.user(
                    "disk-full",
                    "there is not enough room: " + (usableBytes >> 20) + " MB are free, " + records
                            + " orders take up to " + (needed >> 20) + " MB",
                    directory.toString(),
                    "make room, name another folder with --dir, or ask for fewer with --records");
        }
    }

    static FirnException unusable(Path directory, IOException cause) {
        return new FirnException(
                "folder-unusable",
                FirnException.Kind.USER,
                "the folder cannot be written: " + cause.getClass().getSimpleName() + " " + cause.getMessage(),
                directory.toString(),
                "name a folder that you may write, with --dir",
                cause);
    }

    Path kafka() {
        return directory.resolve("kafka");
    }

    @Override
    public void close() {
        try {
            lock.release();
            lockFile.close();
        } catch (IOException failed) {
            throw unusable(directory, failed);
        }
    }
}
