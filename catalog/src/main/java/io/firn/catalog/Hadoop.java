package io.firn.catalog;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.http.HttpFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/** How Hadoop's file systems are used: catalogs and stores that need none of them ask for its configuration too. */
final class Hadoop {
    private static final String BUFFER_SIZE = "io.file.buffer.size";
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final String LOCAL_FILES = "fs.file.impl";

    private Hadoop() {}

    /**
     * What the user's files say, and where they say nothing:
     *
     * <ul>
     *   <li>local files and those of HDFS are written and read in pieces of 64 KiB. They would be 4 KiB, each of them a
     *       call of the operating system, and together a tenth of what ingestion to a folder costs;
     *   <li>a local disk that takes nothing more is said as an {@link IOException}, as every other store says it.
     * </ul>
     *
     * <p>In any case, no file is read from a URL: manifests are written by others, and a location in them must not make
     * Firn send a request to a server of their choice.
     */
    static Configuration configuration() {
        Configuration hadoop = new Configuration();
        String[] sources = hadoop.getPropertySources(BUFFER_SIZE);
        if (sources == null || Arrays.equals(sources, new String[] {"core-default.xml"})) {
            hadoop.setInt(BUFFER_SIZE, BUFFER_BYTES);
        }
        if (hadoop.get(LOCAL_FILES) == null) {
            hadoop.setClass(LOCAL_FILES, LocalFiles.class, LocalFileSystem.class);
        }
        hadoop.setClass("fs.http.impl", NoRequests.class, FileSystem.class);
        hadoop.setClass("fs.https.impl", NoRequests.class, FileSystem.class);
        return hadoop;
    }

    /** Opens nothing. */
    static final class NoRequests extends HttpFileSystem {
        @Override
        public void initialize(URI location, Configuration hadoop) throws IOException {
            throw new IOException("no file is read from a URL: " + location.getScheme() + "://" + location.getHost());
        }
    }

    /** Hadoop's own with its checksums. It says a full disk as an {@link Error}, which nobody waits for. */
    static final class LocalFiles extends LocalFileSystem {
        LocalFiles() {
            super(new RawLocalFiles());
        }
    }

    private static final class RawLocalFiles extends RawLocalFileSystem {
        @Override
        protected OutputStream createOutputStream(Path file, boolean append) throws IOException {
            return new Sink(file, super.createOutputStream(file, append));
        }

        @Override
        protected OutputStream createOutputStreamWithMode(Path file, boolean append, FsPermission permission)
                throws IOException {
            return new Sink(file, super.createOutputStreamWithMode(file, append, permission));
        }
    }

    private static final class Sink extends FilterOutputStream {
        private final Path file;

        Sink(Path file, OutputStream out) {
            super(out);
            this.file = file;
        }

        @Override
        public void write(int value) throws IOException {
            try {
                out.write(value);
            } catch (FSError failed) {
                throw said(failed);
            }
        }

        @Override
        public void write(byte[] bytes, int start, int length) throws IOException {
            try {
                out.write(bytes, start, length);
            } catch (FSError failed) {
                throw said(failed);
            }
        }

        private IOException said(FSError failed) {
            return new IOException("cannot write " + file + ": " + FailureText.of(failed.getCause()), failed);
        }
    }
}
