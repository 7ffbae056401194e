package io.firn.catalog.parquet;

import java.io.FilterInputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.iceberg.io.InputFile;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.SeekableInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A file of a table's store, as Parquet's reader wants it. Remembers what the store threw, so that a store that fails
 * can be told from a file that is damaged.
 */
final class ParquetInput implements org.apache.parquet.io.InputFile {
    private final Supplier<InputFile> files;
    private @Nullable InputFile file;
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

    /** @param files opens the file; some stores look for it there */
    ParquetInput(Supplier<InputFile> files) {
        this.files = files;
    }

    private InputFile file() {
        InputFile known = file;
        if (known == null) {
            known = files.get();
            file = known;
        }
        return known;
    }

    /** Returns what the store threw last; null if it threw nothing. */
    @Nullable
    Exception storeFailure() {
        return failure.get();
    }

    @Override
    public long getLength() {
        try {
            return file().getLength();
        } catch (RuntimeException e) {
            failure.set(e);
            throw e;
        }
    }

    @Override
    public SeekableInputStream newStream() {
        try {
            return new Stream(file().newStream());
        } catch (RuntimeException e) {
            failure.set(e);
            throw e;
        }
    }

    private interface Read {
        int run() throws IOException;
    }

    private int recorded(Read read) throws IOException {
        try {
            return read.run();
        } catch (IOException | RuntimeException e) {
            failure.set(e);
            throw e;
        }
    }

    private final class Stream extends DelegatingSeekableInputStream {
        private final org.apache.iceberg.io.SeekableInputStream in;

        Stream(org.apache.iceberg.io.SeekableInputStream in) {
            super(new FilterInputStream(in) {
                @Override
                public int read() throws IOException {
                    return recorded(in::read);
                }

                @Override
                public int read(byte[] bytes, int from, int length) throws IOException {
                    return recorded(() -> in.read(bytes, from, length));
                }
            });
            this.in = in;
        }

        @Override
        public long getPos() throws IOException {
            return in.getPos();
        }

        @Override
        public void seek(long position) throws IOException {
            recorded(() -> {
                in.seek(position);
                return 0;
            });
        }
    }
}
