package io.firn.catalog.commit;

import java.io.IOException;
import java.util.Map;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.apache.iceberg.io.DelegateFileIO;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;

/**
 * A table whose catalog and store fail from the n-th call on, as for a process that is cut off and then dies. A commit
 * is two calls: before it lands, and after, when only the answer is lost.
 */
public final class FaultyTable {
    private final long failing;
    private long calls;

    /** @param failing the first call that fails, from 1 */
    public FaultyTable(long failing) {
        this.failing = failing;
    }

    /** Whether that call was reached. */
    public boolean failed() {
        return calls >= failing;
    }

    public Table wrap(Table table) {
        return new BaseTable(new Operations(((HasTableOperations) table).operations()), table.name());
    }

    void step(String what) {
        calls++;
        if (calls >= failing) {
            throw new RuntimeIOException(new IOException("cut off at " + what));
        }
    }

    private final class Operations extends DelegatingOperations {
        Operations(TableOperations table) {
            super(table);
        }

        @Override
        public TableMetadata refresh() {
            step("refresh");
            return table().refresh();
        }

        @Override
        public void commit(TableMetadata base, TableMetadata updated) {
            try {
                step("commit");
                table().commit(base, updated);
                step("answer");
            } catch (RuntimeIOException e) {
                throw new CommitStateUnknownException(e);
            }
        }

        @Override
        public FileIO io() {
            return new Files(table().io());
        }
    }

    private final class Files implements DelegateFileIO {
        private static final long serialVersionUID = 1L;

        private final transient FileIO store;

        Files(FileIO store) {
            this.store = store;
        }

        @Override
        public InputFile newInputFile(String location) {
            step("open");
            return store.newInputFile(location);
        }

        @Override
        public OutputFile newOutputFile(String location) {
            OutputFile file = store.newOutputFile(location);
            return new OutputFile() {
                @Override
                public PositionOutputStream create() {
                    step("create");
                    return new Out(file.create());
                }

                @Override
                public PositionOutputStream createOrOverwrite() {
                    step("create");
                    return new Out(file.createOrOverwrite());
                }

                @Override
                public String location() {
                    return file.location();
                }

                @Override
                public InputFile toInputFile() {
                    return file.toInputFile();
                }
            };
        }

        @Override
        public void deleteFile(String location) {
            step("delete");
            store.deleteFile(location);
        }

        @Override
        public Iterable<FileInfo> listPrefix(String prefix) {
            step("list");
            return ((DelegateFileIO) store).listPrefix(prefix);
        }

        @Override
        public void deletePrefix(String prefix) {
            throw new UnsupportedOperationException("no job removes a folder");
        }

        @Override
        public void deleteFiles(Iterable<String> locations) {
            for (String location : locations) {
                step("delete");
                store.deleteFile(location);
            }
        }

        @Override
        public Map<String, String> properties() {
            return store.properties();
        }
    }

    /** Fails when it is closed: what was written then is there all the same, as with a process killed right after. */
    private final class Out extends PositionOutputStream {
        private final PositionOutputStream out;

        Out(PositionOutputStream out) {
            this.out = out;
        }

        @Override
        public long getPos() throws IOException {
            return out.getPos();
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            out.write(bytes, from, length);
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }

        @Override
        public void close() throws IOException {
            out.close();
            step("close");
        }
    }
}
