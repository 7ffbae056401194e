package io.firn.deploy.quickstart;

import io.firn.catalog.FirnException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Where a quickstart keeps everything; one process at a time. The lock goes with the process, however that ends. */
final class Folder implements AutoCloseable {
    /** Of the broker's log, the files of the table and the catalog, for one order; measured, and some more. */
    private static final long BYTES_AN_ORDER = 200;

    /** What a broker without a record takes. */
    private static final long BYTES_AT_LEAST = 128L << 20;

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
            Files.createDirectories(directory.resolve("warehouse"));
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
